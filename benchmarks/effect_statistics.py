"""Do the statistics of effects hold what they say? Simulated effects of known size, many draws.

The yardstick is real: N rows of the attributes of real images, drawn with replacement, so that
all images are the population and its sd is the truth. Effects are added by formula. Four tables:
coverage of the intervals, kinds by true effect, false names, and "mainly".

    python -m benchmarks.effect_statistics IMAGES.npy [--seeds 0 99] [--out FILE.csv]

Rules and thresholds are tuned on seeds 0 to 99. Other seeds are for judging.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import get_args

import numpy as np
from benchmarks.tables import write

from zatlas.evidence.arrays import floats
from zatlas.evidence.properties import attributes
from zatlas.evidence.statistics.bootstrap_t import Yardstick, move_estimates
from zatlas.evidence.statistics.intervals import bca
from zatlas.evidence.statistics.main_effect import MAINLY_RATIO, largest_effect
from zatlas.evidence.statistics.paired_effects import EffectKind, paired_effects

SIZES_N = (128, 256, 512)
KINDS: tuple[EffectKind, ...] = get_args(EffectKind)
SIGNED = ("directed", "one way", "either way")
SPILL = 0.1  # sd of a random change of every property by every step
PLANTED = 3  # properties that a move changes; it leaves the others alone
RATIOS = (1.0, 1.2, 1.5, 1.8, 1.95, 2.2, 2.5, 3.0, 5.0)


def effects(rng, real, size):
    """Worlds of coverage: name to (effects per image (N, K), true mean, true root mean square).

    All in sd. ``real`` (N, K) are the images' own values in sd around the mean.
    """
    shape = real.shape
    normal, heavy = rng.standard_normal(shape), rng.standard_t(5, shape) * np.sqrt(3 / 5)
    skewed = rng.exponential(size=shape) - 1
    varying = np.hypot(size, size / 2)
    some = 2 * size * (rng.random(shape) < 0.2)
    return {
        "homogeneous": (np.full(shape, size), size, size),
        "varying": (size * (1 + normal / 2), size, varying),
        "varying with the image": (size * (1 + real / 2), size, varying),
        "skewed": (size * (1 + skewed / 2), size, varying),
        "heavy-tailed": (size * (1 + heavy / 2), size, varying),
        "a fifth of the images": (some, 0.4 * size, 2 * size * np.sqrt(0.2)),
        "opposite": (size * rng.choice([-1, 1], shape), 0.0, size),
    }


def yardstick_of(rng, real):
    return Yardstick(len(real), list(real.T), [True] * real.shape[1], seed_of(rng))


def seed_of(rng):
    return int(rng.integers(1 << 31))


def coverage(rng, population, n, tally):
    """Count intervals that hold the true effect, in its unit and in sd."""
    sd = population.std(0)
    real = population[rng.integers(0, len(population), n)]
    worlds = effects(rng, (real - population.mean(0)) / sd, 0.5)
    values = np.stack([world[0] for world in worlds.values()], axis=1) * sd
    yardstick = yardstick_of(rng, real)
    for m, (name, world) in enumerate(worlds.items()):
        found = move_estimates(values[:, m], None, yardstick)
        for statistic, part, true in (
            ("mean", "up", world[1]), ("root mean square", "rms", world[2]),
        ):  # fmt: skip
            _, *ends, _, _, low_sd, high_sd, _ = found[part]
            for unit, (low, high), truth in (
                ("natural", ends, true * sd),
                ("sd", (low_sd, high_sd), np.full(len(sd), true)),
            ):
                slack = 1e-9 * np.abs(truth)  # an interval without width holds a constant
                count(tally, (name, n, statistic, unit), low - slack > truth, high + slack < truth)
    # what zatlas did before: BCa of the mean, divided by the sd as if it were exact
    for m, (name, world) in enumerate(worlds.items()):
        low, high = (end / real.std(0) for end in bca(values[:, m], 0, 999))
        count(tally, (name, n, "mean", "sd, BCa, sd fixed"), low > world[1], high < world[1])


def count(tally, key, above, below):
    tally[key] += np.array([len(above), above.sum(), below.sum()])


def steps(rng, kind, size, n, k):
    """Effects of the steps +1 and -1, each (n, k) in sd, for a move of that kind."""
    varying = size * (1 + rng.standard_normal((n, k)) / 2)
    few = 20 * size * (rng.random((n, k)) < 0.05)
    sign = np.where(rng.random((n, k)) < (0.6 if "60" in kind else 0.5), 1, -1)
    wide = size + 0.11 * np.sqrt(n) * rng.standard_normal((n, k))
    nothing = np.zeros((n, k))
    return {
        "directed": (varying, -varying),
        "even": (varying, varying),
        "one way": (varying, nothing),
        "opposite 50:50": (sign * varying, -sign * varying),
        "opposite 60:40": (sign * varying, -sign * varying),
        "opposite, even": (sign * varying, sign * varying),
        "mean uncertain": (wide, -wide),
        "few images": (few, -few),
        "dead": (nothing, nothing),
    }[kind]


MOVES = [
    *[("directed", size) for size in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)],
    *[("even", size) for size in (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)],
    *[("one way", size) for size in (0.3, 0.5)],
    *[("opposite 50:50", size) for size in (0.1, 0.3, 0.5, 1.0)],
    *[("opposite 60:40", size) for size in (0.1, 0.3, 0.5)],
    *[("opposite, even", size) for size in (0.3, 0.5)],
    ("mean uncertain", 0.3),
    ("few images", 0.08),
    ("dead", 0.0),
    ("dead", 0.0),
]


def table(rng, population, n, tally):
    """Count the kinds of every planted cell; the cells that a move leaves alone are "untouched"."""
    real = population[rng.integers(0, len(population), n)]
    k = real.shape[1]
    up, down = SPILL * rng.standard_normal((2, n, len(MOVES), k))
    planted = np.array([rng.permutation(k)[:PLANTED] for _ in MOVES])
    for m, (kind, size) in enumerate(MOVES):
        plus, minus = steps(rng, kind, size, n, PLANTED)
        up[:, m, planted[m]] += plus
        down[:, m, planted[m]] += minus
    sd = population.std(0)
    found = paired_effects(up * sd, down * sd, yardstick_of(rng, real))
    named = np.isin(found.finding, SIGNED)
    mean = np.where(np.abs(found.odd.value) >= np.abs(found.even.value), found.odd.value, 0)
    for m, (kind, size) in enumerate(MOVES):
        own = np.isin(np.arange(k), planted[m])
        if kind == "dead":
            own[:] = True
        signs = (mean[m] < 0) & (kind == "directed")
        for name, part in ((f"{kind}|{size:g}", own), ("untouched|0", ~own)):
            key = (*name.split("|"), n)
            for word in found.finding[m, part]:
                tally[key][str(word)] += 1
            tally[key]["cells"] += int(part.sum())
            tally[key]["named"] += int(named[m, part].sum())
            tally[key]["sign errors"] += int((named[m] & signs)[part].sum())


def mainly(rng, population, n, tally):
    """Count "mainly" by the true ratio of the first effect to the second, in sd."""
    real = population[rng.integers(0, len(population), n)]
    k, sd = real.shape[1], population.std(0)
    for size in (0.3, 0.5, 1.0):
        for others in (1, 4):
            true = np.zeros((len(RATIOS), k))
            for row, ratio in zip(true, RATIOS, strict=True):
                at = rng.permutation(k)
                row[at[0]], row[at[1 : 1 + others]] = size, size / ratio
            spread = rng.standard_normal((n, len(RATIOS), k)) * (0.5 * np.abs(true) + SPILL)
            yardstick = yardstick_of(rng, real)
            for m, ratio in enumerate(RATIOS):
                each = (true[m] + spread[:, m]) * sd
                found = largest_effect(each, None, yardstick, range(k), range(k))
                tally[f"{size:g}, {others} other", n, ratio] += np.array([1, found.mainly])


def report(section, tally):
    """Rows of the CSV of one table."""
    for key, counts in tally.items():
        row = {"table": section}
        if section == "coverage":
            cells, above, below = counts
            row |= dict(zip(("world", "n", "statistic", "unit"), key, strict=True))
            row |= {"cells": cells, "covered": f"{1 - (above + below) / cells:.4f}"}
            row |= {"too high": f"{above / cells:.4f}", "too low": f"{below / cells:.4f}"}
        elif section == "kinds":
            cells = counts["cells"]
            row |= dict(zip(("world", "size", "n"), key, strict=True)) | {"cells": cells}
            words = ("named", "sign errors", *KINDS)
            row |= {word: f"{counts[word] / cells:.4f}" for word in words}
        else:
            row |= dict(zip(("world", "n", "ratio"), key, strict=True))
            row |= {"cells": counts[0], "mainly": f"{counts[1] / counts[0]:.4f}"}
        yield row


def summary(rows):
    """The questions that are asked of the statistics: (question, asked, n, found)."""

    def pooled(n, value, keep):
        some = [row for row in rows if row["n"] == n and value in row and keep(row)]
        return sum(float(row[value]) * row["cells"] for row in some) / sum(
            row["cells"] for row in some
        )

    def large(world):
        return lambda row: row["world"].startswith(world) and float(row["size"]) >= 0.3

    def named_cells(n, least):
        some = [row for row in rows if row["n"] == n and "named" in row]
        return sum(float(r["named"]) * r["cells"] for r in some if true_mean(r) >= least)

    for n in SIZES_N:
        for unit in ("natural", "sd"):  # in natural units some worlds have no spread to cover
            constant = ("homogeneous", "opposite") if unit == "natural" else ()
            covered = pooled(
                n,
                "covered",
                lambda row, u=unit, c=constant: row["unit"] == u and row["world"] not in c,
            )
            yield f"intervals that cover, {unit}", "0.93 to 0.97", n, covered
        for world, kind in (("directed", "directed"), ("even", "either way")):
            yield f"{world}, >= 0.3 sd: {kind}", ">= 0.9", n, pooled(n, kind, large(world))
        yield "opposite, >= 0.3 sd: opposite", ">= 0.9", n, pooled(n, "opposite", large("opposite"))
        told = ("directed", "not settled", "opposite")
        sum_of = sum(pooled(n, kind, lambda row: row["world"] == "mean uncertain") for kind in told)
        yield "mean uncertain: not settled, opposite or directed", ">= 0.9", n, sum_of
        for kind, worlds in {"either way": ("even",), "opposite": ("opposite", "mean unc")}.items():
            share = pooled(n, kind, lambda row, worlds=worlds: not row["world"].startswith(worlds))
            yield f"{kind}, of what is not", "0", n, share
        dead = pooled(n, "named", lambda row: row["world"] in ("dead", "untouched"))
        yield "false names, dead or untouched", "<= 0.01", n, dead
        signs = pooled(n, "sign errors", lambda row: row["world"] == "directed")
        yield "sign errors", "<= 0.005", n, signs
        precision = named_cells(n, 0.1) / named_cells(n, 0)
        yield "names that truly moved by 0.1 sd", ">= 0.97", n, precision
        wrong = pooled(n, "mainly", lambda row: row["ratio"] < MAINLY_RATIO)
        yield "mainly, though under twice the next", "<= 0.05", n, wrong


def true_mean(row):
    """Size of the true mean effect of a planted cell, in sd."""
    if row["world"] in ("directed", "even", "one way", "mean uncertain", "few images"):
        return float(row["size"])
    return 0.2 * float(row["size"]) if row["world"] == "opposite 60:40" else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path)
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 99), metavar=("FIRST", "LAST"))
    default = Path(__file__).parent / "results" / "effect-statistics.csv"
    parser.add_argument("--out", type=Path, default=default)
    args = parser.parse_args()
    population = attributes.measure(floats(np.load(args.images)))
    parts = {"coverage": coverage, "kinds": table, "mainly": mainly}
    tallies = {
        "coverage": defaultdict(lambda: np.zeros(3, int)),
        "kinds": defaultdict(lambda: defaultdict(int)),
        "mainly": defaultdict(lambda: np.zeros(2, int)),
    }
    for seed in range(args.seeds[0], args.seeds[1] + 1):
        for number, (section, part) in enumerate(parts.items()):
            for n in SIZES_N:
                part(np.random.default_rng([seed, number, n]), population, n, tallies[section])
        print(f"seed {seed}", flush=True)
    rows = [row for section, tally in tallies.items() for row in report(section, tally)]
    rows += [
        {"table": "summary", "world": question, "asked": asked, "n": n, "found": f"{found:.4f}"}
        for question, asked, n, found in summary(rows)
    ]
    write(args.out, rows)
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
