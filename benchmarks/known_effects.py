"""Evidence against effects that are known: marks for what is said of elements.

python benchmarks/known_effects.py                       # development seeds 0 to 3
python benchmarks/known_effects.py --seeds 1000 1200     # the test seeds, once, after tuning

Decoders: a world of rendered faces as they are ("sharp") and through a PCA of 64 and of 16
components, where the picture after every move is known; and three kinds of networks trained on
renders. ``known/world.py`` says what is rendered, ``known/banks.py`` which elements a seed draws,
``known/networks.py`` how the factors of a network's pictures are re-read, ``known/scores.py`` what
is asked, and ``known/adapter.py`` who is judged.

Rendering a world (28,000 pictures) and training its networks takes minutes, once; their files are
kept in ``--keep``. Written to ``--out``: a row for each decoder, seed and kind of property; a row
for each question (summary); and the same as a table in Markdown.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from known.adapter import Judged, today
from known.banks import bank_case, make_bank
from known.networks import NETWORKS, make_trained, network_case
from known.scores import ABOUT, Mark, answers_of, cells, marks
from known.truth import Array, Case
from known.world import World
from tables import write

IMAGES = 256
FACES = 256  # of a population, unless asked otherwise
DEVELOPMENT, TEST = range(100), range(1000, 1200)
WORLDS = {False: (0, 1), True: (1000, 1001, 1002)}
"""Seeds of the worlds of development and of the test. Networks are trained on the first alone."""
BANKS = {"sharp": None, "pca-64": 64, "pca-16": 16}
NETWORK_SEEDS = 20  # at most: their elements are the same for every seed, only images differ
TOLD_EVERY = 5  # seeds


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
    judge, found, start = today(), [], time.monotonic()
    for seed, case in zip(seeds, cases(decoder, world, seeds, judge), strict=True):
        answers = answers_of(judge, case, seed)
        found.append(cells(decoder, seed, case, answers, judge.families))
        if len(found) == 1:
            first = time.monotonic()
        if len(found) % TOLD_EVERY == 0 or len(found) == len(seeds):
            each = (time.monotonic() - first) / max(len(found) - 1, 1)
            print(
                f"{decoder}, world {world.seed}: {len(found)} of {len(seeds)} seeds, {each:.1f} s "
                f"each after {first - start:.0f} s; {each * (len(seeds) - len(found)):.0f} s left",
                flush=True,
            )
    return np.concatenate(found)


def jobs(
    decoders: Sequence[str], seeds: Sequence[int], faces: int, folder: Path
) -> Iterator[tuple[str, World, list[int]]]:
    """(decoder, world, seeds): the seeds of a bank take turns at the worlds."""
    worlds = [World(seed, faces, folder) for seed in WORLDS[seeds[0] in TEST]]
    for decoder in decoders:
        if decoder in NETWORKS:
            yield decoder, worlds[0], list(seeds)[:NETWORK_SEEDS]
            continue
        for number, world in enumerate(worlds):
            if mine := list(seeds)[number :: len(worlds)]:
                yield decoder, world, mine


def rows(table: Array) -> Iterator[dict[str, Any]]:
    """A row for each decoder, seed and kind of property: the answer to every question that has
    cases, and of how many.
    """
    for seed in np.unique(table["seed"]):
        for mark in filter(lambda mark: mark.of, marks(table[table["seed"] == seed])):
            yield {
                "decoder": mark.decoder, "seed": int(seed), "about": mark.about,
                "question": mark.question, "found": f"{mark.found:.4f}", "of": mark.of,
            }  # fmt: skip


def markdown(found: Sequence[Mark]) -> str:
    """A table for attributes and one for factors: a line a question, a column a decoder."""
    decoders = list(dict.fromkeys(mark.decoder for mark in found))
    by = {(m.decoder, m.about, m.question): m for m in found}
    lines = []
    for about in ABOUT:
        lines += [f"| {about}s | asked | {' | '.join(decoders)} |",
                  f"| --- | ---: |{' ---: |' * len(decoders)}"]  # fmt: skip
        for question in dict.fromkeys(mark.question for mark in found):
            row = [by[decoder, about, question] for decoder in decoders]
            shown = [f"{m.found:.3f} ± {m.error:.3f} of {m.of}" if m.of else "–" for m in row]
            lines.append(f"| {question} | {row[0].asked or '–'} | {' | '.join(shown)} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Marks as CSV and as a table; ``--cells`` keeps every cell."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 4), metavar=("A", "B"))
    every = [*BANKS, *NETWORKS]
    parser.add_argument("--decoders", nargs="+", choices=every, default=every)
    parser.add_argument("--faces", type=int, default=FACES, help="of a population")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "known-effects")
    parser.add_argument("--cells", type=Path, help="a .npy of every cell")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    seeds = range(*asked.seeds)
    if not seeds or not any(set(seeds) <= set(known) for known in (DEVELOPMENT, TEST)):
        parser.error("--seeds: 0 to 100 are for development, 1000 to 1200 for the test")
    todo = list(jobs(asked.decoders, seeds, asked.faces, asked.keep))
    for world in dict.fromkeys(world for _, world, _ in todo):
        copy = replace(world)  # what is sent to the workers holds no pictures
        _ = copy.pictures, copy.labelled
    with ProcessPoolExecutor(asked.processes) as pool:
        table = np.concatenate(list(pool.map(run, *zip(*todo, strict=True))))
    if asked.cells:
        np.save(asked.cells, table)
    found = list(marks(table))
    name = "known-effects" if seeds[0] in TEST else "known-effects-development"
    write(asked.out / f"{name}.csv", list(rows(table)))
    summary = [{**asdict(m), "found": f"{m.found:.4f}", "error": f"{m.error:.4f}"} for m in found]
    write(asked.out / f"{name}-summary.csv", summary)
    (asked.out / f"{name}.md").write_text(markdown(found), encoding="utf-8")
    print(markdown(found))


if __name__ == "__main__":
    main()
