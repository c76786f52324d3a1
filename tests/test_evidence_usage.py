"""Which elements are used, and the axes of a code, on codes made by hand."""

import json
from typing import Any

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.evidence.codes.usage import (
    copies,
    correlations,
    gaussian_kl,
    measure_usage,
    total_correlation,
    verdict,
)
from zatlas.latents.directions.bases import principal_axes, sefa

N = 1000
Z = np.random.default_rng(0).normal(size=(N, 4))
EXACT = np.linalg.qr(Z - Z.mean(0))[0] * np.sqrt(N)  # uncorrelated, variance 1, to rounding


def test_kl_is_that_of_two_normals() -> None:
    torch = pytest.importorskip("torch")
    mean, sd = Z[:5], np.exp(Z[5:10] / 2)
    ours = gaussian_kl(mean, sd)
    normal = torch.distributions.Normal
    theirs = torch.distributions.kl_divergence(
        normal(torch.tensor(mean), torch.tensor(sd)), normal(0.0, 1.0)
    ).mean(0)
    np.testing.assert_allclose(ours, theirs.numpy())
    assert gaussian_kl(np.zeros((3, 1)), np.ones((3, 1)))[0] == 0
    assert gaussian_kl(np.ones((3, 1)), np.ones((3, 1)))[0] == 0.5
    with pytest.raises(InputError, match="above 0"):
        gaussian_kl(mean, -sd)


def test_states_of_a_gaussian_code() -> None:
    mean = np.stack([Z[:, 0], 0.05 * Z[:, 1], np.full(N, 0.3), 0.2 * Z[:, 2]], axis=1)
    sd = np.broadcast_to([0.1, 1.0, 1.0, 0.9], mean.shape)
    found = measure_usage(mean, sd_ND=sd)
    states = [row.state for row in found.elements]
    assert states == ["used", "at the prior", "constant", "used"]
    kl: list[Any] = [row.kl for row in found.elements]
    assert found.kl == pytest.approx(sum(kl), rel=1e-5)
    assert found.verdict.startswith(
        "Partly used: 2 of 4 elements (1 the same for every image, 1 at the prior whatever"
    )
    assert f"KL {found.kl:.3g} nats" in found.verdict


def test_states_of_a_plain_code() -> None:
    codes = 0.001 * Z  # a small scale is no sign of death without a prior
    found = measure_usage(codes, sensitivity_D=np.array([10, 10, 0.1, 0]))
    assert [row.state for row in found.elements] == ["used", "used", "ignored", "ignored"]
    drive: list[Any] = [row.drive for row in found.elements]
    np.testing.assert_allclose(drive[:2], 0.5, atol=1e-4)
    assert sum(drive) == pytest.approx(1)
    assert measure_usage(codes).verdict == "No collapse: all 4 elements are used."
    with pytest.raises(InputError, match=r"\(3,\) for 4"):
        measure_usage(codes, sensitivity_D=np.ones(3))


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (0, "Collapsed: none of the 40 elements is used (40 the same for every image)."),
        (3, "Nearly collapsed: 3 of 40 elements used (37 the same for every image)."),
        (4, "Partly used: 4 of 40 elements (36 the same for every image)."),
    ],
)
def test_verdicts(live: Any, words: Any) -> None:
    codes = np.zeros((N, 40))
    codes[:, :live] = Z[:, :live]
    assert measure_usage(codes).verdict == words


def test_copies_are_named() -> None:
    codes = np.c_[Z, -2 * Z[:, 1] + 0.1 * Z[:, 0], np.full(N, 7)]
    found = measure_usage(codes)
    assert found.copies == ((1, 4),)
    assert "z[1], z[4] are copies of one another." in found.verdict
    many = verdict(["used"] * 70, [range(60), (60, 61), (62, 63), (64, 65)], None)
    assert " 60 elements (z[0], z[1], z[2], z[3], z[4], z[5] ...) are copies" in many
    assert many.endswith(" 1 more group of copies.")  # and not "groups"
    assert found.elements[1].nearest == 4
    assert found.elements[1].nearest_correlation == pytest.approx(
        np.corrcoef(codes[:, 1], codes[:, 4])[0, 1]
    )
    assert found.elements[5].nearest is None
    assert copies(np.eye(3) * 0) == ()


