"""Penalties on codes and Jacobians, and the learned prior: values by hand, and gradients."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import zatlas
from conftest import TINY, discs
from zatlas.models.model_file import ModelFile
from zatlas.models.network import Autoencoder, build
from zatlas.recipes.objective_text import read_objective
from zatlas.recipes.step import Context, ForwardOutput, Network, Step
from zatlas.recipes.terms.mixture_prior import PseudoInputs, VampPrior
from zatlas.recipes.terms.total_correlation import log_normal
from zatlas.recipes.terms.tripod import Hessian, MultiInformation
from zatlas.recipes.terms.volume import LeastVolume

SMOOTH = ["Linear(64, 6)", "Tanh()", "Linear(6, 3)"]
W = torch.tensor([[1.0, 0.0], [1.0, 2.0]])


def model_of(text: str, critic: str = "none") -> Autoencoder:
    """A small network in float64 whose objective is mse and one other term."""
    objective = ["mse(weight=0)", text]
    file = ModelFile(
        image=(1, 8, 8), encoder=SMOOTH, bottleneck="gaussian", objective=objective, critic=critic
    )
    return build(file, seed=0).double()


def step_of(model: Any, z: Tensor, x: Tensor | None = None, output: Any = None) -> Step:
    """The record of a step with these codes and pictures."""
    x = torch.zeros(len(z), 1, 1, 1, dtype=z.dtype) if x is None else x
    output = output or ForwardOutput(z, torch.zeros_like(z), z, x)
    return Step(x, output, Context(), model, x, torch.Generator().manual_seed(0))


def value(text: str, z: list[list[float]]) -> list[float]:
    """The values of a term that looks at codes alone."""
    found: list[float] = read_objective(["mse()", text]).terms[1](step_of(None, Tensor(z))).tolist()
    return found


def test_sizes_of_codes_by_hand() -> None:
    assert value("code_l1()", [[1, -2], [0, 0]]) == [3, 0]
    assert value("code_l2()", [[1, -2], [0, 0]]) == [2.5, 0]
    half = 0.05 * math.log(0.1) + 0.95 * math.log(1.9)  # KL(0.05 || 0.5) of an element
    assert value("kl_sparsity()", [[1, 0], [-1, 0]]) == pytest.approx([2 * half] * 2)
    assert value("kl_sparsity(target=0.5)", [[1, 0], [-1, 0]]) == pytest.approx([0, 0], abs=1e-6)


def test_decoder_weights_by_hand() -> None:
    model = model_of("decoder_l2()")
    for parameter in model.decoder.parameters():
        nn.init.constant_(parameter, 2.0)
    count = sum(parameter.numel() for parameter in model.decoder.parameters())
    step = step_of(model, torch.zeros(3, 3))
    assert model.model_file.objective.terms[1](step).tolist() == [4 * count] * 3


class Decoder(nn.Module):
    """A network that decodes by a function, and encodes by itself."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.decode = function

    def code(self, x: Tensor, noise: Tensor | None = None) -> ForwardOutput:
        return ForwardOutput(x @ W.T, None, x @ W.T, x)


@pytest.mark.parametrize("name", ["decoder_gradient", "contraction"])
def test_squared_jacobians_by_hand(name: str) -> None:
    """H fault: RAE-GP, W = [[1, 0], [1, 2]], x = (1, 1): 6, where others give 104 and 8."""
    x = torch.ones(4000, 2)
    term = read_objective(["mse()", f"{name}(draws=2)"]).terms[1]
    found = term(step_of(Decoder(lambda z: z @ W.T), x, x))
    assert {round(v, 4) for v in found.tolist()} == {4.0, 6.0, 8.0}  # single draws: 4 or 8
    assert found.mean().item() == pytest.approx(6, rel=0.02)
    with torch.no_grad():
        assert torch.equal(term(step_of(Decoder(lambda z: z @ W.T), x, x)), found)


def test_least_volume_by_hand() -> None:
    z = torch.tensor([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]], requires_grad=True)
    found = LeastVolume()(step_of(None, z))
    assert found.tolist() == pytest.approx([math.sqrt(3)] * 3)
    found.mean().backward()
    assert z.grad is not None
    assert z.grad.isfinite().all()
    assert LeastVolume()(step_of(None, z[:1])).tolist() == [1]  # one image has no spread


