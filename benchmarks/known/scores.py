"""Marks: what was said beside what is true. Nothing here measures or decodes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from known.adapter import Answer, Judged
from known.truth import Array, Case

ABOUT = ("attribute", "factor")
SIGNED = ("directed", "one way")
UNSIGNED = ("opposite", "uneven")
NAMED = (*SIGNED, "either way", *UNSIGNED)
TRULY = 0.1
"""In sd: a property that moves less has not moved, and whoever names it is wrong."""
CLEAR = 0.3
"""In sd: an effect that large must be found, and must not be called small."""
BOUND = 0.2
"""In sd: the smallest effect that a sentence names (``SMALLEST_EFFECT_SD`` of zatlas)."""
EACH_WAY = 0.2
"""Of images that must go up, and down, by 0.2 sd or more where effects have to be told opposite."""
MAINLY = 1.5
"""A property is not what an element mainly does where another family moves more than 1 / 1.5 as
far. Sentences ask for a measured ratio of 2; a true ratio between 1.5 and 2 may be measured as 2 by
chance, and whoever measures it again still finds the same property first.
"""
DRAWN = 0.5  # of likeness, or of the share of a change: less is not drawn by the decoder
NORMAL = 1.96
POWERS = ((0.04, 0.075), (0.075, 0.15), (0.15, 0.25), (0.25, 0.4), (0.4, 0.75), (0.75, 9.0))

FIELDS = {
    "decoder": "U16", "seed": int, "element": int, "kind": "U24", "about": "U16", "name": "U48",
    "odd": float, "even": float, "rms": float, "step": float, "minority": float, "se": float,
    "even_se": float, "scale": float, "drawn": float, "ratio": float, "mean": float,
    "low": float, "high": float, "mean_sd": float, "low_sd": float, "high_sd": float,
    "says": "U12", "main": bool,
}  # fmt: skip


def cells(
    decoder: str, seed: int, case: Case, answers: Sequence[Answer], families: Mapping[str, str]
) -> Array:
    """A row for each judged element and property: its truth, and what was said.

    ``odd``, ``even``, ``rms`` (of the odd part) and ``step`` (root mean square of the step that
    moves more) are in sd; ``se`` and ``even_se`` are what the means of ``odd`` and ``even`` are
    uncertain by over the case's images, ``scale`` an sd in natural units, ``ratio`` how far the
    largest of the other families moves, as a share of this property. Where the truth is NaN there
    is no row.
    """
    said = {(a.element, a.kind, a.name): a for a in answers}
    root, rows = np.sqrt(len(case.codes)), []
    for properties, effects in case.truth:
        scale = np.where(properties.scale > 0, properties.scale, np.nan)
        own = np.array([families.get(name, name) for name in properties.names])
        for j in np.flatnonzero(case.sd > 0).tolist():
            true = {name: values[j] / scale for name, values in vars(effects).items()}
            size = np.abs(true["odd"]) + np.abs(true["even"])  # of the step that moves more
            for k, name in enumerate(properties.names):
                if not np.isfinite(true["odd"][k]):  # nobody knows
                    continue
                key = (j, properties.kind, name)
                answer = said.get(key, Answer(*key))
                others = np.nanmax(size[own != own[k]], initial=0)
                rows.append((
                    decoder, seed, j, case.kinds[j], properties.kind, name, true["odd"][k],
                    true["even"][k], true["rms"][k], max(true["forward"][k], true["backward"][k]),
                    effects.minority[j, k], true["spread"][k] / root, true["even_spread"][k] / root,
                    scale[k], properties.drawn[k], others / max(size[k], 1e-9), answer.mean,
                    answer.low, answer.high, answer.mean_sd, answer.low_sd, answer.high_sd,
                    answer.says, answer.main,
                ))  # fmt: skip
    return np.array(rows, dtype=list(FIELDS.items()))


@dataclass(frozen=True)
class Mark:
    """``found`` is the share (or slope) of ``of`` cases; ``asked`` the goal; NaN without cases.

    ``error`` is its standard error over seeds: the cases of one seed share their images.
    """

    decoder: str
    about: str
    question: str
    found: float
    of: int
    asked: str = ""
    error: float = float("nan")


def marks(table: Array) -> Iterator[Mark]:
    """Every question, asked of each decoder and of attributes and factors apart."""
    for decoder in dict.fromkeys(table["decoder"].tolist()):
        for about in ABOUT:
            part = table[(table["decoder"] == decoder) & (table["about"] == about)]
            for question, hit, among, asked in questions(part):
                yield Mark(decoder, about, question, *share(hit[among], part["seed"][among], asked))
            yield slope(decoder, about, part)
            yield Mark(decoder, about, "dead elements with a false name", *dead(part), "<= 0.01")


def share(hit: Array, seeds: Array, asked: str) -> tuple[float, int, str, float]:
    """The share of hits, of how many, what was asked, and the standard error over seeds."""
    count = len(hit)
    if not count:
        return float("nan"), 0, asked, float("nan")
    off = [(hit[seeds == seed] - hit.mean()).sum() for seed in np.unique(seeds)]
    error = np.sqrt(np.square(off).sum()) / count if len(off) > 1 else float("nan")
    return float(hit.mean()), count, asked, float(error)


def questions(t: Array) -> Iterator[tuple[str, Array, Array, str]]:
    """(question, whether each cell is a hit, which cells are asked, goal)."""
    odd, even, says = np.abs(t["odd"]), np.abs(t["even"]), t["says"]
    signed, named = np.isin(says, SIGNED), np.isin(says, NAMED)
    said = [says == "directed", says == "one way", says == "either way"]
    moved = np.select(said, [odd, odd + even, even], t["step"]) >= TRULY
    goal = {"attribute": ">= 0.97", "factor": ">= 0.95"}[t["about"][0]] if len(t) else ""
    yield "names: precision", moved, named, goal
    yield "names: with a sign, precision", moved, signed, goal
    yield "names: wrong sign", t["mean"] * t["odd"] < 0, signed, "<= 0.005"
    for low, high in POWERS:
        sized = (odd >= low) & (odd < high)
        yield f"power: {low:g} to {high:g} sd", signed, sized, ""
    drawn = t["drawn"] >= DRAWN
    yield "power: >= 0.3 sd, drawn", signed, drawn & (odd >= CLEAR), ">= 0.9"
    yield "power: >= 0.3 sd, not drawn", signed, ~drawn & (odd >= CLEAR), ""
    yield "mainly: false", t["ratio"] > 1 / MAINLY, t["main"], "<= 0.05"
    yield from coverage(t)
    yield from kinds(t)


def coverage(t: Array) -> Iterator[tuple[str, Array, Array, str]]:
    """Whether the interval holds the true mean effect, in natural units and in sd."""
    goal = "0.93 to 0.97" if len(t) and t["about"][0] == "attribute" else ""
    true = t["odd"] * t["scale"]
    natural = (t["low"] <= true) & (true <= t["high"])
    in_sd = (t["low_sd"] <= t["odd"]) & (t["odd"] <= t["high_sd"])
    given = np.isfinite(t["low"]) & np.isfinite(true)
    sizes = {
        "": t["rms"] >= 0.02,
        ", >= 0.1 sd": np.abs(t["odd"]) >= TRULY,
        ", the same in all images": (np.abs(t["odd"]) >= TRULY) & (t["se"] < 0.005),
        ", varying elements": np.char.startswith(t["kind"], "heterogeneous") & (t["rms"] >= 0.02),
    }
    for words, which in sizes.items():
        yield f"interval covers, natural units{words}", natural, given & which, goal
        yield f"interval covers, sd{words}", in_sd, given & which, goal


def kinds(t: Array) -> Iterator[tuple[str, Array, Array, str]]:
    """Whether effects that are not a mean with a sign are told as what they are.

    Owed: "either way" where the even part is >= 0.3 sd and the mean surely below 0.2; "opposite"
    where the root mean square is >= 0.3 sd, both means are surely below 0.2 and a fifth of the
    images goes each way; not settled, or an effect of either sign, where the root mean square is
    >= 0.3 sd and the mean of as many images lies on either side of 0.2; "small" where nothing
    moves by 0.1 sd.
    """
    odd, even, step, says = np.abs(t["odd"]), np.abs(t["even"]), t["step"], t["says"]
    low, high = odd - NORMAL * t["se"], odd + NORMAL * t["se"]
    flat = (high < BOUND) & (even + NORMAL * t["even_se"] < BOUND)
    drawn = t["drawn"] >= DRAWN
    either = drawn & (even >= CLEAR) & (high < BOUND)
    opposite = drawn & (step >= CLEAR) & flat & (t["minority"] >= EACH_WAY)
    unsettled = drawn & (t["rms"] >= CLEAR) & (low < BOUND) & (high > BOUND) & (even < BOUND)
    right = np.isin(says, ("not settled", *UNSIGNED))
    right |= np.isin(says, SIGNED) & (t["mean"] * t["odd"] > 0)
    small = drawn & (np.maximum(step, odd + even) < TRULY)
    yield "kind: either way, told", says == "either way", either, ">= 0.9"
    yield "kind: opposite, told", says == "opposite", opposite, ">= 0.9"
    yield "kind: unsettled, told", right, unsettled, ">= 0.9"
    yield "kind: small, told", says == "small", small, ""
    yield "kind: either way, false", even < TRULY, says == "either way", "0"
    yield "kind: opposite, false", (step < TRULY) | (t["minority"] == 0), says == "opposite", "0"
    yield "kind: small, called not settled", says == "not settled", small, "0"
    yield "kind: >= 0.3 sd said to be small", says == "small", either | opposite, "0"


def slope(decoder: str, about: str, t: Array) -> Mark:
    """Least-squares slope of the reported mean on the true one, in sd, where 0.1 sd is moved."""
    which = np.isfinite(t["mean_sd"]) & (np.abs(t["odd"]) >= TRULY)
    x, y = t["odd"][which], t["mean_sd"][which]
    found = float(x @ y / (x @ x)) if len(x) else float("nan")
    return Mark(decoder, about, "slope of reported on true", found, len(x))


def dead(t: Array) -> tuple[float, int]:
    """The share of dead elements of which anything is named, and how many there are."""
    part = t[t["kind"] == "dead"]
    elements = part["seed"] * 1000 + part["element"]
    named = np.isin(part["says"], NAMED)
    count = len(np.unique(elements))
    return (len(np.unique(elements[named])) / count if count else float("nan")), count


def answers_of(judge: Judged, case: Case, seed: int) -> list[Answer]:
    """What the judged says of a case; it sees nothing of the truth."""
    return judge.answer(
        case.decode, case.encode, case.codes, case.sd, case.images, case.labelled, seed
    )