def test_correlations_are_numpys() -> None:
    other = Z[:, :3] + 0.5 * Z[:, 1:]
    np.testing.assert_allclose(
        correlations(Z.astype(np.float32), other), np.corrcoef(Z.T, other.T)[:4, 4:], atol=1e-6
    )
    constant = np.full((N, 1), 0.1, np.float32)  # 0.1 has no exact mean
    assert np.all(correlations(constant, Z) == 0)


def test_principal_axes_of_a_code_with_known_ones() -> None:
    codes = EXACT * [3.0, 2.0, 1.0, 0.0]
    axes = principal_axes(codes)
    np.testing.assert_allclose(axes.fraction, np.array([9, 4, 1, 0]) / 14, atol=1e-9)
    np.testing.assert_allclose(axes.directions, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(axes.correlation, np.diag([1, 1, 1, 0]), atol=1e-9)
    assert axes.effective == pytest.approx(14**2 / (81 + 16 + 1))
    rows = measure_usage(codes).elements
    assert [row.axis for row in rows[:3]] == [0, 1, 2]
    np.testing.assert_allclose([row.axis_cosine for row in rows[:3]], 1)
    turned = EXACT[:, :2] * [3.0, 1.0] @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    row = measure_usage(turned).elements[0]
    assert row.axis_cosine == pytest.approx(np.sqrt(0.5))
    assert row.axis_correlation == pytest.approx(3 / np.sqrt(10))


def test_sefa_of_a_known_layer() -> None:
    weight = np.zeros((6, 3))
    weight[0, 0], weight[1, 1], weight[2, 2] = 1.0, 5.0, -2.0
    found = sefa(weight, np.array([4.0, 0.1, 1.0]))
    np.testing.assert_allclose(found.gain, [4, 2, 0.5])
    np.testing.assert_allclose(found.directions, np.eye(3)[[0, 2, 1]], atol=1e-12)
    np.testing.assert_allclose(found.element_gain, [4, 0.5, 2])
    equal = sefa(weight, np.ones(3), equal_units=True)
    np.testing.assert_allclose(equal.gain, 1)


def test_sefa_directions_move_the_layer_by_their_gain() -> None:
    rng = np.random.default_rng(0)
    weight, sd = rng.normal(size=(20, 5)), np.array([1, 2, 0.1, 0, 3])
    found = sefa(weight, sd)
    steps = (found.directions * sd) @ weight.T
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), found.gain, atol=1e-9)
    assert np.all(np.diff(found.gain) <= 1e-12)
    np.testing.assert_allclose(found.directions[:4, 3], 0, atol=1e-12)
    assert all(row[np.abs(row).argmax()] > 0 for row in found.directions)
    random = rng.normal(size=(1000, 5))
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    assert np.linalg.norm((random * sd) @ weight.T, axis=1).max() <= found.gain[0]
    with pytest.raises(InputError, match=r"\(5, 20\) for a code of 5"):
        sefa(weight.T, sd)


def test_total_correlation_of_normal_codes() -> None:
    r = 0.8
    pair = EXACT[:, :2] @ np.array([[1, r], [0, np.sqrt(1 - r * r)]])
    assert total_correlation(pair) == pytest.approx(-np.log(1 - r * r) / 2, rel=0.02)
    assert total_correlation(EXACT) == pytest.approx(0, abs=1e-9)
    assert total_correlation(pair * [100, 0.01]) == pytest.approx(total_correlation(pair))
    assert total_correlation(np.zeros((N, 2))) == 0
    sheet = np.c_[Z, Z @ np.ones(4)]  # singular: finite all the same
    of_sheet = total_correlation(sheet)
    assert of_sheet is not None
    assert 1 < of_sheet < 50
    found = measure_usage(np.c_[Z, Z + Z[:, ::-1]])
    assert found.total_correlation is not None
    assert found.total_correlation_chance is not None
    assert found.total_correlation > 10 * found.total_correlation_chance


def test_same_seed_same_json_and_bad_input() -> None:
    first = json.dumps(measure_usage(Z, seed=1).plain(), allow_nan=False)
    assert first == json.dumps(measure_usage(Z, seed=1).plain(), allow_nan=False)
    with pytest.raises(InputError, match="at least 2"):
        measure_usage(Z[:1])
