"""Divergences, likelihoods and closings by hand, and the faults of other implementations.

A test named in its docstring "H fault" fails with the published implementation it speaks of.
"""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from zatlas.errors import InputError
from zatlas.models.model_file import ModelFile
from zatlas.models.network import Autoencoder, build
from zatlas.recipes.closings import Importance, Prefixes
from zatlas.recipes.corruptions import CORRUPTIONS
from zatlas.recipes.loss_scale import loss_scale
from zatlas.recipes.objective_text import read_objective
from zatlas.recipes.part_text import read_part
from zatlas.recipes.step import Context, ForwardOutput, Step
from zatlas.recipes.terms.moments import mmd, sliced_wasserstein
from zatlas.recipes.terms.total_correlation import log_densities, log_weights

VALUES = 64 * 64 * 3


def network(latent: int = 2, **changes: Any) -> Autoencoder:
    keys = {"bottleneck": "gaussian", "objective": ["sse()", "kl()"], **changes}
    return build(ModelFile(image=(1, 2, 2), encoder=f"mlp({latent})", **keys), seed=0)


def step_of(
    m: Tensor, s: Tensor | None = None, z: Tensor | None = None, context: Context = Context(),  # noqa: B008  a tuple
    model: Autoencoder | None = None, y: float = 0.0, seed: int = 0,
) -> Step:  # fmt: skip
    """The record of a step with these codes; the pictures are 0, the decoded ones ``y``."""
    s, z = torch.zeros_like(m) if s is None else s, m if z is None else z
    x = torch.zeros(len(m), 1, 2, 2, dtype=m.dtype)
    output = ForwardOutput(m, s, z, x + y)
    draws = torch.Generator().manual_seed(seed)
    return Step(x, output, context, model or network(m.shape[1]), x, draws)


def term_of(text: str, first: str = "sse()") -> Any:
    return read_objective([first, text]).terms[-1]


# the likelihood of pixels


def test_gaussian_likelihood_by_hand() -> None:
    """H fault, sigma-VAE: reconstruction and KL are both sums; (d/2)(log 2π·MSE + 1) is 2.838."""
    term = read_objective(["gaussian_nll()"]).reconstruction
    found = term(step_of(torch.zeros(3, 2), y=1.0))
    assert found.tolist() == pytest.approx([2 * 2.8378770664] * 3)  # of 4 pixels, twice as many
    equal = term(step_of(torch.zeros(3, 2), y=0.0))
    assert equal.isfinite().all()


def test_a_learned_sd_is_a_parameter_and_goes_to_the_optimal_one() -> None:
    model = network(objective=["gaussian_nll(sd='learned')"])
    term = model.model_file.objective.reconstruction
    log_sd = model.parts["gaussian_nll"].get_parameter("value")
    step = step_of(torch.zeros(3, 2), model=model, y=0.5)
    assert term(step).tolist() == pytest.approx([4 * 0.5 * (0.25 + math.log(2 * math.pi))] * 3)
    log_sd.data.fill_(math.log(0.5))
    (gradient,) = torch.autograd.grad(term(step).sum(), log_sd)
    assert gradient.item() == pytest.approx(0, abs=1e-5)
    optimal = read_objective(["gaussian_nll()"]).reconstruction(step)
    assert term(step).tolist() == pytest.approx(optimal.tolist())


def test_a_masked_error_is_the_mean_over_what_was_changed() -> None:
    term = read_objective(["masked_mse()"]).reconstruction
    step = step_of(torch.zeros(2, 2))
    y = torch.tensor([3.0, 1.0, 1.0, 1.0]).view(1, 1, 2, 2).expand(2, -1, -1, -1)
    corrupted = step.x_BCHW.clone()
    corrupted[0, 0, 0, 0] = 5
    output = step.output._replace(output_BCHW=y)
    found = term(step._replace(output=output, corrupted_BCHW=corrupted))
    assert found.tolist() == [9, 3]  # the second image was not changed: the whole of it counts


# the KL divergence, its capacity and its schedules


