"""Evidence against effects that are known: marks for what is said of elements.

python benchmarks/known_effects.py                  # development seeds 0 to 3
python benchmarks/known_effects.py --test           # seeds 1000 to 1199, once, after tuning

Decoders: a world of rendered faces as they are ("sharp") and through a PCA of 64 and of 16
components, where the picture after every move is known; and three kinds of networks trained on
renders. ``known/world.py`` says what is rendered, ``known/banks.py`` which elements a seed draws,
``known/networks.py`` how the factors of a network's pictures are re-read, ``known/scores.py`` what
is asked, and ``known/adapter.py`` who is judged.

Rendering a world (28,000 pictures) takes minutes, once; its files are kept in ``--keep``.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from known.adapter import Judged, today
from known.banks import bank_case, make_bank
from known.networks import NETWORKS, make_trained, network_case
from known.scores import Mark, answers_of, cells, marks
from known.truth import Array, Case
from known.world import World
from tables import write

IMAGES = 256
FACES = 384  # of a population, unless asked otherwise
DEVELOPMENT, TEST = range(4), range(1000, 1200)
WORLDS = {False: (0, 1), True: (1000, 1001, 1002)}
"""Seeds of the worlds of development and of the test."""
BANKS = {"sharp": None, "pca-64": 64, "pca-16": 16}
EVERY = {"sharp": 2, "pca-64": 2, "pca-16": 4, **dict.fromkeys(NETWORKS, 8)}
"""A decoder is asked about every second, fourth or eighth test seed: all would take hours."""


def cases(decoder: str, world: World, seeds: Sequence[int], judge: Judged) -> Iterator[Case]:
    """The case of each seed; what they share is measured once."""
    if decoder in BANKS:
        bank = make_bank(world, BANKS[decoder], judge.attributes, judge.measure)
        yield from (bank_case(bank, seed, IMAGES) for seed in seeds)
    else:
        trained = make_trained(world, decoder, judge.attributes, judge.measure)
        yield from (network_case(trained, seed, IMAGES) for seed in seeds)


def run(decoder: str, world: World, seeds: Sequence[int]) -> Array:
    """All cells of one decoder on one world."""
    torch.set_num_threads(1)
    judge, found = today(), []
    start = time.process_time()
    for seed, case in zip(seeds, cases(decoder, world, seeds, judge), strict=True):
        answers = answers_of(judge, case, seed)
        found.append(cells(decoder, seed, case, answers, judge.families))
    spent = time.process_time() - start
    print(f"{decoder}, world {world.seed}: {len(seeds)} seeds, {spent:.0f} s of a core", flush=True)
    return np.concatenate(found)


def jobs(
    decoders: Sequence[str], seeds: Sequence[int], test: bool, faces: int, folder: Path
) -> Iterator[tuple[str, World, list[int]]]:
    """(decoder, world, seeds): the seeds of a world take turns."""
    worlds = [World(seed, faces, folder) for seed in WORLDS[test]]
    for decoder in decoders:
        step = EVERY[decoder] if test else 1
        for number, world in enumerate(worlds):
            mine = list(seeds)[::step][number :: len(worlds)]
            if mine:
                yield decoder, world, mine


def printed(found: Sequence[Mark]) -> None:
    """A line a question, attributes and factors of each decoder side by side."""
    decoders = list(dict.fromkeys(mark.decoder for mark in found))
    by = {(m.decoder, m.about, m.question): m for m in found}
    for about in ("attribute", "factor"):
        print(f"\n{about:<56}" + "".join(f"{name:>22}" for name in decoders) + "   asked")
        for question in dict.fromkeys(mark.question for mark in found):
            row = [by[decoder, about, question] for decoder in decoders]
            shown = "".join(f"{m.found:>8.3f} ±{m.error:.3f} /{m.of:>5}" for m in row)
            print(f"{question:<56}{shown}   {row[0].asked}")


def main() -> None:
    """Marks as CSV and as a printed table; ``--cells`` keeps every cell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--test", action="store_true", help="the test seeds, in place of --seeds")
    parser.add_argument("--seeds", type=int, nargs=2, default=[0, len(DEVELOPMENT)])
    parser.add_argument("--decoders", nargs="+", choices=[*BANKS, *NETWORKS], default=list(EVERY))
    parser.add_argument("--faces", type=int, default=FACES, help="of a population")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "known-effects")
    parser.add_argument("--cells", type=Path, help="a .npy of every cell")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    seeds = TEST if asked.test else range(*asked.seeds)
    if not asked.test and not set(seeds) <= set(range(100)):
        parser.error("--seeds: development seeds are 0 to 99")
    todo = list(jobs(asked.decoders, seeds, asked.test, asked.faces, asked.keep))
    for world in dict.fromkeys(world for _, world, _ in todo):
        copy = replace(world)  # what is sent to the workers holds no pictures
        _ = copy.pictures, copy.labelled
    with ProcessPoolExecutor(asked.workers) as pool:
        table = np.concatenate(list(pool.map(run, *zip(*todo, strict=True))))
    if asked.cells:
        np.save(asked.cells, table)
    found = list(marks(table))
    name = "known-effects.csv" if asked.test else "known-effects-development.csv"
    rounded = [{**asdict(m), "found": f"{m.found:.4f}", "error": f"{m.error:.4f}"} for m in found]
    write(asked.out / name, rounded)
    printed(found)


if __name__ == "__main__":
    main()
