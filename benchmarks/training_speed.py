"""Training speed through `zatlas train` against other loops and the hardware's limit, in turns.

python benchmarks/training_speed.py IMAGES.npy OUT.csv [--models fcn-10,conv] [--batches 256,2000]
            [--contenders notebook,lightning,pythae] [--rounds 5] [--epochs 3] [--steps 6]

Each round starts every contender in turn, each in its own process: the limit (limits.py), the
loops (loops.py), and `zatlas train` on the command line, history and checkpoints included. An entry
is the median images/s of a process's epochs after its first. A ratio is the median over rounds of
the ratios within a round, so a machine that drifts between rounds does not bias it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from limits import bound
from tables import write
from zatlas.run import history

HERE = Path(__file__).parent
MODELS = "fcn-10,fcn-64,fcn-multi-encoder,shallow-1024,vae-fcn-64,conv,vae-conv-64"


def printed(*words: object) -> str:
    """The standard output of a Python script of this folder."""
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def loop(contender: str, model: str, images: Path, batch: int, epochs: int) -> float:
    """Median images/s of a loop, its first epoch left out."""
    out = printed(HERE / "loops.py", contender, model, images, batch, epochs)
    speeds = [float(line.split()[1]) for line in out.splitlines() if line.startswith("images/s")]
    return median(speeds[1:])


def zatlas(model: str, images: Path, batch: int, epochs: int) -> tuple[float, str]:
    """Median images/s of `zatlas train`, its first epoch left out, and the precision it picked."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        printed("-m", "zatlas", "-q", "train", "--model", model, "--images", images, "--valid",
                "0.01", "--batch-size", batch, "--epochs", epochs, "--out", run)  # fmt: skip
        rows = history.read(run / "history.csv")
        picked = "bf16" if "name: bf16" in (run / "config.yaml").read_text() else "fp32"
    return median(row.images_per_second for row in rows[1:]), picked


def cell(model: str, batch: int, images: Path, asked: argparse.Namespace) -> dict[str, object]:
    """One row of the table."""
    rounds: list[dict[str, float]] = []
    picked = ""
    for _ in range(asked.rounds):
        rates = json.loads(printed(HERE / "limits.py"))
        found = {
            name: loop(name, model, images, batch, asked.epochs)
            for name in asked.contenders.split(",")
        }
        found["zatlas"], picked = zatlas(model, images, batch, asked.epochs)
        found["limit"] = bound(model, batch, picked, rates)
        found["limit of the default"] = bound(
            model, batch, "default", {**rates, "mm default": rates["default"],
                                      "conv default": rates["conv fp32"]},
        )  # fmt: skip
        rounds.append(found)

    def middle(name: str) -> int:
        return round(median(r[name] for r in rounds))

    def ratio(over: str, under: str) -> float:
        return round(median(r[over] / r[under] for r in rounds), 2)

    against = [r["zatlas"] / r["notebook"] for r in rounds]
    return {
        "model": model, "batch": batch, "over_notebook": ratio("zatlas", "notebook"),
        "least": round(min(against), 2), "most": round(max(against), 2),
        **{f"over_{n}": ratio("zatlas", n) for n in ("lightning", "pythae") if n in rounds[0]},
        "of_limit": ratio("zatlas", "limit"),
        "limit_over_notebook": ratio("limit", "notebook"),
        "notebook_of_its_limit": ratio("notebook", "limit of the default"),
        **{f"{n}_images_per_second": middle(n) for n in rounds[0] if n != "limit of the default"},
        "precision": picked, "rounds": asked.rounds,
    }  # fmt: skip


def main() -> None:
    """Measure every cell and write the table after each, whole rows only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("out")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--batches", default="256,2000")
    parser.add_argument("--contenders", default="notebook,lightning,pythae")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6, help="an epoch, of 256; 2 at least")
    asked = parser.parse_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        images, source = Path(folder) / "images.npy", np.load(asked.source)
        for model in asked.models.split(","):
            for batch in map(int, asked.batches.split(",")):
                count = max(asked.steps * 256, 2 * batch)  # repeated where the source has fewer
                np.save(images, np.resize(source, (count, *source.shape[1:])))
                rows.append(cell(model, batch, images, asked))
                print(rows[-1], flush=True)
                write(asked.out, rows)


if __name__ == "__main__":
    main()
