"""What the losses of the epochs say: unfinished warm-up, still improving, overfitting."""

from collections.abc import Sequence

from zatlas.run.checks.limits import (
    FEWEST_EPOCHS_OF_A_RISE,
    IMPROVING_FRACTION,
    RISING_FRACTION,
)
from zatlas.run.history import HistoryRow
from zatlas.schema import Number, Record


class LossCheck(Record):
    """The losses of the epochs after the warm-up, whose losses can be compared.

    ``best`` is the epoch with the lowest held-out loss. ``before`` is the lowest held-out loss
    before the last ``tail`` epochs, which are a tenth of all; None where there is no epoch before.
    Each pair of losses is that of the best epoch and that of the last. ``annealed``: the learning
    rate falls to 0 at the end, which makes the loss fall there.
    """

    epochs: int
    warmup_epochs: int
    best: int
    held_out: tuple[Number, Number]
    training: tuple[Number, Number]
    tail: int
    before: Number | None
    annealed: bool = False

    @property
    def unfinished(self) -> str:
        """Where the warm-up has not ended, what to try."""
        if self.warmup_epochs < self.epochs:
            return ""
        return (
            f"The warm-up of the penalties lasts {self.warmup_epochs} epochs, and the training had "
            f"{self.epochs}. Train for more epochs than that, or take a shorter warm-up "
            "(warmup_epochs)."
        )

    @property
    def improving(self) -> str:
        """Where the held-out loss still fell at the end, by no fall of the rate, what to try."""
        last = self.held_out[1]
        if self.annealed or self.before is None or not is_lower(last, self.before):
            return ""
        over = "epoch" if self.tail == 1 else f"{self.tail} epochs"
        fell = (self.before - last) / abs(self.before)
        return (
            f"The held-out loss still fell by {fell:.1%} in the last {over} of {self.epochs} "
            f"({self.before:.4g} to {last:.4g}). Try more epochs."
        )

    @property
    def overfitting(self) -> str:
        """Where the held-out loss rose while the training loss fell, what to try.

        The best epoch lies before the last tenth of the epochs and is not the last but one: a rise
        in one or two epochs may be noise.
        """
        best, last = self.held_out
        at_best, at_last = self.training
        recent = self.epochs - self.best <= max(self.tail, FEWEST_EPOCHS_OF_A_RISE - 1)
        if recent or last - best <= RISING_FRACTION * abs(best) or at_last >= at_best:
            return ""
        return (
            f"The network overfits after epoch {self.best}: until epoch {self.epochs} the held-out "
            f"loss rose from {best:.4g} to {last:.4g}, and the training loss fell from "
            f"{at_best:.4g} to {at_last:.4g}. The run keeps the weights of epoch {self.best}. Try "
            "more images, a corruption of the images (the recipe dae), or a smaller network."
        )


def check_losses(
    history: Sequence[HistoryRow], warmup_epochs: int, *, annealed: bool = False
) -> LossCheck:
    """Check the epochs of a training, one at least."""
    rows = history[warmup_epochs:] or history[-1:]
    best, last = min(rows, key=lambda row: row.valid_loss), rows[-1]
    tail, before = lowest_before([row.valid_loss for row in rows])
    return LossCheck(
        epochs=len(history), warmup_epochs=warmup_epochs, best=best.epoch,
        held_out=(best.valid_loss, last.valid_loss), training=(best.train_loss, last.train_loss),
        tail=tail, before=before, annealed=annealed,
    )  # fmt: skip


def improving(losses: Sequence[float]) -> bool:
    """Whether the losses still fell at the end; they may have where there is nothing before it."""
    before = lowest_before(losses)[1]
    return before is None or is_lower(losses[-1], before)


def lowest_before(losses: Sequence[float]) -> tuple[int, float | None]:
    """A tenth of the epochs, one at least, and the lowest loss before these last ones."""
    tail = max(1, len(losses) // 10)
    return tail, min(losses[:-tail], default=None)


def is_lower(last: float, before: float) -> bool:
    """Whether a loss is lower than one before by more than pictures show."""
    return before - last > IMPROVING_FRACTION * abs(before)
