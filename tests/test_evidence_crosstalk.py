from typing import Any

import numpy as np
import pytest

from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.account.naming import is_told
from zatlas.evidence.effects.difference import Change
from zatlas.evidence.properties.crosstalk import explained, explained_rms, own_part, responses
from zatlas.evidence.properties.probes import Probe
from zatlas.evidence.properties.property_set import PropertySet


def drawn(n: Any = 4000) -> Any:
    return np.random.default_rng(0).standard_normal((n, 3)) * [1, 5, 0.1]


def test_a_perfect_probe_responds_to_its_own_factor_alone() -> None:
    known = drawn()
    assert responses(known, known) == pytest.approx(np.eye(3), abs=1e-9)
    assert responses(0 * known, known) == pytest.approx(np.zeros((3, 3)))


def test_slopes_by_hand() -> None:
    known = drawn()
    read = known.copy()
    read[:, 0] = 0.1 * known[:, 0] + 0.06 * known[:, 1]  # 0.3 sd of factor 0 for an sd of factor 1
    noise = np.random.default_rng(1).standard_normal(len(read))
    answer = responses(read + 0.02 * noise[:, None], known)
    sd = known.std(0)
    assert answer[0] == pytest.approx([0.1, 0.06 * sd[1] / sd[0], 0], abs=0.01)


def test_factors_that_go_together_do_not_pass_for_each_other() -> None:
    known = drawn()
    known[:, 1] = 5 * (0.9 * known[:, 0] + np.sqrt(1 - 0.81) * known[:, 1] / 5)
    read = known.copy()
    read[:, 1] = 5 * known[:, 0]  # a probe of factor 1 that looks at factor 0
    assert np.corrcoef(read[:, 1], known[:, 1])[0, 1] > 0.85
    assert responses(read, known)[1] == pytest.approx([1, 0, 0], abs=0.03)


def test_a_factor_that_never_varies_has_no_slope() -> None:
    known = drawn()
    known[:, 2] = 1
    answer = responses(known, known)
    assert np.isfinite(answer).all()
    assert (answer[:, 2] == 0).all()


def test_what_the_others_explain() -> None:
    slopes = np.array([[0.5, -0.3, 0.0], [0.0, 1.0, 0.2], [0.0, 0.0, 1.0]])
    assert explained(np.array([0.25, -0.8, np.nan]), slopes) == pytest.approx([0.24, 0.0, 0.0])


@pytest.mark.parametrize("slope", [1.0, 0.6, 0.22])
def test_a_probe_that_hedges_does_not_hide_what_it_explains(slope: float) -> None:
    """A alone moves by 1.5 sd; the probe of B reads a quarter of it, whatever A's own slope is."""
    slopes = np.array([[slope, 0.0], [0.25, 0.5]])
    read = slopes @ np.array([1.5, 0.0])
    assert explained(read, slopes) == pytest.approx([0.0, 0.375])


def test_own_part_takes_off_what_other_factors_add() -> None:
    known = drawn()
    read = known.copy()
    read[:, 0] = 0.5 * known[:, 0] + 0.06 * known[:, 1]
    own = own_part(read, known)
    in_sd = (known - known.mean(0)) / known.std(0)
    assert own[:, 0] == pytest.approx(0.5 * in_sd[:, 0], abs=1e-9)
    assert own[:, 1] == pytest.approx(in_sd[:, 1], abs=1e-9)


def test_levels_of_one_factor_are_no_cross_talk() -> None:
    level = np.random.default_rng(0).integers(0, 3, 900)
    known = np.stack([level == k for k in range(3)], axis=1).astype(float)
    answer = responses(known, known, ["hair", "hair", "hair"])
    assert answer == pytest.approx(np.eye(3), abs=1e-9)
    assert explained(np.array([0.3, -0.2, 0.1]), answer) == pytest.approx(np.zeros(3), abs=1e-9)


def test_errors_of_a_probe_explain_a_part_of_what_has_no_sign() -> None:
    slopes = np.array([[0.8, 0.0], [0.1, 0.5]])
    bound = explained_rms(np.array([0.4, 0.3]), slopes, np.array([0.05, 0.4]))
    assert bound == pytest.approx([0.05 * 2, np.sqrt(0.05**2 + (2 * 0.4) ** 2)])


def probe_of(name: str, error: float) -> Probe:
    return Probe(
        name=name, factor=name, kind="continuous", level=None, trained_on=100, base=0,
        metric="R2", score=0.5, low=0.4, high=0.6, chance=0, n=100, balanced=None, slope=0.6,
        sd=0.7, error=error, passed=True,
    )  # fmt: skip


def effects_of(up: Any, down: Any, error: float) -> Any:
    """The effects of one move on "smile" and "turn" (N, 2), in sd; the probes have this error."""
    n, probes = len(up), [probe_of("smile", error), probe_of("turn", 0.05)]
    labels = np.random.default_rng(1).standard_normal(1000)
    properties = PropertySet(
        np.zeros_like, [probe.column for probe in probes], (labels, labels),
        {probe.name: probe for probe in probes}, 0.6 * np.eye(2),
    )  # fmt: skip
    ones = np.ones((n, 2, 2), np.float32)
    change = Change(
        forward=up, backward=down, sizes=ones[:, 0, 0], map=ones[0], signed=ones[0, ..., None],
        steps=(-1, 0, 1), curve=np.zeros((3, 2)), lines=np.zeros((1, 3, 2)), linearity=None,
        sweep_n=1, motion=None,
    )  # fmt: skip
    (found,) = move_effects([change], properties)
    return found.effects


def opposite(size: float) -> Any:
    return size * np.where(np.arange(256) % 2, 1.0, -1.0)


@pytest.mark.parametrize(
    ("smile", "turn", "told"), [(0.5, 1.0, False), (1.6, 1.0, True), (0.5, 0.1, True)]
)
def test_a_poor_probe_is_trusted_where_little_else_changes(
    smile: float, turn: float, told: bool
) -> None:
    """A probe with an error of 0.5 sd errs anew in a picture in which much has changed."""
    up = np.stack([opposite(smile), np.full(256, turn)], axis=1)
    found = effects_of(up, -up, error=0.5)["smile"]
    assert (found.finding, is_told(found)) == ("opposite", told)


@pytest.mark.parametrize(("spread", "turn", "named"), [(0, 1, True), (1, 1, False), (1, 0, True)])
def test_an_even_part_that_varies_may_be_a_curve_of_another_factor(
    spread: float, turn: float, named: bool
) -> None:
    even = 0.5 + 0.75 * opposite(spread)
    turning = np.full(256, turn)
    found = effects_of(
        np.stack([even, turning], axis=1), np.stack([even, -turning], axis=1), error=0.05
    )["smile"]
    assert (found.finding, found.named) == ("either way", named)
