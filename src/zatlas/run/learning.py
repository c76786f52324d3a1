"""Whether a training has learned anything: what is checked before anything is judged."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zatlas.evidence.reconstruction import Reconstruction
from zatlas.recipes.objective import Objective
from zatlas.run.config import TrainConfig
from zatlas.run.history import HistoryRow
from zatlas.run.split import Part
from zatlas.schema import Number, VersionedRecord

LEAST_LEARNED_FRACTION = 0.05  # of the mean picture's MSE that a network must remove
FEW_STEPS_AN_EPOCH = 20
DIVERGED_RATIO = 1.1  # of the loss in the last epoch to that in the first
WORSE_RATIO = 1.5  # of the network's MSE to the mean picture's: the learning rate is too large
IMPROVING_FRACTION = 0.01  # of the held-out loss, in the last tenth of the epochs
USUAL_LR = 1e-3


class LearningCheck(VersionedRecord):
    """``evidence/learning.json``: the numbers that tell whether a network has learned.

    ``mse`` and ``mean_picture_mse`` are of ``n`` held-out images, pixels in [-1, 1]: that of the
    reconstructions, and that of the mean training picture in their place. ``first_loss`` and
    ``last_loss`` are the training reconstruction losses of the first and the last epoch.
    ``improving``: the held-out loss still falls in the last epochs. ``kl_weight`` is 0 without a KL
    divergence. ``weights`` is the fingerprint of the network that was measured.
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
    weights: str | None = None

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
        nothing = self.learned_nothing
        effects = "The effects of its elements say nothing about the images."
        found = [f"T{nothing[1:]}. {effects}"] if nothing else []
        found += filter(None, (self._rate(), self._few_steps()))
        if nothing and len(found) == 1:
            found.append(
                f"Try a smaller KL weight than {self.kl_weight:g}." if self.kl_weight
                else "Try more epochs, another learning rate (lr), or a larger network."
            )  # fmt: skip
        return found

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


def few_steps(training_images: int, batch_size: int) -> str:
    """What to say where an epoch has few steps, with the batch size to try; else empty.

    >>> few_steps(257, 256)
    'An epoch is only 2 steps of training (257 images in batches of 256): try a batch size of 8.'
    """
    steps = math.ceil(training_images / batch_size)
    smaller = _power_of_two(training_images // FEW_STEPS_AN_EPOCH)
    if steps >= FEW_STEPS_AN_EPOCH or smaller >= batch_size:
        return ""
    words = f"{steps} step{'s' * (steps > 1)} of training"
    batches = f"{training_images} images in batches of {batch_size}"
    return f"An epoch is only {words} ({batches}): try a batch size of {smaller}."


def check_learning(
    history: Sequence[HistoryRow], config: TrainConfig, objective: Objective, train: Part,
    images_NHWC: NDArray[np.uint8], measured: Reconstruction,
) -> LearningCheck:  # fmt: skip
    """Check a finished training.

    Parameters
    ----------
    history : its epochs.
    config : its settings.
    objective : what it minimised.
    train : the training images.
    images_NHWC, measured : the held-out images, and how well they are reconstructed.
    """
    mean = _mean_picture(train)
    errors = [np.square((image - mean) * (2 / 255)).mean() for image in images_NHWC]
    losses = [row.terms[f"train_{objective.reconstruction.name}"] for row in history]
    weights = {term.name: term.weight for term in objective.penalties}
    return LearningCheck(
        n=len(images_NHWC), mse=measured.metrics["mse"].mean, mean_picture_mse=np.mean(errors),
        first_loss=losses[0], last_loss=losses[-1],
        improving=_improving([row.valid_loss for row in history][objective.warmup_epochs :]),
        training_images=len(train), steps_per_epoch=math.ceil(len(train) / config.batch_size),
        batch_size=config.batch_size, lr=config.lr, kl_weight=weights.get("kl", 0.0),
    )  # fmt: skip


def _mean_picture(part: Part, length: int = 1024) -> NDArray[np.float64]:
    """The mean (H, W, C) of the images of a part, in grey levels."""
    total = np.zeros(part.images.shape[1:], np.uint64)
    for start in range(0, len(part), length):
        total += part.images[part.rows[start : start + length]].sum(0, dtype=np.uint64)
    return total / len(part)


def _improving(losses: Sequence[float]) -> bool:
    """Whether the last tenth of the held-out losses, one at least, is still lower than before."""
    last = max(1, len(losses) // 10)
    return len(losses) <= last or losses[-1] < (1 - IMPROVING_FRACTION) * min(losses[:-last])


def _power_of_two(most: int) -> int:
    """The largest power of two up to ``most``; 2 at least."""
    return 1 << max(1, most.bit_length() - 1)
