"""Whether a training has learned anything, and went well: what is checked after it."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.reconstruction import Reconstruction
from zatlas.latents.code_statistics import CodeStatistics
from zatlas.models.network import Autoencoder
from zatlas.recipes.critics import NoCritic
from zatlas.recipes.schedules import is_annealed
from zatlas.run.checks.batches import few_steps
from zatlas.run.checks.elements import ElementCheck, check_elements
from zatlas.run.checks.limits import (
    DIVERGED_RATIO,
    FEW_STEPS_AN_EPOCH,
    LEAST_LEARNED_FRACTION,
    WORSE_RATIO,
)
from zatlas.run.checks.loss_scale import ScaleCheck, check_scale
from zatlas.run.checks.losses import LossCheck, check_losses, improving
from zatlas.run.checks.pca import MOST_FITTED, MOST_TESTED, MOST_VALUES, PCACheck, check_pca
from zatlas.run.checks.prior import PriorCheck, check_prior
from zatlas.run.config import TrainConfig
from zatlas.run.history import HistoryRow
from zatlas.run.split import Part
from zatlas.schema import Number, VersionedRecord

Floats = NDArray[np.floating]
USUAL_LR = 1e-3


class LearningCheck(VersionedRecord):
    """``evidence/learning.json``: the numbers that tell whether a network has learned.

    ``mse`` and ``mean_picture_mse`` are of ``n`` held-out images, pixels in [-1, 1]: that of the
    reconstructions, and that of the mean training picture in their place. ``first_loss`` and
    ``last_loss`` are the training reconstruction losses of the first and the last epoch.
    ``improving``: the held-out loss still falls in the last epochs. ``kl_weight`` is 0 without a KL
    divergence. ``penalties``: the objective has any. ``weights`` is the fingerprint of the network
    that was measured. A check that does not apply to the model, or that an older zatlas did not
    make, is None.
    """

    n: int
    mse: Number
    mean_picture_mse: Number
    first_loss: Number
    last_loss: Number
    improving: bool
    training_images: int
    steps_per_epoch: int
    batch_size: int
    lr: Number
    kl_weight: Number
    penalties: bool = False
    weights: str | None = None
    losses: LossCheck | None = None
    elements: ElementCheck | None = None
    prior: PriorCheck | None = None
    pca: PCACheck | None = None
    scale: ScaleCheck | None = None

    @property
    def learned_nothing(self) -> str:
        """The fault where the network is no better than the mean picture, else empty."""
        mean = self.mean_picture_mse
        if mean == 0 or self.mse < (1 - LEAST_LEARNED_FRACTION) * mean:
            return ""
        numbers = f"held-out MSE {self.mse:.3g}, the mean training picture alone {mean:.3g}"
        return f"the network learned nothing ({numbers})"

    @property
    def warnings(self) -> list[str]:
        """What went wrong in the training, with the numbers, and what to try next."""
        nothing, drowned = self.learned_nothing, self.scale.sentence if self.scale else ""
        effects = "The effects of its elements say nothing about the images."
        found = [f"T{nothing[1:]}. {effects}"] if nothing else []
        found += filter(None, (self._rate(), self._few_steps(), drowned))
        if nothing and len(found) == 1:
            found.append(
                f"Try a smaller KL weight than {self.kl_weight:g}." if self.kl_weight
                else "Try more epochs, another learning rate (lr), or a larger network."
            )  # fmt: skip
        return found if nothing else [*found, *self._faults()]

    def _faults(self) -> list[str]:
        """What can be better in a network that has learned something."""
        found = []
        if self.losses:
            found += [self.losses.unfinished, self.losses.overfitting]
            found += [] if self._few_steps() else [self.losses.improving]
        unused = self.elements.sentence if self.elements else ""  # a smaller KL weight
        prior = self.prior.said(heavier=not unused) if self.prior else ""
        found += [unused, prior]
        if self.pca and not self.overfits:  # a smaller network is tried there
            found.append(self.pca.network_sentence(lighter=self.penalties and not prior))
        return [sentence for sentence in found if sentence]

    @property
    def overfits(self) -> bool:
        """Whether the training is said to overfit."""
        return bool(self.losses and self.losses.overfitting)

    @property
    def remarks(self) -> list[str]:
        """What is no fault and worth knowing: whether a larger code would help."""
        if self.learned_nothing or self.overfits or not self.pca:
            return []
        return [sentence for sentence in [self.pca.code_limits] if sentence]

    def _rate(self) -> str:
        rising = self.last_loss > DIVERGED_RATIO * self.first_loss
        few = self.steps_per_epoch < FEW_STEPS_AN_EPOCH
        worse = not few and self.mse > WORSE_RATIO * self.mean_picture_mse > 0
        if not (rising or worse):
            return ""
        lower = USUAL_LR if self.lr > USUAL_LR else self.lr / 10
        losses = f"training loss {self.first_loss:.3g} in the first epoch, {self.last_loss:.3g} in"
        fault = f"The training diverged ({losses} the last)" if rising else "It is far worse"
        return f"{fault}: try a lower learning rate (lr) than {self.lr:g}, as {lower:g}."

    def _few_steps(self) -> str:
        few = few_steps(self.training_images, self.batch_size)
        if not few or not (self.improving or self.learned_nothing):
            return ""
        return (
            f"{few} As it is, pictures may be blurrier than this network can draw them, and the "
            "effects of its elements may change with longer training."
        )


def check_learning(
    history: Sequence[HistoryRow], config: TrainConfig, network: Autoencoder, train: Part,
    images_NHWC: NDArray[np.uint8], measured: Reconstruction,
    posterior: tuple[Floats, Floats | None], statistics: CodeStatistics,
) -> LearningCheck:  # fmt: skip
    """Check a finished training.

    Parameters
    ----------
    history : its epochs.
    config : its settings.
    network : what was trained.
    train : the training images.
    images_NHWC, measured : the held-out images, and how well they are reconstructed.
    posterior : the codes of the held-out images and, of a Gaussian bottleneck, their sd.
    statistics : of the codes of the training images.
    """
    objective = network.model_file.objective
    mean = _mean_picture(train)
    error = float(np.mean([np.square((x - mean) * (2 / 255)).mean() for x in images_NHWC]))
    losses = [row.terms[f"train_{objective.reconstruction.name}"] for row in history]
    weights = {term.name: term.weight for term in objective.penalties}
    comparable = isinstance(network.model_file.critic, NoCritic)  # losses of different epochs
    elements, sd = check_elements(*posterior), posterior[1]
    if network.has_own_prior:
        sd = None  # the codes need not follow the standard normal prior
    return LearningCheck(
        n=len(images_NHWC), mse=measured.metrics["mse"].mean, mean_picture_mse=error,
        first_loss=losses[0], last_loss=losses[-1],
        improving=improving([row.valid_loss for row in history][objective.warmup_epochs :]),
        training_images=len(train), steps_per_epoch=math.ceil(len(train) / config.batch_size),
        batch_size=config.batch_size, lr=config.lr, kl_weight=weights.get("kl", 0.0),
        penalties=any(weights.values()),
        losses=check_losses(
            history, objective.warmup_epochs, annealed=is_annealed(config.schedule)
        ) if comparable else None,
        elements=elements,
        prior=None if sd is None else check_prior(statistics, sd),
        pca=_compared_with_pca(train, images_NHWC, measured, elements.used),
        scale=check_scale(network.model_file, network.latent, error),
    )  # fmt: skip


def _compared_with_pca(
    train: Part, images_NHWC: NDArray[np.uint8], measured: Reconstruction, components: int
) -> PCACheck | None:
    """The comparison on as many images as take about a second."""
    most = min(MOST_FITTED, MOST_VALUES // images_NHWC[0].size)
    fitted = train.images[train.rows[:: math.ceil(len(train) / most)]] if most else images_NHWC[:0]
    errors = np.array(measured.metrics["mse"].per_image[:MOST_TESTED], float)
    return check_pca(fitted, images_NHWC[:MOST_TESTED], float(errors.mean()), components)


def _mean_picture(part: Part, length: int = 1024) -> NDArray[np.float64]:
    """The mean (H, W, C) of the images of a part, in grey levels."""
    total = np.zeros(part.images.shape[1:], np.uint64)
    for start in range(0, len(part), length):
        total += part.images[part.rows[start : start + length]].sum(0, dtype=np.uint64)
    return total / len(part)