def test_capacity_and_free_bits_by_hand() -> None:
    """Exact KL of m = 2, s = 0 is 2 nats, of m = 0 none: the mean over the batch is 1."""
    m = torch.tensor([[2.0, 0.0], [0.0, 0.0]])
    assert term_of("kl(capacity=5)")(step_of(m)).tolist() == [4, 4]
    assert term_of("kl(capacity=0.5)")(step_of(m)).tolist() == [0.5, 0.5]
    assert term_of("kl(free_bits=0.25)")(step_of(m)).tolist() == [1.25, 1.25]
    rising, start = term_of("kl(capacity=5, warmup_epochs=2)"), Context(step=1, steps_per_epoch=2)
    assert rising.weight_in(start) == 1
    assert rising(step_of(m, context=start)).tolist() == [1.5, 1.5]  # C is half of 5
    assert rising(step_of(m, context=start._replace(training=False))).tolist() == [4, 4]


def test_a_cyclical_weight_rises_in_each_cycle() -> None:
    term = term_of("kl(weight=2, warmup_epochs=1, cycles=2)")
    weights = [term.weight_in(Context(step, steps_per_epoch=2)) for step in range(10)]
    assert weights == [1, 2, 2, 2, 1, 2, 2, 2, 2, 2]
    assert term.weight_in(Context(4, 2, training=False)) == 2
    assert term_of("kl(cycles=3)").weight_in(Context(4, 2)) == 1


def test_the_controller_by_hand_and_it_holds_the_target() -> None:
    model = network(objective=["sse()", "controlled_kl(target=1, k_p=2, k_i=0.5, beta_min=0.1)"])
    term = model.model_file.objective.terms[-1]
    integral = model.parts["controlled_kl"].get_buffer("value")
    step = step_of(torch.tensor([[2.0, 0.0]]), model=model)  # KL is 2, e is -1
    first = 2 / (1 + math.exp(-1)) + 0.5 + 0.1
    assert term(step).item() == pytest.approx(first * 2)
    held_out = step._replace(context=Context(training=False))
    assert term(held_out).item() == pytest.approx(first * 2)  # the integral has not moved
    assert integral.item() == 0.5
    assert term(step).item() == pytest.approx((first + 0.5) * 2)
    assert "parts.controlled_kl.value" in model.state_dict()  # it is resumed
    for _ in range(9):
        term(step_of(torch.zeros(1, 2), model=model))  # KL 0 is below the target
    assert integral.item() == 0


CHANGES = {"target": 9, "k_p": 3, "k_i": 3, "beta_min": 3, "beta_max": 0.5, "weight": 2}


@pytest.mark.parametrize("name", CHANGES)
def test_no_coefficient_of_the_controller_is_without_effect(name: str) -> None:
    values = []
    for changed in ({}, {name: CHANGES[name]}):
        fields = {"target": 1, "k_i": 1, **changed}
        text = ", ".join(f"{key}={value}" for key, value in fields.items())
        model = network(objective=["sse()", f"controlled_kl({text})"])
        step = step_of(torch.tensor([[2.0, 0.0]]), model=model)
        values.append(model.model_file.objective.loss(step).total.item())
    assert values[0] != pytest.approx(values[1], rel=1e-3)


# the parts of the KL divergence

# two images whose codes are far apart: their distributions do not overlap in any element
APART = torch.tensor([[0.0, 0.0], [100.0, 100.0]])


@pytest.mark.parametrize(("sampling", "log_n"), [("weighted", 2), ("stratified", 100)])
def test_total_correlation_by_hand(sampling: str, log_n: float) -> None:
    """H fault: the weighted estimate reports no (D - 1) log N above that of the batch.

    Each element tells which of N images it is: both have log N nats of information, as the code has
    too, so the total correlation is 2 log N - log N.
    """
    step, option = step_of(APART, context=Context(images=100)), f"sampling='{sampling}'"
    for name in ("tc", "mutual_information"):
        found = term_of(f"{name}({option})")(step)
        assert found.tolist() == pytest.approx([math.log(log_n)] * 2, rel=1e-5), name


@pytest.mark.parametrize("sampling", ["weighted", "stratified"])
def test_the_three_parts_sum_to_the_sampled_divergence(sampling: str) -> None:
    draw = torch.Generator().manual_seed(0)
    m, s, noise = (torch.randn(6, 3, generator=draw) for _ in range(3))
    step = step_of(m, s, m + s.exp() * noise, Context(images=100))
    names = ("mutual_information", "tc", "elementwise_kl")
    total = sum(term_of(f"{name}(sampling='{sampling}')")(step) for name in names)
    assert torch.allclose(total, term_of("sampled_kl()")(step), atol=1e-4)


