"""Loss curves."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from zatlas.pictures.style import BLUE, DPI, GROUND, HAIRLINE, INK, MUTED, VERMILLION

_LOG_FROM = 5.0  # a range of losses from which a linear axis would flatten the end of the curve


def loss_curves(rows: Sequence[Mapping[str, float]], best_epoch: int | None = None) -> Figure:
    """Training and held-out loss over the epochs, from the rows of a history.

    ``best_epoch`` is marked; without it the epoch of the least held-out loss. The axis is
    logarithmic where the losses span more than a factor of 5.
    """
    epochs = [int(row["epoch"]) for row in rows]
    train = [row["train_loss"] for row in rows]
    valid = [row["valid_loss"] for row in rows]
    if best_epoch is None:
        best_epoch = epochs[valid.index(min(valid))]
    best = valid[epochs.index(best_epoch)]

    figure = Figure(figsize=(1080 / DPI, 560 / DPI), dpi=DPI, facecolor=GROUND)
    axes = figure.add_axes((0.09, 0.14, 0.89, 0.82))
    marker = "o" if len(rows) <= 40 else ""
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
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=7.5, labelcolor=INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(HAIRLINE)
    return figure
