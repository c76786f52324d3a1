"""Seconds from `zatlas train` to the first finished step, imports included.

python benchmarks/start.py IMAGES.npy OUT.csv [--models fcn-10,vae-conv-64] [--rounds 5]

Each round starts the command in a process of its own, which leaves when the first step has been
reported to the progress bar. Beside it: `zatlas --help`, and an `import torch` alone.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

FIRST_STEP = """
import os, sys
from zatlas.cli import progress
progress.EpochLines.images = lambda *_: os._exit(0)
from zatlas.cli.program import main
main(sys.argv[1:])
"""


def seconds(*words: str) -> float:
    """How long a process of these words takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """A row a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images")
    parser.add_argument("out")
    parser.add_argument("--models", default="fcn-10,fcn-multi-encoder,vae-conv-64")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    cases: dict[str, list[float]] = {}
    for _ in range(asked.rounds):
        cases.setdefault("zatlas --help", []).append(seconds("-m", "zatlas", "--help"))
        cases.setdefault("import torch", []).append(seconds("-c", "import torch"))
        for model in asked.models.split(","):
            with tempfile.TemporaryDirectory() as place:
                cases.setdefault(f"first step of {model}", []).append(seconds(
                    "-c", FIRST_STEP, "train", "--model", model, "--images", asked.images,
                    "--out", f"{place}/run",
                ))  # fmt: skip
    with Path(asked.out).open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["case", "seconds", "least", "most", "rounds"])
        for case, found in cases.items():
            row = [case, *(round(v, 2) for v in (median(found), min(found), max(found)))]
            writer.writerow([*row, asked.rounds])
            print(*row)


if __name__ == "__main__":
    main()