def test_the_own_weight_is_on_the_diagonal() -> None:
    """H fault: with B = 4 and N = 100 others put 1/N in column 0; a row then sums to 1.3133."""
    weights = log_weights(4, 100, "stratified").exp()
    assert weights.sum(1).tolist() == pytest.approx([1] * 4)
    assert weights.diagonal().tolist() == pytest.approx([0.01] * 4)
    assert log_weights(4, 100, "weighted").exp().sum(1).tolist() == pytest.approx([1] * 4)
    assert log_weights(1, 100, "stratified").tolist() == [[0]]


@pytest.mark.parametrize("sampling", ["weighted", "stratified"])
def test_the_weight_is_counted_once(sampling: Any) -> None:
    """H fault: others add the log weight to every element before the sum, so it counts D times.

    The joint density of one element is that of the code; a second element that tells nothing adds
    its own density alone.
    """
    context = Context(images=50)
    one = log_densities(step_of(APART[:, :1], context=context), sampling)
    both = log_densities(step_of(APART * torch.tensor([1.0, 0.0]), context=context), sampling)
    assert one.joint_B.tolist() == pytest.approx(one.marginal_BD[:, 0].tolist())
    alone = -0.5 * math.log(2 * math.pi)
    assert (both.joint_B - one.joint_B).tolist() == pytest.approx([alone] * 2)


# the codes of a batch as a sample


def test_dip_by_hand() -> None:
    """H fault: others centre over the elements and do not divide by B: -.5 off the diagonal."""
    m = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])  # the covariance is diag(1, 0)
    assert term_of("dip(diagonal=3)")(step_of(m)).tolist() == [3, 3]
    assert term_of("dip(diagonal=0)")(step_of(m)).tolist() == [0, 0]
    tilted = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])  # all pairs 2, variances 1 and 4
    assert term_of("dip(diagonal=0)")(step_of(tilted)).tolist() == [8, 8]
    assert term_of("dip(diagonal=1)")(step_of(tilted)).tolist() == [17, 17]


def test_dip_two_adds_the_variances_on_the_diagonal_alone() -> None:
    """H fault: others add one number to every entry of the matrix."""
    m, s = torch.tensor([[1.0, 2.0], [-1.0, -2.0]]), torch.full((2, 2), math.log(2.0))
    found = term_of("dip(kind='II', diagonal=1)")(step_of(m, s))
    assert found.tolist() == pytest.approx([8 + 16 + 49] * 2)  # variances 1 + 4 and 4 + 4


def test_mmd_is_never_negative_and_0_for_equal_samples() -> None:
    """H fault: unbiased within and the full cross term is -2/3 for {0, 2} twice."""
    a, b = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [3.0]])
    for kernel in ("imq", "rbf"):
        assert mmd(a, a, kernel).item() == pytest.approx(0, abs=1e-6)
    within, across = (1 + 1 / 3) / 2, (3 * 2 / 3 + 2 / 11) / 4
    assert mmd(a, b, "imq", (1.0,)).item() == pytest.approx(2 * within - 2 * across)
    within, across = (1 + math.exp(-2)) / 2, (3 * math.exp(-0.5) + math.exp(-4.5)) / 4
    assert mmd(a, b, "rbf", (1.0,)).item() == pytest.approx(2 * within - 2 * across)


def test_sliced_wasserstein_by_hand() -> None:
    a, b = torch.tensor([[0.0], [2.0]]), torch.tensor([[3.0], [1.0]])
    assert sliced_wasserstein(a, b, torch.tensor([[1.0, -1.0]])).item() == 1


@pytest.mark.parametrize("text", ["mmd()", "mmd(kernel='rbf')", "sliced_wasserstein()"])
def test_distances_to_the_prior_grow_with_the_distance(text: str) -> None:
    draw = torch.Generator().manual_seed(1)
    z = torch.randn(200, 2, generator=draw)
    near, wide, far = (term_of(text)(step_of(code))[0].item() for code in (z, 2 * z, z + 2))
    assert 0 <= near < 0.1 * wide
    assert near < 0.1 * far


OF_THE_BATCH = [
    "mutual_information(sampling='stratified')", "tc()", "tc(sampling='stratified')",
    "elementwise_kl()", "dip()", "dip(kind='II')", "mmd()", "mmd(kernel='rbf')",
    "sliced_wasserstein()", "controlled_kl()", "kl(capacity=3)", "kl(free_bits=1.4)",
]  # fmt: skip


