"""The figures of docs/studies.md and docs/performance.md, from the rows in benchmarks/results/.

python benchmarks/draw_studies.py docs/figures
"""

import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tables import read
from zatlas.figures.style import BLUE, GROUND, HAIRLINE, INK, MUTED, VERMILLION, save

RESULTS = Path(__file__).parent / "results"
GROUPS = (("fcn-multi-encoder", "rendered", "R0, rendered faces: 30 elements", ("yaw",)),
          ("fcn-10", "rendered", "R4, rendered faces: 100 elements",
           ("skin tone", "light azimuth", "light elevation")),
          ("fcn-10", "real", "R4, real faces: 100 elements",
           ("gender", "chroma", "luminance", "left-right light", "top-bottom light")))  # fmt: skip


def claims() -> Figure:
    """What elements do most, counted over seeds; what a report claims in colour."""
    figure = Figure(figsize=(9, 3.4), dpi=150, facecolor=GROUND)
    rows = read(RESULTS / "report-claims.csv")
    for place, (model, data, title, claimed) in enumerate(GROUPS):
        mine = [r for r in rows if (r["model"], r["data"]) == (model, data)]
        found = Counter(re.sub(" = .*", "", r["largest"]).replace("_", " ") for r in mine)
        shown = [(name or "nothing nameable", n) for name, n in found.most_common(8)]
        shown += [(name, 0) for name in claimed if name not in found]
        axes = figure.add_axes((0.125 + 0.32 * place, 0.14, 0.185, 0.74))
        names = [name for name, _ in shown]
        colours = [VERMILLION if name in claimed else HAIRLINE for name in names]
        axes.barh(range(len(shown)), [n for _, n in shown], color=colours)
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        for row, (_, n) in enumerate(shown):
            axes.text(n + 0.4, row, str(n), va="center", fontsize=6, color=MUTED)
        axes.set_title(title, fontsize=7.5, color=INK, loc="left")
        axes.set_xlabel("elements whose largest effect it is", fontsize=6.5, color=INK)
        dress(axes)
    return figure


def display() -> Figure:
    """Lightness: the edit on one scale, and what the display takes away besides."""
    figure = Figure(figsize=(6, 2.2), dpi=150, facecolor=GROUND)
    axes = figure.add_axes((0.2, 0.22, 0.76, 0.66))
    rows = read(RESULTS / "display-trap.csv")
    labels = [f"{r['edit']}, seed {r['seed']}" for r in rows]
    for row, r in enumerate(rows):
        start, end, shown = (float(r[k]) for k in ("reconstruction_L", "edit_L", "as_displayed_L"))
        axes.plot([end, shown], [row, row], color=HAIRLINE, lw=3, zorder=1)
        axes.plot(start, row, "o", color=INK, ms=4)
        axes.plot(end, row, "o", color=BLUE, ms=4)
        axes.plot(shown, row, "o", color=VERMILLION, ms=4)
    for label, colour in (("reconstruction", INK), ("edit, on the same scale", BLUE),
                          ("edit, as displayed", VERMILLION)):  # fmt: skip
        axes.plot([], [], "o", color=colour, ms=4, label=label)
    axes.legend(frameon=False, fontsize=6.5, loc="lower center", bbox_to_anchor=(0.5, 0.98), ncol=3)
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("lightness, mean L*", fontsize=6.5, color=INK)
    dress(axes)
    return figure


def atlas_speed() -> Figure:
    """Seconds of the atlas against elements and against images, with the straight line of least
    squares: where the points keep to it, growth is linear.
    """
    figure = Figure(figsize=(6, 2.4), dpi=150, facecolor=GROUND)
    rows = read(RESULTS / "atlas.csv")
    for place, case in enumerate(("elements", "images")):
        mine = [r for r in rows if r["case"] == case]
        axes = figure.add_axes((0.09 + 0.5 * place, 0.2, 0.38, 0.68))
        x, y = ([float(r[k]) for r in mine] for k in (case, "seconds"))
        slope, start = np.polyfit(x, y, 1)
        axes.plot([0, x[-1]], [start, start + slope * x[-1]], color=HAIRLINE, lw=1)
        axes.plot(x, y, "o", color=BLUE, ms=4)
        axes.set_ylim(0)
        other = "images" if case == "elements" else "elements"
        axes.set_title(f"{mine[0]['model']}, {mine[0][other]} {other}", fontsize=7.5, loc="left")
        axes.set_xlabel(case, fontsize=6.5, color=INK)
        axes.set_ylabel("seconds", fontsize=6.5, color=INK)
        dress(axes)
    return figure


def dress(axes: object) -> None:
    """The house's style."""
    axes.tick_params(labelsize=6.5, colors=MUTED, length=2)  # type: ignore[attr-defined]
    for side, spine in axes.spines.items():  # type: ignore[attr-defined]
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(HAIRLINE)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    save(claims(), place / "studies-claims.png")
    save(display(), place / "studies-display.png")
    save(atlas_speed(), place / "atlas-speed.png")
