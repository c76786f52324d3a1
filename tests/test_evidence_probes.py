"""Probes on pictures whose factors are known: a disc on a plain ground."""

from typing import Any

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.evidence.properties.factors import tell_apart
from zatlas.evidence.properties.features import areas
from zatlas.evidence.properties.probes import train_probes

N, SIZE = 400, 32


def discs(x: Any, shade: Any, ring: Any) -> Any:
    """Pictures (N, 32, 32, 1) in [-1, 1]: a disc at ``x`` (-1 to 1), of a shade, or a ring."""
    rows, columns = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    far = np.hypot(columns - 0.5 * x[:, None, None], rows)
    inside = (far < 0.4) & ~((far < 0.25) & (ring[:, None, None] == 1))
    return np.where(inside, shade[:, None, None], -1.0).astype(np.float32)[..., None]


@pytest.fixture(scope="module")
def drawn() -> Any:
    rng = np.random.default_rng(0)
    x, shade, ring = rng.uniform(-1, 1, N), rng.uniform(-0.5, 1, N), rng.integers(0, 2, N)
    columns = {
        "place": x,
        "shade": np.digitize(shade, [0, 0.5]),
        "ring": np.where(ring, "yes", "no"),
        "luck": rng.normal(size=N),
        "coin": rng.integers(0, 2, N),
        "rare": (np.arange(N) < 8).astype(int),
    }
    factors, _ = tell_apart(columns)
    return discs(x, shade, ring), factors, train_probes(discs(x, shade, ring), factors)


def test_probes_read_what_is_drawn_and_nothing_else(drawn: Any) -> None:
    _, _, probes = drawn
    names = [probe.name for probe in probes.used]
    assert names == ["place", "shade = 0", "shade = 1", "shade = 2", "ring"]
    scores = probes.by_name
    assert scores["place"].metric == "R2"
    assert scores["place"].score > 0.95
    assert scores["ring"].metric == "AUC"
    assert scores["ring"].score > 0.9
    assert scores["ring"].balanced > 0.8
    assert {probe.name for probe in probes.judged} - set(names) == {"luck", "coin"}
    assert list(probes.untrained) == ["rare"]
    assert "a class of only" in probes.untrained["rare"]


def test_a_probe_that_fails_has_no_column(drawn: Any) -> None:
    pictures, _, probes = drawn
    assert [column.name for column in probes.columns] == list(probes.by_name)
    assert all(column.kind == "factor" for column in probes.columns)
    assert probes.measure(pictures[:7]).shape == (7, 5)
    assert probes.estimate("luck", pictures[:7]).shape == (7,)  # but it can be asked for
    with pytest.raises(InputError, match="did you mean 'place'"):
        probes.estimate("plce", pictures[:1])


def test_an_estimate_follows_the_picture(drawn: Any) -> None:
    _, _, probes = drawn
    same = np.full(5, 0.4)
    moved = discs(np.linspace(-0.8, 0.8, 5), same, np.zeros(5))
    place = probes.estimate("place", moved)
    assert np.all(np.diff(place) > 0.2)
    assert np.ptp(probes.estimate("ring", moved)) < 0.35
    ring = [probes.estimate("ring", discs(np.zeros(1), same[:1], np.full(1, r)))[0] for r in (0, 1)]
    assert ring[1] - ring[0] > 0.4
    assert 0 <= min(ring) <= max(ring) <= 1


def test_probes_are_judged_on_images_they_never_saw(drawn: Any) -> None:
    pictures, factors, _ = drawn
    held_out = np.arange(N) % 4 == 0
    probes = train_probes(pictures, factors, held_out=held_out)
    place = probes.by_name["place"]
    assert (place.trained_on, place.n) == (300, 100)
    guess = probes.estimate("place", pictures[held_out])
    truth = factors[0].values[held_out]
    assert place.score == pytest.approx(
        1 - ((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum(), rel=1e-5
    )
    assert place.slope == pytest.approx(np.polyfit(truth, guess, 1)[0], rel=1e-5)
    again = probes.judge(pictures[held_out], [f.rows(held_out) for f in factors])
    assert {p.name: p for p in again}["place"] == place


def test_what_a_blind_decoder_draws_is_judged_as_chance(drawn: Any) -> None:
    pictures, factors, probes = drawn
    blurred = np.broadcast_to(pictures.mean(0), pictures.shape)
    for probe in probes.judge(blurred, factors):
        assert not probe.passed, probe.name


def test_bytes_and_floats_are_the_same_picture(drawn: Any) -> None:
    pictures, factors, _ = drawn
    as_bytes = np.rint((pictures + 1) * 127.5).astype(np.uint8)
    np.testing.assert_allclose(areas(as_bytes), areas(pictures), atol=0.005)
    score = train_probes(as_bytes, factors[:1]).by_name["place"].score
    assert score is not None
    assert score > 0.95


def test_areas_keep_means_of_any_size() -> None:
    rng = np.random.default_rng(0)
    for height, width in ((64, 64), (28, 30), (5, 40)):
        pictures = rng.uniform(-1, 1, (3, height, width, 2)).astype(np.float32)
        coarse = areas(pictures)
        assert coarse.shape == (3, min(16, height) * min(16, width) * 2)
        np.testing.assert_allclose(
            coarse.reshape(3, -1, 2).mean(1), pictures.mean((1, 2)), atol=1e-6
        )
    blocks = np.arange(16 * 16, dtype=np.float32).reshape(1, 16, 16, 1)
    np.testing.assert_allclose(areas(np.kron(blocks, np.ones((1, 4, 4, 1)))), blocks.reshape(1, -1))


def test_unknown_labels_are_not_learned_from(drawn: Any) -> None:
    pictures, factors, _ = drawn
    place = factors[0].values.copy()
    place[::2] = np.nan
    (half,), _ = tell_apart({"place": place})
    found = train_probes(pictures, [half]).by_name["place"]
    assert found.trained_on + found.n == N // 2
    assert found.score is not None
    assert found.score > 0.9


def test_same_seed_same_json(drawn: Any) -> None:
    pictures, factors, probes = drawn
    again = train_probes(pictures, factors)
    assert again.judged == probes.judged
    np.testing.assert_array_equal(again.measure(pictures[:9]), probes.measure(pictures[:9]))


@pytest.mark.parametrize(
    ("count", "rows", "message"),
    [(40, 30, "'place' has 30 values for 40"), (12, 12, "at least 10 of each")],
)
def test_faults(drawn: Any, count: Any, rows: Any, message: Any) -> None:
    pictures, factors, _ = drawn
    with pytest.raises(InputError, match=message):
        train_probes(pictures[:count], [factors[0].rows(slice(rows))])


def test_images_without_any_difference_are_refused(drawn: Any) -> None:
    _, factors, _ = drawn
    with pytest.raises(InputError, match="all the same"):
        train_probes(np.zeros((N, 8, 8, 1), np.uint8), factors[:1])
