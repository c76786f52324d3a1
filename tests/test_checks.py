"""Issue H: after a training, what limits it is said with numbers; a healthy run gets no warning."""

from typing import Any

import numpy as np
import pytest

from conftest import TINY_GAUSSIAN
from test_learning import GOOD
from zatlas.latents import code_statistics
from zatlas.latents.code_statistics import CodeStatistics
from zatlas.recipes.objective_text import read_objective
from zatlas.run.checks.elements import check_elements
from zatlas.run.checks.loss_scale import ScaleCheck, check_scale
from zatlas.run.checks.losses import LossCheck, check_losses, improving
from zatlas.run.checks.pca import check_pca, pca_errors
from zatlas.run.checks.prior import check_prior
from zatlas.run.history import HistoryRow
from zatlas.run.learning import LearningCheck

RNG = np.random.default_rng(0)


def rows(held_out: list[float], training: list[float] | None = None) -> list[HistoryRow]:
    losses = zip(training or held_out, held_out, strict=True)
    return [
        HistoryRow(epoch=epoch, train_loss=train, valid_loss=valid, terms={}, seconds=1,
                   images_per_second=1)
        for epoch, (train, valid) in enumerate(losses, 1)
    ]  # fmt: skip


def losses(
    held_out: list[float], training: list[float] | None = None, warmup: int = 0
) -> LossCheck:
    return check_losses(rows(held_out, training), warmup)


def gaussian(mean: Any, sd: Any) -> CodeStatistics:
    codes = RNG.normal(mean, sd, (4000, len(mean))).astype(np.float32)
    return code_statistics.gather(codes)


def test_elements_whose_divergence_is_below_a_hundredth_of_a_nat_are_unused() -> None:
    """KL(N(m, s²) ‖ N(0, 1)) is 0 for m = 0, s = 1, and ½ for m = ±1, s = 1."""
    codes = np.zeros((10, 4), np.float32)
    codes[::2, :2], codes[1::2, :2] = 1, -1
    found = check_elements(codes, np.ones((10, 4), np.float32))
    assert (found.unused, found.used) == ((2, 3), 2)
    assert "2 of 4 elements are unused (a KL divergence below 0.01 nats" in found.sentence
    assert "Try a smaller KL weight" in found.sentence


def test_elements_that_never_change_are_unused() -> None:
    codes = RNG.normal(0, 1, (100, 20)).astype(np.float32)
    codes[:, 7] = 3
    found = check_elements(codes, None)
    assert found.unused == (7,)
    assert found.sentence == ""  # a twentieth is no fault
    codes[:, 8] = 3
    sentence = check_elements(codes, None).sentence
    assert "2 of 20 elements are unused (nearly the same value" in sentence


def test_the_divergence_of_the_codes_from_the_prior_is_exact_for_normal_codes() -> None:
    """An sd of 2 is (4 − 1 − log 4) / 2 = 0.807 nats, a mean of 1 is 0.5 nats."""
    sd = np.full((50, 2), 0.5)
    found = check_prior(gaussian([0, 1], [3.75**0.5, 0.75**0.5]), sd)
    assert found.nats == pytest.approx(0.807 + 0.5, abs=0.08)
    assert "sampler mixture" in found.sentence


def test_codes_that_follow_the_prior_get_no_warning() -> None:
    assert check_prior(gaussian([0, 0], [0.8, 0.8]), np.full((50, 2), 0.6)).sentence == ""


def test_correlated_codes_are_far_from_the_prior() -> None:
    """A correlation of 0.9 is −log(1 − 0.81) / 2 = 0.83 nats."""
    codes = RNG.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 20_000).astype(np.float32)
    statistics = code_statistics.gather(codes)
    assert check_prior(statistics, np.full((5, 2), 1e-3)).nats == pytest.approx(0.83, abs=0.03)


def test_a_code_without_noise_has_finite_numbers() -> None:
    sd = np.zeros((50, 2))
    assert np.isfinite(check_prior(gaussian([0, 0], [1, 0]), sd).nats)
    assert check_elements(np.zeros((50, 2)), sd).unused == ()