def correlated(rho: float, count: int = 1000) -> Tensor:
    rng = np.random.default_rng(0)
    return torch.tensor(rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], count)) * 3 + 1


def test_multi_information_of_normal_codes() -> None:
    """H fault: Tripod's release takes other bandwidths for the joint density than for marginals."""
    exact = -0.5 * math.log(1 - 0.6**2)
    assert exact == pytest.approx(0.2231, abs=1e-4)
    assert MultiInformation()(step_of(None, correlated(0.6))).mean().item() == pytest.approx(
        exact, abs=0.04
    )
    assert MultiInformation()(step_of(None, correlated(0.6)[:1])).tolist() == [0]
    independent = correlated(0)
    assert abs(MultiInformation()(step_of(None, independent)).mean().item()) < 0.03
    scaled = independent / independent.std(0)
    squared = (scaled[:, None] - scaled).square()
    width = len(scaled) ** (-1 / 6)
    joint = (-0.5 * squared.sum(2) / width**2).exp().mean(1) / width**2
    marginals = (-0.5 * squared).exp().mean(1).prod(1)  # of the bare sd
    assert (joint / marginals).log().mean().item() > 0.2


def test_hessian_by_hand() -> None:
    """Of z0 z1 the unnormalised penalty is 4; normalised it is 1, and 0 where nothing interacts."""
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    z = signs.repeat(1000, 1)  # each element has an sd of 1
    product = step_of(Decoder(lambda z: z[:, :1] * z[:, 1:]), z)
    generator = torch.Generator().manual_seed(0)
    directions = [torch.randn(z.shape, generator=generator).sign() for _ in range(2)]
    found = Hessian().variance(product, directions)
    assert {round(v) for v in found.tolist()} == {0, 8}
    assert found.mean().item() == pytest.approx(4, rel=0.05)
    assert Hessian()(product)[0].item() == pytest.approx(1, rel=0.1)
    alone = step_of(Decoder(lambda z: z.square()), z)
    assert Hessian()(alone)[0].item() == pytest.approx(0, abs=1e-9)
    mixed = step_of(Decoder(lambda z: z.sum(1, keepdim=True).square()), z)  # H = 2 everywhere
    assert Hessian()(mixed)[0].item() == pytest.approx(0.5, rel=0.1)


