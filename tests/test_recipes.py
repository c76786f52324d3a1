"""The parts of a family: each term by hand, its gradient, and how model files write objectives."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from zatlas.errors import InputError
from zatlas.models.model_file import ModelFile, parse_model
from zatlas.models.network import Autoencoder, build
from zatlas.recipes.bottlenecks import BOTTLENECKS
from zatlas.recipes.bottlenecks.gaussian import Gaussian, Plain
from zatlas.recipes.objective import Objective
from zatlas.recipes.objective_text import read_objective, with_settings, written
from zatlas.recipes.parts import Requirement, linear_warmup
from zatlas.recipes.step import Context, ForwardOutput, Step
from zatlas.recipes.terms import RECONSTRUCTION_TERMS, TERMS
from zatlas.recipes.terms.divergence import CONVENTIONS

MODEL = ModelFile(image=(1, 2, 2), encoder="mlp(2)", bottleneck="gaussian", objective=["mse()"])


def step_of(
    x: Tensor, m: Tensor, s: Tensor, y: Tensor, context: Context = Context(),  # noqa: B008  a tuple
    model: Autoencoder | None = None,
) -> Step:  # fmt: skip
    """The record of a step with these values."""
    output, draws = ForwardOutput(m, s, m, y), torch.Generator().manual_seed(0)
    return Step(x, output, context, model or build(MODEL, seed=0), x, draws)


# x = 0, y = 0.5 in four pixels; m = 1, s = ln 2 (so the sd is 2): the value of each term by hand
BY_HAND = {
    "mse()": 0.25,
    "sse()": 1.0,
    "mae()": 0.5,
    "bce()": 4 * np.log(2),
    "log_cosh()": 4 * np.log(np.cosh(10 * 0.5)) / 10,
    "masked_mse()": 0.25,
    "kl()": 0.5 * (4 - 1 - 2 * np.log(2) + 1),
    'kl(convention="course")': 2 - 1 - np.log(2),
    'kl(convention="course-m2")': 2 - 1 - np.log(2) + 1,
    "sampled_kl()": 0.5 - np.log(2),  # at z = m
    "ssim()": 1 - 0.0004 / (0.25 + 0.0004),  # (2 x y + C1) / (x^2 + y^2 + C1), C1 = (0.01 * 2)^2
}
IN_ANOTHER_FILE = {  # test_divergences.py, test_penalties.py, test_critics.py, test_bottlenecks.py
    "gaussian_nll", "controlled_kl", "mutual_information", "tc", "elementwise_kl", "dip", "mmd",
    "sliced_wasserstein",
    "code_l1", "code_l2", "decoder_l2", "kl_sparsity", "contraction", "decoder_gradient",
    "least_volume", "hessian", "multi_information", "density_ratio", "code_adversarial",
    "feature_error", "picture_adversarial", "introspection", "vamp",
    "commitment", "codebook", "entropy", "kl_categorical",
}  # fmt: skip
SIDES = {"ssim()": 22}  # of the images, where 2 pixels are too few
OTHER_VALUES: dict[str, object] = {
    "weight": 2.5, "warmup_epochs": 3, "convention": "course", "data_range": 1.0, "scales": 2,
    "capacity": 9.0, "sharpness": 3.0,
}  # fmt: skip


def term_of(text: str) -> Any:
    """The term that a text writes."""
    terms = [text] if text.startswith(tuple(RECONSTRUCTION_TERMS)) else ["mse()", text]
    return read_objective(terms).terms[-1]


@pytest.mark.parametrize(("text", "value"), BY_HAND.items())
def test_terms_by_hand(text: str, value: float) -> None:
    m, s = torch.ones(2, 1), torch.full((2, 1), np.log(2.0))
    x = torch.zeros(2, 1, *[SIDES.get(text, 2)] * 2)
    found = term_of(text)(step_of(x, m, s, x + 0.5))
    assert found.shape == (2,)
    assert found.tolist() == pytest.approx([value] * 2, rel=1e-6)


def test_every_term_stands_above() -> None:
    assert {text.partition("(")[0] for text in BY_HAND} | IN_ANOTHER_FILE == {*TERMS}


def loss_of(objective: Objective, values: list[Tensor], context: Context) -> Tensor:
    m, s, y = values
    return objective.loss(step_of(torch.full(y.shape, 0.3), m, s, y, context)).total


@pytest.mark.parametrize("text", BY_HAND)
def test_gradients_agree_with_differences_and_no_coefficient_is_without_effect(text: str) -> None:
    draw = torch.Generator().manual_seed(0)
    m, s = (torch.randn(3, 2, generator=draw, dtype=torch.float64) for _ in range(2))
    size = [SIDES.get(text, 2)] * 2
    y = torch.rand(3, 1, *size, generator=draw, dtype=torch.float64) * 0.8 + 0.1
    values = [v.requires_grad_() for v in (m, s, y)]
    term = term_of(text)
    x = torch.full_like(y, 0.3).detach()
    assert torch.autograd.gradcheck(
        lambda m, s, y: term(step_of(x, m, s, y)), values, fast_mode=text in SIDES
    )
    base = read_objective(["mse(weight=0)", text] if "mse" not in text else [text])
    context = Context(step=0, steps_per_epoch=4)
    whole = loss_of(base, values, context)
    assert whole > 0
    for field in dataclasses.fields(term):
        if field.name in ("cycles", "free_bits"):  # in tests/test_divergences.py
            continue
        other = OTHER_VALUES[field.name]
        if other == getattr(term, field.name):
            other = "exact"
        changed = with_settings(base, {f"{term.name}.{field.name}": other})
        loss = loss_of(changed, values, context)
        assert loss.item() != pytest.approx(whole.item(), rel=1e-3), field.name
        gradients = torch.autograd.grad(loss, values, allow_unused=True)
        assert any(g is not None and g.abs().max() > 0 for g in gradients), field.name


def test_ssim_is_that_of_another_implementation() -> None:
    """By scikit-image, where the whole window lies in the image."""
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(2, 3, 24, 31, generator=draw, dtype=torch.float64)
    y = (x + 0.3 * torch.randn(x.shape, generator=draw, dtype=torch.float64)).clip(0, 1)
    code = torch.zeros(2, 1)
    found = term_of("ssim(data_range=1)")(step_of(x, code, code, y))
    for pair, value in zip(zip(x.numpy(), y.numpy(), strict=True), found.tolist(), strict=True):
        _, full = structural_similarity(
            *pair, channel_axis=0, data_range=1, gaussian_weights=True, sigma=1.5, truncate=3.5,
            use_sample_covariance=False, full=True,
        )  # fmt: skip
        assert value == pytest.approx(1 - full[:, 5:-5, 5:-5].mean(), abs=1e-9)
    assert term_of("ssim()")(step_of(x, code, code, x)).tolist() == pytest.approx([0, 0], abs=1e-12)


def test_ssim_stands_beside_another_reconstruction_term_and_has_a_smallest_size() -> None:
    model = ModelFile(encoder="mlp(4)", objective=["mse()", "ssim(weight=0.1, scales=3)"])
    model.architecture()
    x, code = torch.zeros(2, 3, 64, 64), torch.zeros(2, 4)
    loss = model.objective.loss(step_of(x, code, code, x + 0.5))
    assert loss.total.item() == pytest.approx(0.25 + 0.1 * BY_HAND["ssim()"], rel=1e-5)
    assert {*loss.terms} == {"mse", "ssim"}
    with pytest.raises(InputError, match="ssim needs images of 88 pixels a side; these have 64"):
        ModelFile(encoder="mlp(4)", objective=["ssim(scales=4)"]).architecture()
    with pytest.raises(InputError, match=r"objective.ssim.scales: .* not 0"):
        read_objective(["ssim(scales=0)"])


# gradients of the conventions to m and s at m = 1, s = ln 2
GRADIENTS = {"exact": (1.0, 3.0), "course": (0.0, 1.0), "course-m2": (2.0, 1.0)}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_gradients_of_the_kl_conventions_by_hand(convention: str) -> None:
    m = torch.tensor([[1.0]], requires_grad=True)
    s = torch.tensor([[np.log(2.0)]], dtype=torch.float32, requires_grad=True)
    CONVENTIONS[convention](m, s).sum().backward()
    by_m, by_s = GRADIENTS[convention]
    assert (0.0 if m.grad is None else m.grad.item()) == pytest.approx(by_m)
    assert s.grad is not None
    assert s.grad.item() == pytest.approx(by_s, rel=1e-6)
    assert CONVENTIONS[convention](torch.zeros(1, 1), torch.zeros(1, 1)).item() == 0


def test_weight_and_warm_up_scale_the_penalty_and_not_its_report() -> None:
    x, m, s = torch.zeros(3, 1, 2, 2), torch.ones(3, 2), torch.zeros(3, 2)
    objective = read_objective(["sse()", "kl(weight=4, warmup_epochs=2)"])
    for step, share in ((0, 0.125), (3, 0.5), (7, 1.0), (99, 1.0)):
        context = Context(step=step, steps_per_epoch=4)
        found = objective.loss(step_of(x, m, s, x, context))
        assert found.total.item() == pytest.approx(4 * share)  # exact KL is 0.5 an element
        assert found.terms["kl"].item() == pytest.approx(1.0)
        assert found.kl_D is not None
        assert found.kl_D.tolist() == pytest.approx([0.5, 0.5])
        held_out = context._replace(training=False)
        assert objective.loss(step_of(x, m, s, x, held_out)).total.item() == pytest.approx(4)
    assert objective.warmup_epochs == 2
    assert linear_warmup(0, Context()) == 1


def test_a_loss_names_its_values() -> None:
    x, m, s = torch.zeros(3, 1, 2, 2), torch.ones(3, 2), torch.zeros(3, 2)
    objective = read_objective(["sse(weight=2)", "kl(weight=4)"])
    loss = objective.loss(step_of(x, m, s, x + 1))
    values = objective.named(loss.vector().tolist())
    assert values.terms == {"sse": 4.0, "kl": 1.0}
    assert values.total == 2 * 4 + 4 * 1
    assert values.kl_D == [0.5, 0.5]


OLD = {
    "{reconstruction: sse, kl: exact, kl_weight: 4}": ["sse()", "kl(weight=4)"],
    "{reconstruction: mse}": ["mse()"],
    "{kl: course, kl_warmup_epochs: 3}": ["mse()", "kl(convention='course', warmup_epochs=3)"],
    "{kl_weight: 4}": ["mse()"],  # had no effect without a kl term
    "{kl: null}": ["mse()"],
}
NEW = {
    "[sse(), kl(weight=4, warmup_epochs=10)]": ["sse()", "kl(weight=4, warmup_epochs=10)"],
    "['sse()', 'kl(weight=0.5)']": ["sse()", "kl(weight=0.5)"],
    "\n- sse(weight=1)\n- kl(convention=\"course-m2\", weight=2*2)": [
        "sse()", "kl(weight=4, convention='course-m2')"
    ],
    "bce()": ["bce()"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "terms"), {**OLD, **NEW}.items())
def test_objectives_are_read_in_both_forms_and_survive_yaml(text: str, terms: list[str]) -> None:
    model = parse_model(f"encoder: mlp(4)\nbottleneck: gaussian\nobjective: {text}", "m.yaml")
    assert written(model.objective) == terms
    again = parse_model(model.to_yaml(), "again.yaml")
    assert again == model
    assert read_objective(written(model.objective)) == model.objective


def test_a_term_requires_what_the_model_gives() -> None:
    unit = {"range": (0.0, 1.0), "output": "Sigmoid()", "encoder": "mlp(4)"}
    ModelFile(**unit, objective=["bce()"]).architecture()
    with pytest.raises(InputError, match=r"bce needs pixels in \[0, 1\]; write `range"):
        ModelFile(encoder="mlp(4)", objective=["bce()"]).architecture()
    with pytest.raises(InputError, match="kl needs a Gaussian bottleneck"):
        ModelFile(encoder="mlp(4)", objective=["mse()", "kl()"]).architecture()


def test_bottlenecks() -> None:
    m, s, noise = (torch.randn(5, 3, generator=torch.Generator().manual_seed(i)) for i in range(3))
    mean, log_sd, z, _ = Gaussian()([m, s], noise)
    assert log_sd is not None
    assert torch.equal(z, mean + log_sd.exp() * noise)
    assert torch.equal(Gaussian()([m, s])[2], m)
    assert Plain()([m])[1] is None
    assert Plain().sample(2, 3, seed=0) is None
    drawn = Gaussian().sample(20_000, 2, seed=1)
    assert np.array_equal(drawn, Gaussian().sample(20_000, 2, seed=1))
    assert (drawn.mean(0), drawn.std(0)) == (pytest.approx(0, abs=0.03), pytest.approx(1, abs=0.03))
    for bottleneck in (Plain(), Gaussian()):
        assert torch.equal(bottleneck.project(m), m)
        assert bottleneck.needs_noise == (Requirement.SPREAD in bottleneck.gives)


def test_registries_are_keyed_by_name() -> None:
    registries: list[Mapping[str, Any]] = [TERMS, BOTTLENECKS]
    for registry in registries:
        assert all(part.name == name for name, part in registry.items())