def test_a_warm_up_that_has_not_ended_is_told() -> None:
    found = losses([3.0, 2.0], warmup=2)
    assert "lasts 2 epochs, and the training had 2" in found.unfinished
    assert found.improving == found.overfitting == ""
    assert losses([3.0, 2.0, 1.999], warmup=1).unfinished == ""


def test_a_held_out_loss_that_still_falls_is_told() -> None:
    assert "fell by 10.0% in the last epoch of 3 (2 to 1.8)" in losses([3.0, 2.0, 1.8]).improving
    assert losses([3.0, 2.0, 1.99]).improving == ""
    assert losses([3.0]).improving == ""  # there is nothing to compare with
    over = losses([2.0] * 20 + [1.0] * 2)
    assert "in the last 2 epochs of 22" in over.improving
    assert losses([-3.0, -2.0]).improving == ""  # a log likelihood that gets worse


def test_a_loss_that_falls_with_the_learning_rate_is_not_told() -> None:
    found = check_losses(rows([3.0, 2.0, 1.8]), 0, annealed=True)
    assert found.improving == found.overfitting == ""
    assert improving([3.0, 2.0, 1.8])
    assert improving([3.0])  # nothing says that it would not
    assert not improving([3.0, 2.0, 1.99])


def test_a_network_that_overfits_is_told_from_which_epoch_on() -> None:
    found = losses([3.0, 2.0, 2.2, 2.3, 2.5], falling := [3.0, 2.0, 1.8, 1.5, 1.0])
    assert "overfits after epoch 2: until epoch 5 the held-out loss rose from 2 to 2.5" in (
        found.overfitting
    )
    assert losses([3.0, 2.0, 2.5, 2.5, 2.5]).overfitting == ""  # both rose
    assert losses([3.0, 2.0, 2.0, 2.0, 2.01], falling).overfitting == ""
    assert losses([3.0, 2.5, 2.0, 2.2, 2.5], falling).overfitting == ""  # two noisy epochs
    long = [3.0 - 0.05 * epoch for epoch in range(40)]
    assert losses([*long[:36], 2.0, 2.0, 2.0, 2.0], long).overfitting == ""  # the last tenth
    assert losses([*long[:35], 2.0, 2.0, 2.0, 2.0, 2.0], long).overfitting != ""


def test_no_two_warnings_contradict_each_other() -> None:
    """A larger network was told beside a smaller one, a larger KL weight beside a smaller one."""
    worse = check_pca(pictures(400), pictures(200), 0.5, 2)
    far = check_prior(gaussian([0, 1], [1.9, 0.8]), np.full((50, 2), 0.5))
    checks: dict[str, Any] = {**GOOD, "pca": worse}
    assert "or a larger network." in LearningCheck(**checks).warnings[0]
    assert "smaller weights" in LearningCheck(**checks, penalties=True).warnings[0]
    prior, network = LearningCheck(**checks, penalties=True, prior=far).warnings
    assert "a larger KL weight" in prior
    assert "smaller weights" not in network
    unused = check_elements(np.zeros((10, 2), np.float32), np.ones((10, 2), np.float32))
    elements, prior, _ = LearningCheck(**checks, prior=far, elements=unused).warnings
    assert "a smaller KL weight" in elements
    assert "larger KL weight" not in prior
    rising = losses([3.0, 2.0, 2.2, 2.3, 2.5], [3.0, 2.0, 1.8, 1.5, 1.0])
    (only,) = LearningCheck(**checks, losses=rising).warnings
    assert "a corruption of the images (the recipe dae), or a smaller network" in only


def test_the_errors_of_pca_are_those_of_projections() -> None:
    train, held_out = RNG.normal(size=(2, 30, 6)) * [5, 4, 3, 2, 1, 0.5]
    mean = train.mean(0)
    axes = np.linalg.svd(train - mean)[2]
    for k, error in enumerate(pca_errors(train, held_out), 1):
        centred = held_out - mean
        assert error == pytest.approx(np.square(centred - centred @ axes[:k].T @ axes[:k]).mean())


