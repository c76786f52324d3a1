"""The figure and the tables of docs/disentanglement.md, from results/disentanglement.csv.

python benchmarks/draw_disentanglement.py

The tables stand in the page between two comments; the rest of the page is not changed.
"""

import csv
import re
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from zatlas.figures.style import BLUE, GROUND, HAIRLINE, INK, MUTED, save

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "disentanglement.csv"
PAGE = ROOT / "docs" / "disentanglement.md"
FIGURE = ROOT / "docs" / "figures" / "disentanglement.png"
RECIPES = ("ae", "vae", "beta-tcvae", "factor-vae", "qlae", "tripod")
BASELINE = "vae"  # that others are compared with, seed by seed
SETS = {"faces": "Rendered faces, 13 factors", "dsprites": "Rendered sprites, 5 factors"}
SCORES = {"mig": "MIG", "disentanglement": "DCI disentanglement", "infom": "InfoM",
          "informativeness": "DCI informativeness", "mse": "MSE"}  # fmt: skip
Found = dict[tuple[str, str, str], np.ndarray]  # of a set, a recipe and a score
START, END = "<!-- tables: made by `python benchmarks/draw_disentanglement.py` -->", "<!-- end -->"


def values() -> Found:
    """The numbers of a set, a recipe and a score, in the order of the seeds."""
    with RESULTS.open(encoding="utf-8") as handle:
        rows = sorted(csv.DictReader(handle), key=lambda row: int(row["seed"]))
    return {
        (images, recipe, score): np.array(
            [float(row[score] or "nan") for row in rows
             if (row["images"], row["recipe"]) == (images, recipe)]
        )
        for images in SETS for recipe in RECIPES for score in SCORES
    }  # fmt: skip


def draw(found: Found) -> Figure:
    """A dot for each seed: rows are recipes, columns scores; a line at the median."""
    figure = Figure(figsize=(9, 3.9), dpi=150, facecolor=GROUND)
    for row, (images, title) in enumerate(SETS.items()):
        for column, (score, name) in enumerate(SCORES.items()):
            axes = figure.add_axes((0.09 + 0.183 * column, 0.59 - 0.5 * row, 0.16, 0.30))
            for place, recipe in enumerate(RECIPES):
                mine = found[images, recipe, score]
                mine = mine[~np.isnan(mine)]
                axes.plot(mine, np.full(len(mine), place), "o", color=BLUE, ms=3.5, alpha=0.6,
                          mew=0)  # fmt: skip
                if len(mine):
                    axes.plot([np.median(mine)] * 2, [place - 0.3, place + 0.3], color=INK, lw=1)
            axes.set_yticks(range(len(RECIPES)), RECIPES if column == 0 else [])
            axes.set_ylim(len(RECIPES) - 0.4, -0.6)
            axes.set_xlim(
                0, 1.06 * max(np.nanmax(found[images, r, score], initial=0) for r in RECIPES)
            )
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.set_title(name, fontsize=7, color=INK, loc="left")
            dress(axes)
        figure.text(0.01, 0.955 - 0.5 * row, title, fontsize=8, color=INK)
    return figure


def dress(axes: Axes) -> None:
    """The house's style."""
    axes.tick_params(labelsize=6.5, colors=MUTED, length=2)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(HAIRLINE)


def tables(found: Found) -> str:
    """A table for each set: median and range over the seeds, and seeds better than the baseline."""
    parts = []
    for images, title in SETS.items():
        parts.append(f"**{title}**\n")
        parts.append(f"| recipe | {' | '.join(SCORES.values())} |")
        parts.append("| --- |" + " --- |" * len(SCORES))
        for recipe in RECIPES:
            cells = [cell(found, images, recipe, score) for score in SCORES]
            parts.append(f"| `{recipe}` | {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def cell(found: Found, images: str, recipe: str, score: str) -> str:
    """Median, range, and the seeds in which it is better than the baseline of the same seed."""
    mine, other = found[images, recipe, score], found[images, BASELINE, score]
    known = mine[~np.isnan(mine)]
    if not len(known):
        return "–"
    digits = {"mse": 4, "mig": 3}.get(score, 2)
    low, middle, high = (f"{v:.{digits}f}" for v in np.quantile(known, (0, 0.5, 1)))
    text = f"{middle} ({low}–{high})"
    if recipe == BASELINE:
        return text
    other = other[: len(mine)]  # of the same seeds, which begin at 0
    better = (mine < other) if score == "mse" else (mine > other)
    return f"{text}, {int(better.sum())} of {len(mine)}"


def main() -> None:
    """Write the figure, and the tables into the page."""
    found = values()
    save(draw(found), FIGURE, overwrite=True)
    text = PAGE.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(START)}.*{re.escape(END)}", re.S)
    made = f"{START}\n\n{tables(found)}\n{END}"
    PAGE.write_text(marked.sub(lambda _: made, text), encoding="utf-8")


if __name__ == "__main__":
    main()
