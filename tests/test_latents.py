"""Edits, traversals, interpolations, and the statistics behind their units."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zatlas.errors import InputError
from zatlas.latents import code_statistics, edits, interpolation, samplers
from zatlas.latents.edits import Space
from zatlas.latents.second_stage import second_stage

RNG = np.random.default_rng(0)
CODES = (RNG.standard_normal((500, 6)) * [1, 2, 3, 4, 5, 0] + [0, 1, 2, 3, 4, 7]).astype(np.float32)
STATISTICS = code_statistics.gather(CODES)
NAMES: dict[str, int | list[float]] = {"smile": 1, "light": [3.0, 4.0, 0.0, 0.0, 0.0, 0.0]}
SPACE = Space((6,), STATISTICS, NAMES)
MAP = Space((2, 1, 3), STATISTICS, {})
Z = CODES[:3]


def change(text: str, space: Space = SPACE) -> np.ndarray:
    return edits.apply(text, Z, space) - Z


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("z[0] *= 2", Z * [2, 1, 1, 1, 1, 1]),
        ("z[2] += 5", Z + [0, 0, 5, 0, 0, 0]),
        ("z[-1] += 20", Z + [0, 0, 0, 0, 0, 20]),
        ("z -= 0.5", Z - 0.5),
        ("z[:] /= 2", Z / 2),
        ("z[0] = 2; z[3] = 8", np.concatenate([Z[:, :0], Z * 0], 1) + Z * [0, 1, 1, 0, 1, 1]
         + [2, 0, 0, 8, 0, 0]),
        ("z[0:3] *= 3", Z * [3, 3, 3, 1, 1, 1]),
        ("z1[0][0] *= 2", Z * [2, 1, 1, 1, 1, 1]),
        ("latent = latent + 0.5", Z + 0.5),
        ("latent[:,3], latent[:,1] = 2, 8", Z * [1, 0, 1, 0, 1, 1] + [0, 8, 0, 2, 0, 0]),
        ("z[0] += 1; z[0] *= 2", (Z + [1, 0, 0, 0, 0, 0]) * [2, 1, 1, 1, 1, 1]),
        ('z["smile"] += 1', Z + [0, 1, 0, 0, 0, 0]),
        ('z["light"] += 5', Z + [3, 4, 0, 0, 0, 0]),
    ],
)  # fmt: skip
def test_every_form_by_hand(text: str, expected: np.ndarray) -> None:
    assert edits.apply(text, Z, SPACE) == pytest.approx(expected.astype(np.float32), rel=1e-6)


def test_units_by_hand() -> None:
    assert change("z[4] += 2*sd")[:, 4] == pytest.approx(2 * CODES[:, 4].std(), rel=1e-5)
    median = np.quantile(CODES[:, 4].astype(float), 0.5)
    assert edits.apply("z[4] = q(0.5)", Z, SPACE)[:, 4] == pytest.approx(median, rel=1e-5)
    along = (CODES @ [0.6, 0.8, 0, 0, 0, 0]).std()
    assert np.linalg.norm(change('z["light"] -= 1*sd'), axis=1) == pytest.approx(along, rel=1e-4)


def test_a_map_counts_in_c_order_and_takes_its_axes() -> None:
    assert np.flatnonzero(change("z[1,:,:] += 1", MAP).any(0)).tolist() == [3, 4, 5]
    assert np.flatnonzero(change("z[0,1,0,2] += 1", MAP).any(0)).tolist() == [5]
    assert np.flatnonzero(change("z[0][4] += 1", MAP).any(0)).tolist() == [4]
    with pytest.raises(InputError, match="3 indexes"):
        edits.apply("z[0,0,0] += 1", Z, SPACE)


elements = st.integers(-6, 5)
amounts = st.floats(-10, 10).filter(lambda v: abs(v) > 1e-3)


@given(elements, elements, amounts, amounts)
def test_edits_of_different_elements_commute_and_spare_their_input(
    i: int, j: int, a: float, b: float
) -> None:
    if i % 6 == j % 6:
        return
    before = Z.copy()
    one = edits.apply(f"z[{i}] += {a}; z[{j}] *= {b}", Z, SPACE)
    other = edits.apply(f"z[{j}] *= {b}; z[{i}] += {a}", Z, SPACE)
    assert np.array_equal(one, other)
    assert np.array_equal(Z, before)


@given(elements)
def test_identities(i: int) -> None:
    for text in (f"z[{i}] *= 1", f"z[{i}] += 0", f"z[{i}] /= 1", "z *= 1"):
        assert np.array_equal(edits.apply(text, Z, SPACE), Z)


def test_edits_do_not_accumulate() -> None:
    first = edits.apply("z[0] += 1", Z, SPACE)
    assert np.array_equal(edits.apply("z[0] += 1", Z, SPACE), first)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("z[6] *= 2", ["index 6", "6 elements", "-6 to 5", "column"]),
        ("z[-7] *= 2", ["index -7"]),
        ('z["smlie"] += 1', ["'smlie'", "'smile'"]),
        ('z["light"] *= 2', ["direction", "+= and -="]),
        ("z[0,0,0,0] = 1", ["4 indexes"]),
    ],
)
def test_faults(text: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        edits.apply(text, Z, SPACE)
    for word in words:
        assert word in str(caught.value)


def test_size_in_sd_and_percentiles() -> None:
    size = edits.size(Z, edits.apply("z[2] += 3*sd", Z, SPACE), SPACE)
    assert size.elements.tolist() == [2]
    assert size.sds == pytest.approx(np.full((3, 1), 3.0), rel=1e-5)
    ranks = [(CODES[:, 2] < v).mean() * 100 for v in Z[:, 2]]
    assert size.percentile_before[:, 0] == pytest.approx(ranks, abs=1.0)
    assert (size.percentile_after > 95).all()


def test_the_percentile_of_a_shared_value_is_the_middle_of_those_who_share_it() -> None:
    mostly_zero = np.zeros((1000, 1), np.float32)
    mostly_zero[:100, 0] = np.linspace(1, 2, 100)
    ranks = code_statistics.gather(mostly_zero).percentile(np.array([[0.0], [-1.0], [3.0], [1.5]]))
    assert ranks[:, 0] == pytest.approx([45, 0, 100, 95], abs=1)


def test_dead_elements_have_no_size_in_sd() -> None:
    size = edits.size(Z, edits.apply("z[5] += 1", Z, SPACE), SPACE)
    assert np.isnan(size.sds).all()
    assert (size.percentile_after == 100).all()
    assert "element 5 is dead" in edits.assumptions("z[5] += 2*sd", SPACE)[0]
    with pytest.raises(InputError, match="dead"):
        interpolation.traversal(Z[0], 5, STATISTICS)


def test_what_was_assumed_is_said() -> None:
    assert "every image is edited" in edits.assumptions("z1[0][0] *= 2", SPACE)[0]
    assert edits.assumptions("z[0] *= 2", SPACE) == []


def test_a_traversal_goes_through_the_images_own_code() -> None:
    codes, offsets = interpolation.traversal(Z[1], 2, STATISTICS, span=2, steps=5)
    assert offsets.tolist() == [-2, -1, 0, 1, 2]
    assert np.array_equal(codes[2], Z[1])
    assert (codes[:, 2] - Z[1, 2]) / STATISTICS.sd[2] == pytest.approx(offsets, abs=1e-5)
    others = np.delete(codes, 2, axis=1)
    assert (others == others[0]).all()
    with pytest.raises(InputError, match="odd"):
        interpolation.traversal(Z[1], 2, STATISTICS, steps=4)


def test_interpolations_end_where_they_should() -> None:
    a, b = np.array([3, 0], np.float32), np.array([0, 3], np.float32)
    straight, shares = interpolation.interpolation(a, b, 3)
    assert straight.tolist() == [[3, 0], [1.5, 1.5], [0, 3]]
    assert shares.tolist() == [0, 0.5, 1]
    arc, _ = interpolation.interpolation(a, b, 5, spherical=True)
    assert np.linalg.norm(arc, axis=1) == pytest.approx(np.full(5, 3.0), rel=1e-5)
    same, _ = interpolation.interpolation(a, 2 * a, 3, spherical=True)
    assert same[1] == pytest.approx([4.5, 0])


def test_shrinkage_is_ledoit_and_wolfs() -> None:
    reference = pytest.importorskip("sklearn.covariance").ledoit_wolf
    few = CODES[:20, :5].astype(float)
    sd = few.std(0)
    expected = reference(few / sd)[0] * np.outer(sd, sd)
    assert code_statistics.gather(few.astype(np.float32)).covariance == pytest.approx(
        expected, rel=1e-4
    )


def test_a_loud_element_lends_no_variance_to_a_quiet_one() -> None:
    codes = np.random.default_rng(0).normal(0, [100, *[0.1] * 9], (500, 10)).astype(np.float32)
    codes = np.concatenate([codes, np.zeros((500, 1), np.float32)], axis=1)  # and a dead one
    covariance = code_statistics.gather(codes).covariance
    assert covariance is not None
    assert np.sqrt(np.diag(covariance)) == pytest.approx(codes.std(0), rel=1e-3)


def test_statistics_survive_the_file_and_name_their_faults(tmp_path: Path) -> None:
    STATISTICS.save(tmp_path / "codes.npz")
    again = code_statistics.load(tmp_path / "codes.npz", 6)
    for key, value in vars(STATISTICS).items():
        assert np.array_equal(getattr(again, key), value)
    (tmp_path / "codes.npz").write_bytes(b"no")
    with pytest.raises(InputError, match=r"codes\.npz"):
        code_statistics.load(tmp_path / "codes.npz", 6)
    with pytest.raises(InputError, match="missing"):
        code_statistics.load(tmp_path / "none.npz", 6)
    with pytest.raises(InputError, match="not finite"):
        code_statistics.gather(np.full((3, 2), np.nan, np.float32))


@pytest.mark.parametrize("name", samplers.SAMPLERS)
def test_samplers_give_codes_with_the_mean_and_the_covariance_of_the_codes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zatlas.latents.second_stage.STEPS", 50)
    rng = np.random.default_rng(1)
    codes = rng.multivariate_normal([5, 0], [[4, 1.5], [1.5, 1]], 2000).astype(np.float32)
    dead = np.full((2000, 1), 3, np.float32)
    statistics = code_statistics.gather(np.concatenate([codes, dead], axis=1))
    draw = samplers.SAMPLERS[name]
    drawn = draw(4000, statistics, 7)
    assert drawn.dtype == np.float32
    assert drawn.mean(0) == pytest.approx(statistics.mean, abs=0.2)
    assert np.cov(drawn[:, :2].T) == pytest.approx(np.cov(codes.T), abs=0.6)
    assert (drawn[:, 2] == 3).all()
    assert np.array_equal(drawn, draw(4000, statistics, 7))
    assert not np.array_equal(drawn, draw(4000, statistics, 8))


@pytest.mark.parametrize(("name", "most"), [("mixture", 0.02), ("kernel", 0.1)])
def test_samplers_keep_two_groups_apart(name: str, most: float) -> None:
    """A normal distribution with the same mean and covariance has 24 % of its codes between."""
    rng = np.random.default_rng(1)
    codes = (rng.choice([-3, 3], (2000, 1)) + rng.normal(0, 0.5, (2000, 1))).astype(np.float32)
    drawn = samplers.SAMPLERS[name](4000, code_statistics.gather(codes), 0)
    assert (np.abs(drawn) < 1).mean() < most


def test_the_second_stage_keeps_two_groups_apart() -> None:
    rng = np.random.default_rng(1)
    codes = (rng.choice([-1, 1], (2000, 1)) + rng.normal(0, 0.15, (2000, 1))).astype(np.float32)
    drawn = second_stage(codes, 4000, 0)
    assert (np.abs(drawn) < 1 / 3).mean() < 0.1


def test_samples_around_the_codes_have_their_mean_and_spread() -> None:
    drawn = samplers.normal(20_000, STATISTICS, seed=0)
    assert drawn.mean(0) == pytest.approx(STATISTICS.mean, abs=0.2)
    assert drawn[:, 1:5].std(0) == pytest.approx(STATISTICS.sd[1:5], rel=0.05)
