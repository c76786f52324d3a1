"""Loss curves."""

from collections.abc import Sequence

from matplotlib.ticker import LogLocator, MaxNLocator

from zatlas.errors import InputError
from zatlas.figures import style
from zatlas.figures.style import BLUE, HAIRLINE, INK, MUTED, VERMILLION
from zatlas.run.history import HistoryRow

_WIDTH, _HEIGHT = 1080, 560
_LOG_FROM = 5.0  # largest loss over smallest; from here on the axis is logarithmic
_MARKED_EPOCHS = 40  # with more epochs, no marker is drawn for each


def loss_curves(rows: Sequence[HistoryRow], best_epoch: int | None = None) -> style.NotebookFigure:
    """Draw training and held-out loss over the epochs.

    The axis of the loss is logarithmic where the largest loss is more than 5 times the smallest.

    Parameters
    ----------
    rows : the history of a run, one row or more.
    best_epoch : the epoch to mark; by default the one with the lowest held-out loss.

    Raises
    ------
    InputError
        There is no row.
    """
    if not rows:
        raise InputError("rows: the history is empty; give one epoch or more")
    epochs = [row.epoch for row in rows]
    train = [row.train_loss for row in rows]
    valid = [row.valid_loss for row in rows]
    if best_epoch is None:
        best_epoch = epochs[valid.index(min(valid))]
    best = valid[epochs.index(best_epoch)]

    figure = style.new_figure(_WIDTH, _HEIGHT)
    axes = style.panel(figure, 0.09 * _WIDTH, 0.04 * _HEIGHT, 0.89 * _WIDTH, 0.82 * _HEIGHT)
    marker = "o" if len(rows) <= _MARKED_EPOCHS else ""
    for losses, colour, label in ((train, BLUE, "training"), (valid, VERMILLION, "held-out")):
        axes.plot(epochs, losses, color=colour, label=label, marker=marker, ms=3, lw=1.4)
    axes.plot(
        [best_epoch], [best], "o", markersize=9, mfc="none", mec=INK, linestyle="none",
        clip_on=False, label=f"best epoch: {best_epoch}, held-out {best:.4g}",
    )  # fmt: skip
    low, high = min(train + valid), max(train + valid)
    if low > 0 and high / low > _LOG_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
        for set_formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            set_formatter("{x:g}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
    axes.set_xlabel("epoch", fontsize=8, color=INK)
    axes.set_ylabel("loss", fontsize=8, color=INK)
    axes.tick_params(which="both", labelsize=7, colors=MUTED, length=3)
    axes.grid(which="both", color=HAIRLINE, linewidth=0.4)
    axes.legend(frameon=False, fontsize=7.5, labelcolor=INK)
    return figure
