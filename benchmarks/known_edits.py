"""Known edits of faces: is the cause named first, and is motion told from shade?

python benchmarks/known_edits.py IMAGES.npy OUT.csv [--run RUN] [--rows 1200 1296] [--table FILE.md]
    [--figure FILE.png]

Every edit has one cause: a shift, more light, another hue, a blur, darker eyes. It is made in the
pictures themselves: in real faces, in what a PCA of 64 components keeps of them, and in what a
trained network draws, where it is the change that the decoder would draw. The properties are those
of zatlas, causes and attributes together, in sd over real images. A cause is named before the
attributes of its family, and one property of a family stands for it. Edits of form "plain" follow
the formulas that causes are fitted with, those of form "other" do the same in another way (HSV,
gamma, reflected edges, a moved region), so that the fit is not judged by its own formulas alone.

Written: a row an edit and kind of pictures. ``right``: its cause is named first, with its sign;
``large``: that effect is 0.2 sd or more; ``drawn``: the network draws the cause (blank: not
settled), so that a sentence would name it.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

import zatlas
from face_edits import KnownEdit, other_edits, plain_edits
from tables import write
from zatlas.evidence.account.naming import SMALLEST_EFFECT_SD
from zatlas.evidence.arrays import Array, Property, floats
from zatlas.evidence.effects.motion import StillPictures, judge_motion
from zatlas.evidence.properties.drawn import drawn_by_network
from zatlas.evidence.properties.property_set import (
    PropertySet,
    measured_alone,
    pixel_properties,
)
from zatlas.figures.style import BLUE, GROUND, INK, MUTED, save

ROWS = (1200, 1296)  # development rows end at 1800; the rules were chosen on rows 0 to 255
SPREAD_IMAGES = 512  # over which the sd of every property is measured
COMPONENTS = 64

Row = dict[str, object]


def pictures(images: Array, rows: slice, fit_rows: int, run: str | None) -> dict[str, Array]:
    """Real faces, what a PCA keeps of them, what a run draws; in [-1, 1]."""
    real = floats(images[rows])
    flat = floats(images[:fit_rows]).reshape(fit_rows, -1)
    pca = PCA(COMPONENTS, svd_solver="randomized", random_state=0).fit(flat)
    kept = pca.inverse_transform(pca.transform(real.reshape(len(real), -1)))
    found = {"real": real, f"pca-{COMPONENTS}": np.clip(kept, -1, 1).reshape(real.shape)}
    if run:
        found[Path(run).name] = floats(zatlas.open_run(run).reconstruct(images[rows]))
    return {kind: x.astype(np.float32) for kind, x in found.items()}


def in_order(effects_sd: Array, columns: Sequence[Property]) -> list[int]:
    """One property of every family, the largest effect first: a cause where one is large enough."""
    families = defaultdict(list)
    for k, column in enumerate(columns):
        families[column.family or column.name].append(k)
    sizes = np.abs(effects_sd)

    def first(members: list[int]) -> int:
        causes = [k for k in members if columns[k].kind == "cause"]
        large = [k for k in causes if sizes[k] >= SMALLEST_EFFECT_SD]
        return max(large or members, key=lambda k: sizes[k])

    return sorted(map(first, families.values()), key=lambda k: -sizes[k])


def named_first(edit: KnownEdit, effects_sd: Array, columns: Sequence[Property]) -> Row:
    """The first three names, and whether the cause is the first of all and of its family."""
    order = in_order(effects_sd, columns)
    first, effect = columns[order[0]], effects_sd[order[0]]
    row: Row = {
        f"named {place + 1}": f"{columns[k].name} {effects_sd[k]:+.2f}"
        for place, k in enumerate(order[:3])
    }
    if not edit.cause:
        return row
    family = next(column.family for column in columns if column.name == edit.cause)
    right = first.name == edit.cause and np.sign(effect) == edit.sign
    return {
        **row, "first": first.name, "right": int(right), "family": int(first.family == family),
        "large": int(abs(effect) >= SMALLEST_EFFECT_SD),
    }  # fmt: skip


def motion_told(edit: KnownEdit, still: StillPictures, after: Array) -> Row:
    """What warp and shade explain, the verdict, and whether it is right."""
    found = judge_motion(still.explain(after))
    if found is None:
        return {}
    row: Row = {k: getattr(found, k).value for k in ("warp", "shade", "beyond", "part")}
    row |= {"warp low": found.warp.low, "warp high": found.warp.high, "verdict": found.verdict}
    if edit.moves is not None:
        row["motion right"] = int((found.verdict == "motion") == edit.moves)
    return row


def edited(kind: str, before: Array, real: Array, properties: PropertySet) -> list[Row]:
    """A row for every edit of one kind of pictures."""
    assert properties.compare
    rows, columns, sd = [], list(properties.columns), properties.real_sd
    names = [column.name for column in columns]
    drawn = drawn_by_network(
        names, measured_alone(properties, real), measured_alone(properties, before)
    )
    told = {one.name: one for one in drawn}
    reference, still = properties.compare(before), StillPictures(before)
    values = reference.measure(before)
    for edit in [*plain_edits(), *other_edits()]:
        after = edit.edit(before.copy()).astype(np.float32)
        changes = reference.measure(after) - values
        effects = changes.mean(0) / np.where(sd > 0, sd, np.inf)
        row: Row = {"pictures": kind, "form": edit.form, "edit": edit.name, "cause": edit.cause}
        if edit.cause:
            one = told[edit.cause]
            row |= {"correlation": one.correlation, "drawn": "" if one.drawn is None else one.drawn}
        rows.append({**row, **named_first(edit, effects, columns),
                     **motion_told(edit, still, after)})  # fmt: skip
    return rows


def report(rows: Sequence[Row]) -> None:
    """Print the fractions, and every edit whose cause is not named first."""
    for kind, form in dict.fromkeys((row["pictures"], row["form"]) for row in rows):
        mine = [row for row in rows if (row["pictures"], row["form"]) == (kind, form)]
        asked = [row for row in mine if row["cause"]]
        told = [row["motion right"] for row in mine if "motion right" in row]
        right, family = (sum(bool(row[key]) for row in asked) for key in ("right", "family"))
        print(f"{kind} {form}: cause first {right} of {len(asked)}, its family {family}; "
              f"motion right {sum(map(bool, told))} of {len(told)}")  # fmt: skip
        for row in asked:
            if not row["right"]:
                print(f"  {row['edit']}: {row['named 1']}, {row['named 2']}, {row['named 3']}")


def confusion(rows: Sequence[Row]) -> dict[str, Counter[tuple[str, str]]]:
    """How often each property is named first for each cause, by kind of pictures."""
    counts: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in rows:
        if row["cause"]:
            counts[str(row["pictures"])][str(row["cause"]), str(row["first"])] += 1
    return counts


def as_markdown(rows: Sequence[Row]) -> str:
    """The table of confusions: a row for each cause, a column for each kind of pictures."""
    counts = confusion(rows)
    lines = [
        "| cause of the edit | " + " | ".join(counts) + " |",
        "| --- |" + " --- |" * len(counts),
    ]
    for cause in dict.fromkeys(str(row["cause"]) for row in rows if row["cause"]):
        cells = []
        for table in counts.values():
            found = {first: n for (asked, first), n in table.items() if asked == cause}
            right = f"{found.pop(cause, 0)} of {sum(found.values()) + table[cause, cause]}"
            others = ", ".join(f"{name} {n}" for name, n in sorted(found.items()))
            cells.append(right + (f"; {others}" if others else ""))
        lines.append(f"| {cause} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def as_figure(rows: Sequence[Row]) -> Figure:
    """The same as a figure: the fraction of edits of a cause in which each property is first."""
    counts = confusion(rows)
    causes = list(dict.fromkeys(str(row["cause"]) for row in rows if row["cause"]))
    others = sorted({first for table in counts.values() for _, first in table} - set(causes))
    names = [*causes, *others]
    figure = Figure(figsize=(4.2 * len(counts) + 1.6, 6.2), dpi=150, facecolor=GROUND)
    for place, (kind, table) in enumerate(counts.items()):
        total = np.array([[table[cause, name] for name in names] for cause in causes], float)
        shares = total / np.maximum(total.sum(1, keepdims=True), 1)
        axes = figure.add_subplot(1, len(counts), place + 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_title(kind, loc="left", fontsize=9, color=INK)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
        axes.set_yticks(range(len(causes)), causes if place == 0 else [], fontsize=7)
        for i, j in np.argwhere(total):
            colour = GROUND if shares[i, j] > 0.5 else MUTED
            axes.text(
                j, i, f"{total[i, j]:.0f}", ha="center", va="center", fontsize=7, color=colour
            )
        axes.axvline(len(causes) - 0.5, color=BLUE, linewidth=0.8)
        axes.set_xlabel("named first", fontsize=8, color=INK)
    figure.axes[0].set_ylabel("cause of the edit (number of edits)", fontsize=8, color=INK)
    figure.tight_layout()
    return figure


def main() -> None:
    """A row an edit and kind of pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images")
    parser.add_argument("out")
    parser.add_argument("--run")
    parser.add_argument("--rows", type=int, nargs=2, default=ROWS)
    parser.add_argument("--fit-rows", type=int, default=1800, help="rows the PCA and the sd see")
    parser.add_argument("--table", help="Markdown file of the table of confusions")
    parser.add_argument("--figure", help="figure of the table of confusions")
    asked = parser.parse_args()
    shown = np.array(np.load(asked.images, mmap_mode="r")[: max(asked.fit_rows, asked.rows[1])])
    known, part = shown[: asked.fit_rows], slice(*asked.rows)
    drawn = np.random.default_rng(0).permutation(len(known))[:SPREAD_IMAGES]
    properties = pixel_properties(known[drawn])
    rows: list[Row] = []
    kinds = pictures(shown, part, asked.fit_rows, asked.run)
    for kind, before in kinds.items():
        rows += edited(kind, before, kinds["real"], properties)
        write(asked.out, rows)
    report(rows)
    if asked.table:
        Path(asked.table).write_text(as_markdown(rows), encoding="utf-8")
    if asked.figure:
        save(as_figure(rows), asked.figure, overwrite=True)


if __name__ == "__main__":
    main()