@pytest.mark.parametrize("text", OF_THE_BATCH)
def test_gradients_agree_with_differences(text: str) -> None:
    draw = torch.Generator().manual_seed(0)
    m, s, noise = (torch.randn(4, 3, generator=draw, dtype=torch.float64) for _ in range(3))
    model = network(3, objective=["sse()", text])
    context = Context(images=50, training=False)  # so that the controller stands still

    def value(m: Tensor, s: Tensor) -> Tensor:
        step = step_of(m, s, m + s.exp() * noise, context, model)
        return model.model_file.objective.terms[-1](step)

    values = [m.requires_grad_(), s.requires_grad_()]
    assert torch.autograd.gradcheck(value, values)
    assert any(
        g is not None for g in torch.autograd.grad(value(m, s).sum(), values, allow_unused=True)
    )
    with torch.no_grad():
        assert value(m, s).shape == (4,)


OPTIONS = [
    ("tc()", "tc(sampling='stratified')"), ("dip()", "dip(diagonal=3)"),
    ("dip()", "dip(kind='II')"),
    ("mutual_information()", "mutual_information(sampling='stratified')"),
    ("elementwise_kl()", "elementwise_kl(sampling='stratified')"),
    ("mmd()", "mmd(kernel='rbf')"), ("sliced_wasserstein()", "sliced_wasserstein(directions=3)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "changed"), OPTIONS)
def test_no_option_is_without_effect(text: str, changed: str) -> None:
    m = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
    values = [term_of(t)(step_of(m, context=Context(images=50)))[0].item() for t in (text, changed)]
    assert values[0] != pytest.approx(values[1], rel=1e-3)


# closings


def test_importance_weighting_by_hand() -> None:
    losses = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    first = -math.log((math.exp(-1) + math.exp(-3)) / 2)
    assert Importance(samples=2)(losses).item() == pytest.approx((first + 5) / 2)
    assert Importance(samples=1, groups=2)(losses).item() == pytest.approx(3.5)  # the usual bound
    half = Importance(samples=2, elbo=0.5)(losses).item()
    assert half == pytest.approx(((first + 5) / 2 + 3.5) / 2)
    huge = Importance(samples=2)(torch.tensor([[4e3], [5e3]]))  # exp(-4000) is 0 in float32
    assert huge.item() == pytest.approx(4e3 + math.log(2))


def test_importance_weighting_draws_codes_and_needs_their_own_divergence() -> None:
    model = network(closing="importance(samples=3, groups=2)", objective=["sse()", "sampled_kl()"])
    m = torch.zeros(4, 2)
    views = Importance(samples=3, groups=2).views(step_of(m, model=model))
    assert len(views) == 6
    codes = torch.stack([view.output.z_BD for view in views])
    assert len(codes.unique(dim=0)) == 6
    assert torch.equal(views[3].output.output_BCHW, model.decode(codes[3]))
    with pytest.raises(InputError, match=r"importance needs .*sampled_kl\(\) in place of kl\(\)"):
        network(closing="importance")


def test_the_importance_weighted_bound_of_a_linear_model_is_its_likelihood() -> None:
    """x = z + e in one dimension: with the true posterior every sample gives log p(x)."""
    x, z = torch.tensor([[1.0]]), torch.randn(50, 1, generator=torch.Generator().manual_seed(0))
    z = 0.5 * x + math.sqrt(0.5) * z  # q is the true posterior N(x/2, 1/2)
    log_sd = torch.full_like(z, 0.5 * math.log(0.5))
    kl = term_of("sampled_kl()")(step_of(0.5 * x.expand_as(z), log_sd, z))
    nll = 0.5 * ((x - z).square() + math.log(2 * math.pi))[:, 0]
    bound = Importance(samples=50)((nll + kl)[:, None])
    assert bound.item() == pytest.approx(0.5 * (math.log(2 * math.pi * 2) + 1 / 2), rel=1e-5)


def test_prefixes_decode_the_first_elements() -> None:
    assert Prefixes().sizes(10) == [0, 1, 2, 4, 8]
    assert Prefixes().sizes(8) == [0, 1, 2, 4]
    assert Prefixes().sizes(1) == [0]
    assert Prefixes(every=True).sizes(3) == [0, 1, 2]
    model = network(3, bottleneck="plain", objective=["sse()"], closing="prefixes")
    step = step_of(torch.ones(2, 3), model=model)
    views = Prefixes().views(step)
    assert [view.output.z_BD[0].tolist() for view in views] == [
        [1, 1, 1], [0, 0, 0], [1, 0, 0], [1, 1, 0]
    ]  # fmt: skip
    loss = model.model_file.objective.loss(step, Prefixes())
    decoded = [
        model.decode(view.output.z_BD).square().flatten(1).sum(1).mean() for view in views[1:]
    ]
    assert loss.total.item() == pytest.approx(torch.stack(decoded).sum().item() / 4)
    assert loss.terms["sse"].item() == 0  # the record is of the whole code


# corruptions


@pytest.mark.parametrize("text", [*CORRUPTIONS, "patch(size=3, fraction=0.25)"])
def test_corruptions_depend_on_their_generator_and_leave_the_picture_alone(text: str) -> None:
    corruption = read_part(text, CORRUPTIONS, "corruption")
    x = torch.rand(6, 3, 16, 15, generator=torch.Generator().manual_seed(0)) + 0.5
    before = x.clone()
    first, again, other = (corruption(x, torch.Generator().manual_seed(i)) for i in (1, 1, 2))
    assert torch.equal(x, before)
    assert torch.equal(first, again)
    assert first.shape == x.shape
    assert torch.equal(first, other) == (text == "none")
    if text not in ("none", "gaussian"):  # a pixel is changed in all its channels
        changed = (first != x).all(1)
        assert torch.equal(changed, (first != x).any(1) | changed)


def test_corruptions_change_the_share_that_they_state() -> None:
    x = torch.rand(50, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    draw = torch.Generator().manual_seed(0)
    noise = read_part("gaussian(sd=0.3)", CORRUPTIONS, "corruption")(x, draw) - x
    assert noise.std().item() == pytest.approx(0.3, rel=0.02)
    masked = read_part("masking(fraction=0.4)", CORRUPTIONS, "corruption")(x, draw)
    assert (masked == 0).float().mean().item() == pytest.approx(0.4, abs=0.02)
    salted = read_part("salt_and_pepper(fraction=0.4)", CORRUPTIONS, "corruption")(x, draw)
    for extreme in (x.min(), x.max()):
        assert (salted == extreme).float().mean().item() == pytest.approx(0.2, abs=0.02)
    patched = read_part("patch(size=4, fraction=0.75)", CORRUPTIONS, "corruption")(x, draw)
    assert (patched == 0).flatten(1).sum(1).tolist() == [12 * 16 * 3] * 50
    cells = (patched == 0).unfold(2, 4, 4).unfold(3, 4, 4).flatten(4)
    assert torch.equal(cells.any(-1), cells.all(-1))


# the scale of a loss


def test_the_beta_of_the_notebook_is_12_million() -> None:
    """H fault: MSE as a mean, and the KL summed over a batch of 2,000 and all elements.

    Its sum over the batch is the mean over the batch times 2,000; beta is B·P/2.
    """
    scale = loss_scale(read_objective(["mse()", "kl(weight=2000)"]), VALUES, latent=64)
    assert scale is not None
    assert scale.beta == pytest.approx(2000 * VALUES / 2) == pytest.approx(12.288e6)
    assert scale.normalised == pytest.approx(64 * 1000)


@pytest.mark.parametrize(
    ("terms", "beta"),
    [
        (["sse()", "kl()"], 0.5), (["sse(weight=0.5)", "kl(weight=4)"], 4), (["bce()", "kl()"], 1),
        (["mae(weight=2)", "kl()"], VALUES / 2), (["gaussian_nll()", "kl()"], 1), (["sse()"], None),
        (["sse()", "mutual_information()", "tc(weight=4)"], 2), (["log_cosh()", "kl()"], None),
        (["sse()", "kl(capacity=5)"], None), (["sse(weight=0)", "kl()"], None),
    ],
)  # fmt: skip
def test_beta_does_not_depend_on_how_a_loss_is_written(terms: list[str], beta: float) -> None:
    scale = loss_scale(read_objective(terms), VALUES, latent=32)
    assert (scale and scale.beta) == (beta if beta is None else pytest.approx(beta))
    if scale:
        assert np.isclose(scale.normalised, beta * 32 / VALUES)
