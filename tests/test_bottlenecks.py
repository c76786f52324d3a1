"""Bottlenecks that quantise, sort or bound codes: by hand, their gradients, and their terms."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from zatlas.errors import InputError
from zatlas.models.model_file import ModelFile
from zatlas.models.network import Autoencoder, build
from zatlas.recipes.bottlenecks.codebooks import AveragedCodebook, LearnedCodebook, nearest
from zatlas.recipes.bottlenecks.gumbel import Gumbel
from zatlas.recipes.bottlenecks.scalar import FSQ, LFQ, QLAE, ElementValues
from zatlas.recipes.bottlenecks.sphere import Sphere
from zatlas.recipes.bottlenecks.topk import Threshold, TopK
from zatlas.recipes.bottlenecks.vector import VQ, Quantiser, rotated
from zatlas.recipes.objective_text import read_objective
from zatlas.recipes.step import Code, Context, ForwardOutput, Shapes, Step

# every bottleneck of this file, with other parameters too
WRITTEN = [
    "topk(k=3)", "topk(k=3, batch=True)", "vq(size=16, dim=4)",
    "vq(size=16, dim=4, codebook='learned')", "vq(size=16, dim=4, codebook='sim', rotation=True)",
    "vq(size=8, dim=2, depth=3)", "fsq(levels=5)", "lfq", "qlae(levels=4)", "gumbel(categories=4)",
    "sphere",
]  # fmt: skip


def network(bottleneck: str, encoder: str = "mlp(24, 12)", **keys: Any) -> Autoencoder:
    model = ModelFile(image=(1, 4, 4), encoder=encoder, bottleneck=bottleneck, **keys)
    return build(model, seed=0)


def pictures(count: int = 512) -> Tensor:
    return torch.rand(count, 1, 4, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1


def learned(bottleneck: str) -> Autoencoder:
    """A network whose bottleneck has seen a few batches."""
    model = network(bottleneck).train()
    torch.manual_seed(0)
    for _ in range(3):
        model.code(pictures(), torch.randn(512, 12) if model.bottleneck.needs_noise else None)
    return model.eval()


@pytest.mark.parametrize("text", WRITTEN)
@torch.no_grad()
def test_a_code_depends_on_its_image_alone_and_projects_to_itself(text: str) -> None:
    """H fault: in BatchTopK the code depends on the batch; encode one = encode 512."""
    model, x = learned(text), pictures()
    whole = model.encode(x)
    alone = torch.cat([model.encode(x[i : i + 1]) for i in range(0, 512, 16)])
    assert torch.allclose(whole[::16], alone, atol=1e-5)
    assert torch.equal(model.encode(x), whole)
    if "depth" not in text:  # the codebooks of a residual quantiser are searched one by one
        assert torch.allclose(model.project(whole), whole, atol=1e-6)
    moved = model.project(whole + 0.7 * torch.randn(512, 12))
    assert moved.shape == whole.shape
    if "depth" not in text:
        assert torch.allclose(model.project(moved), moved, atol=1e-6)


@pytest.mark.parametrize("text", WRITTEN)
@torch.no_grad()
def test_codes_stand_on_the_grid_that_the_bottleneck_names(text: str) -> None:
    model = learned(text)
    grid = model.grid()
    if grid is None:
        assert text.startswith(("topk", "vq", "sphere"))
        return
    codes = model.encode(pictures()).numpy()
    assert len(grid) == 12
    for element, values in enumerate(grid):
        if values is None:
            assert text.startswith("gumbel")
            continue
        assert (np.diff(values) > 0).all()
        assert np.abs(codes[:, element, None] - values).min(1).max() < 1e-6


@pytest.mark.parametrize("text", WRITTEN)
def test_the_encoder_gets_a_gradient_through_the_bottleneck(text: str) -> None:
    model = network(text).train()
    noise = torch.randn(64, 12) if model.bottleneck.needs_noise else None
    model(pictures(64), noise).output_BCHW.square().mean().backward()
    gradients = [parameter.grad for parameter in model.encoders.parameters()]
    assert all(gradient is not None and gradient.abs().max() > 0 for gradient in gradients)


def code(bottleneck: Any, values: Sequence[Sequence[float]], part: nn.Module | None = None) -> Code:
    found: Code = bottleneck([torch.tensor(values)], None, part)
    return found


def test_qlae_by_hand() -> None:
    part = ElementValues(1, 3)
    assert part.values.tolist() == [[-0.5, 0, 0.5]]
    assert code(QLAE(levels=3), [[0.26], [0.24], [-9]], part).mean_BD.tolist() == [
        [0.5],
        [0],
        [-0.5],
    ]


def test_fsq_by_hand() -> None:
    """The grid of Tripod: of 12 steps, 0 becomes 1/11."""
    assert code(FSQ(levels=12), [[0.0]]).mean_BD.item() == pytest.approx(1 / 11)
    assert code(FSQ(levels=3), [[0.5, 0.6, -9, 9]]).mean_BD.tolist() == [[0, 1, -1, 1]]
    assert FSQ(levels=3).project(torch.tensor([[7.0, -7.0, 0.2]])).tolist() == [[1, -1, 0]]
    assert code(LFQ(), [[0.2, -0.1, 0]]).mean_BD.tolist() == [[1, -1, 1]]


def test_topk_by_hand() -> None:
    a = [[1.0, 3.0, -5.0, 2.0], [-1.0, -2.0, -3.0, -4.0]]
    assert code(TopK(k=2), a).mean_BD.tolist() == [[0, 3, 0, 2], [-1, -2, 0, 0]]
    assert TopK(k=2).project(torch.tensor([[1.0, 3, -5, 2]])).tolist() == [[0, 3, -5, 0]]
    with pytest.raises(InputError, match="topk keeps k=13 of 12; give a smaller k"):
        network("topk(k=13)")


def test_batch_topk_by_hand() -> None:
    """H fault: the threshold of BatchTopK must not start at 0."""
    part, topk = Threshold(), TopK(k=1, batch=True)
    assert code(topk, [[1.0, 5, 4], [3, 2, -1]], part).mean_BD.tolist() == [[0, 5, 4], [0, 0, 0]]
    assert part.value.item() == 4
    code(topk, [[1.0, 2, 0], [0, 0, 0]], part)
    assert part.value.item() == pytest.approx(0.99 * 4 + 0.01 * 1)
    code(topk, [[-1.0, -2, 0]], part)  # nothing to keep
    assert part.value.item() == pytest.approx(3.97)
    part.eval()
    assert code(topk, [[3.9, 5, 4], [4, 4, 4]], part).mean_BD.tolist() == [[0, 5, 4], [4, 4, 4]]
    projected = topk.project(torch.tensor([[1.9, 2, 9]]), part)
    assert projected.tolist() == [pytest.approx([0, 3.97, 9])]


def test_sphere_by_hand() -> None:
    assert code(Sphere(), [[3.0, 4]]).mean_BD.tolist() == [pytest.approx([0.6, 0.8])]
    assert np.linalg.norm(Sphere().sample(5, 3, seed=0), axis=1) == pytest.approx([1] * 5)


def quantiser(part: VQ, *books: Sequence[Sequence[float]], shape: tuple[int, ...]) -> Quantiser:
    made = part.build(Shapes((1, 4, 4), shape))
    assert isinstance(made, Quantiser)
    for book, values in zip(made.codebooks, books, strict=True):
        assert isinstance(book, LearnedCodebook | AveragedCodebook)
        book.weight.data = torch.tensor(values)
    return made.eval()


def test_vectors_are_runs_of_a_flat_code_and_places_of_a_stack_of_maps() -> None:
    part = VQ(size=2, dim=2, codebook="learned")
    book = [[0.0, 0.0], [1.0, 10.0]]
    flat = quantiser(part, book, shape=(4,))
    assert code(part, [[1.0, 9, 0, 1]], flat).mean_BD.tolist() == [[1, 10, 0, 0]]
    maps = quantiser(part, book, shape=(2, 1, 2))  # channels of place 0: 1 and 0; of place 1: 9, 1
    assert maps.split(torch.tensor([[1.0, 9, 0, 1]])).tolist() == [[1, 0], [9, 1]]
    assert code(part, [[1.0, 1, 9, 1]], maps).mean_BD.tolist() == [[1, 0, 10, 0]]
    with pytest.raises(InputError, match="vq has vectors of dim=5, but a code has 12 elements"):
        network("vq(dim=5)")
    assert network("vq(size=16)", encoder="conv(4, 6)").encode(pictures(3)).shape == (3, 6)


def test_residual_vq_by_hand() -> None:
    """r_i = r_{i-1} - q_i: 0.8 becomes 1, then -0.25, then the sum 0.75."""
    part = VQ(size=2, dim=1, depth=2, codebook="learned")
    books = quantiser(part, [[0.0], [1.0]], [[-0.25], [0.5]], shape=(2,))
    assert code(part, [[0.8, 0.4]], books).mean_BD.tolist() == [[0.75, 0.5]]


def test_an_averaged_codebook_by_hand() -> None:
    """Van den Oord et al. 2017: N = 0.99 N + 0.01 n, m = 0.99 m + 0.01 Σ a, e = m/N."""
    book = AveragedCodebook(2, 1)
    for buffer, values in ((book.counts, [2.0, 2.0]), (book.sums, [[0.0], [2.0]])):
        buffer.copy_(torch.tensor(values))
    book.weight.copy_(torch.tensor([[0.0], [1.0]]))
    book.learn(torch.tensor([[0.9], [0.1], [0.3]]))
    assert book.counts.tolist() == pytest.approx([0.99 * 2 + 0.02, 0.99 * 2 + 0.01])
    means = [0.01 * 0.4 / 2, (0.99 * 2 + 0.01 * 0.9) / 1.99]
    assert book.vectors().flatten().tolist() == pytest.approx(means, rel=1e-4)


def test_an_averaged_codebook_begins_with_the_batch_and_replaces_dead_vectors() -> None:
    inputs = torch.arange(8.0)[:, None] * 10
    book = AveragedCodebook(4, 1)
    torch.manual_seed(0)
    book.learn(inputs)
    assert len({*book.vectors().flatten().tolist()}) == 4
    book.weight[0], book.sums[0], book.counts[0] = -999.0, -999.0 * 0.001, 0.001
    book.learn(inputs)
    assert book.vectors()[0].item() in [pytest.approx(v, abs=3) for v in inputs.flatten().tolist()]
    assert book.counts[0] > 0.15 * len(inputs) / 4 * 0.99
    torch.manual_seed(7)
    books = [AveragedCodebook(4, 1), AveragedCodebook(4, 1)]
    for one in books:
        torch.manual_seed(5)
        one.learn(inputs)
    assert torch.equal(books[0].vectors(), books[1].vectors())


def test_an_averaged_codebook_follows_an_encoder_that_moves_away_from_it() -> None:
    """A first vector that no input uses any more begins anew within 100 steps."""
    torch.manual_seed(0)
    book, inputs = AveragedCodebook(64, 4), torch.randn(32, 4)
    book.learn(0.01 * inputs)
    for _ in range(100):
        book.learn(5 + inputs)
    assert (book.vectors().mean(1) > 1).all()
    assert len(nearest(5 + inputs, book.vectors()).unique()) > 24


def test_the_rotation_gives_the_quantised_vector_and_turns_the_gradient() -> None:
    """Raw (1, 0), quantised (0, 2): a quarter turn, twice as long."""
    raw = torch.tensor([[1.0, 0.0]], requires_grad=True)
    z = rotated(raw, torch.tensor([[0.0, 2.0]]))
    assert z.tolist() == [pytest.approx([0, 2], abs=1e-6)]
    z[0, 1].backward()
    assert raw.grad is not None
    assert raw.grad.tolist() == [pytest.approx([2, 0], abs=1e-6)]


def test_gumbel_by_hand() -> None:
    m, s = torch.tensor([[0.5, 1.0, 3.0, 2.0]]), torch.zeros(1, 4)
    gumbel = Gumbel(categories=3, temperature=0.5)
    found = gumbel([m, s])
    assert found.mean_BD.tolist() == [[0.5, 0, 1, 0]]
    assert found.log_sd_BD is not None
    assert found.log_sd_BD.shape == (1, 1)
    noise = torch.tensor([[2.0, 0.3, -0.2, 0.1]])
    u = torch.special.ndtr(noise[:, 1:])
    soft = ((m[:, 1:] - (-u.log()).log()) / 0.5).softmax(1)
    drawn = gumbel([m, s], noise).z_BD
    assert drawn[0, 0].item() == pytest.approx(2.5)
    assert drawn[:, 1:].tolist() == [pytest.approx(soft[0].tolist(), rel=1e-5)]
    assert gumbel.project(torch.tensor([[7.0, 0.2, 0.1, 0.0]])).tolist() == [[7, 1, 0, 0]]
    codes = gumbel.sample(6000, 5, seed=0)
    assert codes[:, 2:].mean(0) == pytest.approx([1 / 3] * 3, abs=0.03)
    assert (codes[:, 2:].sum(1) == 1).all()
    with pytest.raises(InputError, match="gumbel has 12 categories, but a code has 12 elements"):
        network("gumbel(categories=12)")


def test_gumbel_noise_draws_each_category_as_often_as_its_probability() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0]).repeat(20_000, 1)
    m = torch.cat([torch.zeros(20_000, 1), logits], 1)
    noise = torch.randn(20_000, 4, generator=torch.Generator().manual_seed(0))
    drawn = Gumbel(categories=3)([m, m], noise).z_BD[:, 1:].argmax(1)
    shares = torch.bincount(drawn) / 20_000
    assert shares.tolist() == pytest.approx(logits[0].softmax(0).tolist(), abs=0.012)


# --- terms


def step_of(code: Code, context: Context = Context()) -> Step:  # noqa: B008  a tuple
    x = torch.zeros(len(code.mean_BD), 1, 4, 4)
    output = ForwardOutput(code.mean_BD, code.log_sd_BD, code.z_BD, x, code.raw_BD)
    return Step(x, output, context, network("plain"), x, torch.Generator().manual_seed(0))


def term_of(text: str) -> Any:
    return read_objective(["mse()", text]).terms[-1]


def test_commitment_and_codebook_by_hand_and_whose_gradient_each_has() -> None:
    """H fault: both losses acted on the straight-through value, whose gradient is 0."""
    part = ElementValues(2, 3)
    raw = torch.tensor([[0.26, -0.1]], requires_grad=True)
    step = step_of(QLAE(levels=3)([raw], None, part))
    value = (0.24**2 + 0.1**2) / 2
    assert term_of("commitment()")(step).tolist() == pytest.approx([value])
    assert term_of("codebook()")(step).tolist() == pytest.approx([value])
    gradients = torch.autograd.grad(
        term_of("commitment()")(step).sum(),
        [raw, part.values],
        allow_unused=True,
        retain_graph=True,
    )
    assert gradients[0].tolist() == [pytest.approx([-0.24, -0.1])]
    assert gradients[1] is None
    by_raw, by_values = torch.autograd.grad(
        term_of("codebook()")(step).sum(), [raw, part.values], allow_unused=True
    )
    assert by_raw is None
    assert by_values[0].tolist() == pytest.approx([0, 0, 0.24])
    assert by_values[1].tolist() == pytest.approx([0, 0.1, 0])


@pytest.mark.parametrize("bottleneck", ["qlae(levels=4)", "vq(size=8, dim=4, codebook='learned')",
                                        "vq(size=8, dim=4, codebook='sim')"])  # fmt: skip
def test_values_of_a_codebook_learn(bottleneck: str) -> None:
    """H fault: with the losses on the straight-through value, a codebook had no gradient."""
    model = network(bottleneck, objective=["mse()", "commitment()", "codebook()"]).train()
    x = pictures(64)
    step = Step(x, model(x), Context(), model, x, torch.Generator())
    model.model_file.objective.loss(step).total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_the_codebook_term_is_refused_where_nothing_learns_from_it() -> None:
    with pytest.raises(InputError, match="codebook needs a codebook with gradients"):
        network("vq", objective=["mse()", "codebook()"])
    with pytest.raises(InputError, match="commitment needs a bottleneck that quantises"):
        network("plain", objective=["mse()", "commitment()"])
    with pytest.raises(InputError, match="entropy needs a bottleneck of signs"):
        network("fsq", objective=["mse()", "entropy()"])


def test_entropy_by_hand() -> None:
    """Certain and even signs: -log 2; certain and equal ones: 0; p = 1/2 everywhere: 0."""
    term = term_of("entropy()")
    values = [[[9.0], [-9.0]], [[9.0], [9.0]], [[0.0], [0.0]]]
    found = [term(step_of(LFQ()([torch.tensor(raw)]))).tolist() for raw in values]
    assert found[0] == pytest.approx([-math.log(2)] * 2, abs=1e-4)
    assert found[1] == pytest.approx([0] * 2, abs=1e-4)
    assert found[2] == pytest.approx([0] * 2, abs=1e-4)
    warm = term_of("entropy(temperature=4)")(step_of(LFQ()([torch.tensor([[1.0], [1.0]])])))
    assert warm.tolist() == pytest.approx([0, 0], abs=1e-5)


def test_kl_of_a_category_by_hand() -> None:
    """A certain category of 4: log 4 = 1.386; an uncertain one: 0."""
    gumbel = Gumbel(categories=4)

    def values(term: str, logits: list[float], context: Context = Context()) -> list[float]:  # noqa: B008
        raw = torch.tensor([[0.0, *logits]] * 3)
        found: list[float] = term_of(term)(step_of(gumbel([raw, raw]), context)).tolist()
        return found

    assert values("kl_categorical()", [99, 0, 0, 0]) == pytest.approx([1.386] * 3, abs=1e-3)
    assert values("kl_categorical()", [2, 2, 2, 2]) == pytest.approx([0] * 3, abs=1e-6)
    capped = "kl_categorical(capacity=1, warmup_epochs=2)"
    assert values(capped, [99, 0, 0, 0]) == pytest.approx([0.386 + 0.5] * 3, abs=1e-3)
    late = Context(step=9, steps_per_epoch=1)
    assert values(capped, [99, 0, 0, 0], late) == pytest.approx([0.386] * 3, abs=1e-3)
    assert values(capped, [2, 2, 2, 2], late) == pytest.approx([1] * 3, abs=1e-6)
    assert term_of(capped).weight_in(Context()) == 1


def test_the_kl_of_a_gumbel_bottleneck_counts_its_gaussian_elements_alone() -> None:
    raw, s = torch.tensor([[1.0, 9.0, 0.0]]), torch.zeros(1, 3)
    step = step_of(Gumbel(categories=2)([raw, s]))
    assert term_of("kl()")(step).tolist() == [0.5]
    loss = read_objective(["mse()", "kl()"]).loss(step)
    assert loss.kl_D is not None
    assert loss.kl_D.tolist() == [0.5]


TERMS = [
    "commitment()",
    "codebook()",
    "entropy()",
    "kl_categorical()",
    "kl_categorical(capacity=1)",
]


@pytest.mark.parametrize("text", TERMS)
def test_gradients_agree_with_differences(text: str) -> None:
    draw = torch.Generator().manual_seed(0)
    raw, mean = (torch.randn(3, 4, generator=draw, dtype=torch.float64) for _ in range(2))
    log_sd = torch.zeros(3, 1, dtype=torch.float64)
    values = [v.requires_grad_() for v in (raw, mean)]
    held = {"commitment()": (False, True), "codebook()": (True, False)}  # by a stop gradient
    for value, constant in zip(values, held.get(text, (False, False)), strict=True):
        value.requires_grad_(not constant)
    term = term_of(text)
    assert torch.autograd.gradcheck(
        lambda raw, mean: term(step_of(Code(mean, log_sd, mean, raw))).sum(), values
    )


@pytest.mark.parametrize("change", ["commitment(weight=1)", "codebook(weight=0.5)",
                                    "entropy(weight=1)", "entropy(temperature=2)",
                                    "kl_categorical(weight=2)", "kl_categorical(capacity=2)",
                                    "kl_categorical(warmup_epochs=3)"])  # fmt: skip
def test_no_coefficient_is_without_effect(change: str) -> None:
    draw = torch.Generator().manual_seed(0)
    raw, mean = (torch.randn(3, 4, generator=draw) for _ in range(2))
    step = step_of(Code(mean, torch.zeros(3, 1), mean, raw), Context(0, 4))
    plain, changed = (
        read_objective(["mse()", text]).loss(step).total.item()
        for text in (change.partition("(")[0] + "()", change)
    )
    assert changed != pytest.approx(plain, rel=1e-2)