def test_the_vamp_prior_by_hand() -> None:
    """H fault: the bracket in (log var + (z - m)²) / var: -0.298 instead of -0.818."""
    one = log_normal(torch.tensor(1.0), torch.tensor(0.0), torch.tensor(math.log(2)))
    one = one + 0.5 * math.log(2 * math.pi)  # the constant, which cancels in the term
    assert one.item() == pytest.approx(-0.5 * (math.log(4) + 1 / 4))
    assert one.item() == pytest.approx(-0.818, abs=1e-3)
    model = model_of("vamp(components=5)")
    inputs = model.parts["vamp"]
    assert isinstance(inputs, PseudoInputs)
    x = torch.rand(1, 1, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        inputs.pictures.copy_(x.expand(5, -1, -1, -1))
        output = model(x, torch.ones(1, 3, dtype=torch.float64))
        term = model.model_file.objective.terms[1]
        assert term(step_of(model, output.z_BD, x, output)).item() == pytest.approx(0, abs=1e-12)
        inputs.pictures[1:] = 50 * torch.randn(4, 1, 8, 8)  # the others are far: log K
        shifted = output._replace(log_sd_BD=output.log_sd_BD, z_BD=output.mean_BD)
        far = term(step_of(model, output.z_BD, x, shifted)).item()
    assert 0 < far <= math.log(5) + 1e-9


def test_samples_are_drawn_from_the_vamp_prior(tmp_path: Any) -> None:
    changes = {"objective": ["sse()", "vamp(components=3)"], "bottleneck": "gaussian"}
    run = zatlas.train(
        TINY, discs(32), out=tmp_path / "run", epochs=1, batch_size=8, progress=False,
        changes=changes,
    )  # fmt: skip
    codes = run.sample(4000, seed=1)
    assert np.array_equal(codes, run.sample(4000, seed=1, sampler="prior"))
    term = run.model.model_file.objective.terms[1]
    assert isinstance(term, VampPrior)
    inputs = run.model.parts["vamp"]
    assert isinstance(inputs, PseudoInputs)
    with torch.no_grad():
        means, log_sds = cast("tuple[Tensor, Tensor]", run.model.posterior(inputs.pictures))
    expected = (means.square() + (2 * log_sds).exp()).mean(0) - means.mean(0).square()
    assert codes.mean(0) == pytest.approx(means.mean(0).numpy(), abs=0.1)
    assert codes.var(0) == pytest.approx(expected.numpy(), rel=0.1)


TERMS = [  # a term, its critic, and what it trains where it does not train everything
    ("code_l1()", "none", ""), ("code_l2()", "none", ""), ("decoder_l2()", "none", ""),
    ("kl_sparsity()", "none", ""), ("contraction()", "none", ""),
    ("decoder_gradient()", "none", ""), ("least_volume()", "none", ""),
    ("hessian()", "none", "decoder"), ("multi_information()", "none", ""),
    ("vamp(components=4)", "none", ""), ("density_ratio()", "permuted_codes(width=4)", ""),
    ("code_adversarial()", "prior_codes(width=4)", ""),
    ("feature_error()", "pictures(width=2)", ""),
    ("picture_adversarial()", "pictures(width=2)", "decoder"),
    ("introspection()", "introspective_decoder", "encoder"),
]  # fmt: skip
OTHER_VALUES: dict[str, object] = {
    "weight": 2.5, "warmup_epochs": 3, "draws": 2, "target": 0.3, "eta": 0.5, "size": 0.9,
    "components": 7, "kl_weight": 3.0,
}  # fmt: skip
NOISE = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
X = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def loss_of(model: Autoencoder, fixed: ForwardOutput | None = None) -> Tensor:
    """The loss of five pictures, in the first step of a training."""
    output = fixed or model(X, NOISE)
    step = step_of(model, output.z_BD, X, output)._replace(context=Context(0, 4))
    _, term = model.model_file.objective.terms
    return (term.weight_in(step.context) * term(step)).mean()


@pytest.mark.parametrize(("text", "critic", "trains"), TERMS)
def test_gradients_agree_with_differences(text: str, critic: str, trains: str) -> None:
    """Where a term stops gradients, what it does not train is held fixed."""
    model = model_of(text, critic)
    output = model(X, NOISE)
    fixed = output.detach() if trains else None
    parameters = [p for n, p in model.named_parameters() if trains != "decoder" or "decoder" in n]
    if trains == "encoder":
        parameters = [p for n, p in model.named_parameters() if "decoder" not in n]
    gradients = torch.autograd.grad(loss_of(model, fixed), parameters, allow_unused=True)
    draw = torch.Generator().manual_seed(3)
    along = [torch.randn(p.shape, generator=draw, dtype=p.dtype) for p in parameters]
    both = zip(gradients, along, strict=True)
    slope = sum((g * d).sum().item() for g, d in both if g is not None)
    values = []
    with torch.no_grad():
        for shift in (1e-6, -2e-6):
            for parameter, direction in zip(parameters, along, strict=True):
                parameter.add_(shift * direction)
            values.append(loss_of(model, fixed).item())
    assert slope != 0
    assert (values[0] - values[1]) / 2e-6 == pytest.approx(slope, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(("text", "critic", "trains"), TERMS)
def test_no_coefficient_is_without_effect(text: str, critic: str, trains: str) -> None:
    term = read_objective(["mse()", text]).terms[-1]
    whole = loss_of(model_of(text, critic)).item()
    for field in dataclasses.fields(cast("Any", term)):
        changed = f"{text[:-1]}{', ' * ('=' in text)}{field.name}={OTHER_VALUES[field.name]})"
        if field.name == "components":
            changed = f"{term.name}(components={OTHER_VALUES[field.name]})"
        other = loss_of(model_of(changed, critic)).item()
        assert other != pytest.approx(whole, rel=1e-3), field.name


def test_protocols_hold_for_the_network() -> None:
    network: Network = model_of("vamp()")
    assert network.latent == 3