def pictures(count: int) -> Any:
    """Images of 6 independent pixels whose sds fall from 60 to 10 grey levels."""
    return (
        np.clip(RNG.normal(128, [60, 50, 40, 30, 20, 10], (count, 6)), 0, 255)
        .astype(np.uint8)
        .reshape(count, 1, 2, 3)
    )


def test_pca_tells_whether_the_network_or_the_code_limits() -> None:
    train, held_out = pictures(400), pictures(200)
    by_network = check_pca(train, held_out, 0.5, 2)
    assert by_network is not None
    assert "The network or its training limits" in by_network.network_limits
    assert by_network.code_limits == ""
    by_code = check_pca(train, held_out, by_network.pca_mse, 2)
    assert by_code is not None
    assert by_code.network_limits == ""
    assert "The size of the code may limit" in by_code.code_limits
    better = check_pca(train, held_out, by_network.pca_mse / 2, 2)
    assert better is not None
    assert better.network_limits == better.code_limits == ""  # the comparison does not tell
    whole = check_pca(train, held_out, 0.0, 6)
    assert whole is not None
    assert whole.network_limits == whole.code_limits == ""
    assert check_pca(train[:7], held_out, 0.5, 2) is None  # too few images
    same = np.repeat(train[:1], 20, axis=0)
    assert check_pca(same, held_out, 0.5, 2) is None


def scale(*terms: str, mean_picture_mse: float = 0.1) -> ScaleCheck | None:
    model = TINY_GAUSSIAN.model_copy(
        update={"image": (3, 64, 64), "objective": read_objective([*terms])}
    )
    return check_scale(model, 64, mean_picture_mse)


def test_the_beta_of_the_course_is_recognised() -> None:
    """H fault: a mean over pixels beside a KL summed over 2,000 images: β is 12.3 million."""
    found = scale("mse()", "kl(weight=2000)")
    assert found is not None
    assert found.beta == 12_288_000
    assert found.gain == pytest.approx(614.4)  # 12,288 values, half of 0.1
    assert "β is 12,288,000 (normalised 64,000.00," in found.sentence
    assert "summed over the elements of 2,000 images, as in some courses" in found.sentence
    assert "elements of 1 image," in (scale("mse()", "kl()") or found).sentence


def test_a_loss_whose_code_can_pay_gets_no_warning() -> None:
    for terms in (["sse()", "kl()"], ["sse()", "kl(weight=100)"], ["mse()", "kl(weight=0.001)"]):
        found = scale(*terms)
        assert found is not None
        assert found.sentence == ""
    assert scale("sse()") is None


def test_a_healthy_run_gets_no_warning_and_a_drowned_one_its_cause() -> None:
    codes = RNG.normal(0, 0.8, (200, 2)).astype(np.float32)
    noise = np.full((200, 2), 0.6, np.float32)
    train, held_out = pictures(400), pictures(200)
    checks: dict[str, Any] = {
        "losses": losses([3.0, 2.0, 2.0]),
        "elements": check_elements(codes, noise),
        "prior": check_prior(gaussian([0, 0], [0.8, 0.8]), noise),
        "pca": check_pca(train, held_out, 0.0, 6),
        "scale": scale("sse()", "kl()"),
    }
    healthy = LearningCheck(**GOOD, **checks)
    assert healthy.warnings == healthy.remarks == []
    again = LearningCheck.model_validate(healthy.plain())
    assert again == healthy
    drowned = {**GOOD, **checks, "mse": 0.1, "scale": scale("mse()", "kl(weight=2000)")}
    warnings = LearningCheck(**drowned).warnings
    assert len(warnings) == 2
    assert warnings[1].startswith("The KL divergence drowns the reconstruction")


def test_few_steps_an_epoch_are_told_once() -> None:
    few = {**GOOD, "improving": True, "training_images": 40, "steps_per_epoch": 1, "batch_size": 64}
    assert len(LearningCheck(**few, losses=losses([3.0, 2.0, 1.0])).warnings) == 1
