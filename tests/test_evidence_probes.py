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


def as_they_are(pictures: Any) -> Any:
    """What a perfect network draws."""
    return pictures


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
    return discs(x, shade, ring), factors, train_probes(discs(x, shade, ring), factors, as_they_are)


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
    probes = train_probes(pictures, factors, as_they_are, held_out=held_out)
    place = probes.by_name["place"]
    assert (place.trained_on, place.n) == (300, 100)
    guess = probes.estimate("place", pictures[held_out])
    truth = factors[0].values[held_out]
    assert place.score == pytest.approx(
        1 - ((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum(), rel=1e-5
    )
    assert place.slope == pytest.approx(np.polyfit(truth, guess, 1)[0], rel=0.02)
    on_images = {p.name: p for p in probes.judged}["place"]  # a perfect network draws the images
    assert on_images.score == place.score
    assert on_images.slope == pytest.approx(np.polyfit(truth, guess, 1)[0], rel=1e-5)


def test_a_factor_that_is_not_drawn_has_no_probe(drawn: Any) -> None:
    pictures, factors, _ = drawn
    place, shade, ring = factors[:3]

    def without_the_ring(x: Any) -> Any:
        """A network that draws every disc full."""
        full = np.where(np.abs(x) < 1, np.max(x, axis=(1, 2), keepdims=True), x)
        columns = np.broadcast_to(np.linspace(-1, 1, SIZE), (SIZE, SIZE))
        bright = x.max((1, 2, 3))
        at = [np.average(columns, weights=p[..., 0] + 1) / 0.5 for p in x]
        return discs(np.array(at), bright, np.zeros(len(full)))

    probes = train_probes(pictures, [place, shade, ring], without_the_ring)
    on_images = {probe.name: probe for probe in probes.judged}
    on_drawn = {probe.name: probe for probe in probes.in_reconstructions}
    assert on_images["ring"].passed
    assert not on_drawn["ring"].passed
    assert "ring" not in probes.by_name
    assert on_drawn["place"].passed


def test_a_factor_that_is_drawn_too_faintly_to_be_seen_has_no_probe(drawn: Any) -> None:
    pictures, factors, _ = drawn
    probes = train_probes(pictures, factors[:1], lambda x: 0.005 * x)
    (place,) = probes.in_reconstructions
    assert not place.passed


def test_a_probe_that_reads_its_factor_by_another_one_is_not_used() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, N)
    columns = {"place": x, "luck": 0.8 * x + 0.6 * rng.uniform(-1, 1, N)}
    factors, _ = tell_apart(columns)
    probes = train_probes(discs(x, np.ones(N), np.zeros(N)), factors, as_they_are)
    luck = {probe.name: probe for probe in probes.in_reconstructions}["luck"]
    assert luck.low is not None
    assert luck.low > 0.4  # it beats chance
    assert luck.slope is not None
    assert abs(luck.slope) < 0.1
    assert [probe.name for probe in probes.used] == ["place"]
    assert probes.crosstalk == pytest.approx(np.ones((1, 1)), abs=0.05)


def test_a_blind_decoder_leaves_no_probe(drawn: Any) -> None:
    pictures, factors, _ = drawn
    probes = train_probes(pictures, factors, np.zeros_like)
    assert probes.used == ()
    assert any(probe.passed for probe in probes.judged)
    assert probes.measure(pictures[:3]).shape == (3, 0)


def test_bytes_and_floats_are_the_same_picture(drawn: Any) -> None:
    pictures, factors, _ = drawn
    as_bytes = np.rint((pictures + 1) * 127.5).astype(np.uint8)
    np.testing.assert_allclose(areas(as_bytes), areas(pictures), atol=0.005)
    score = train_probes(as_bytes, factors[:1], as_they_are).by_name["place"].score
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
    found = train_probes(pictures, [half], as_they_are).by_name["place"]
    assert found.trained_on + found.n == N // 2
    assert found.score is not None
    assert found.score > 0.9


def test_same_seed_same_json(drawn: Any) -> None:
    pictures, factors, probes = drawn
    again = train_probes(pictures, factors, as_they_are)
    assert again.judged == probes.judged
    np.testing.assert_array_equal(again.measure(pictures[:9]), probes.measure(pictures[:9]))


@pytest.mark.parametrize(
    ("count", "rows", "message"),
    [(40, 30, "'place' has 30 values for 40"), (12, 12, "at least 10 of each")],
)
def test_faults(drawn: Any, count: Any, rows: Any, message: Any) -> None:
    pictures, factors, _ = drawn
    with pytest.raises(InputError, match=message):
        train_probes(pictures[:count], [factors[0].rows(slice(rows))], as_they_are)


def test_images_without_any_difference_are_refused(drawn: Any) -> None:
    _, factors, _ = drawn
    with pytest.raises(InputError, match="all the same"):
        train_probes(np.zeros((N, 8, 8, 1), np.uint8), factors[:1], as_they_are)
