"""Seconds from `zatlas train` to the first finished step, imports included.

python benchmarks/start.py IMAGES.npy OUT.csv [--models fcn-10,vae-conv-64] [--rounds 5]

Each round starts the command in a process of its own, which leaves when the first step has been
reported to the progress bar. Beside it: `zatlas --help`, and an `import torch` alone.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from statistics import median

from tables import write

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
    rows = [
        {"case": case, "seconds": round(median(found), 2), "least": round(min(found), 2),
         "most": round(max(found), 2), "rounds": asked.rounds}
        for case, found in cases.items()
    ]  # fmt: skip
    write(asked.out, rows)
    print(*rows, sep="\n")


if __name__ == "__main__":
    main()
