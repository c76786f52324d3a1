"""Training speed against the course-notebook loop, in turns, on the same work.

python benchmarks/training_speed.py IMAGES.npy OUT.csv [--models fcn-10,conv] [--batches 256,2000]
                                    [--rounds 5] [--epochs 3]

Each round starts the notebook loop and then `zatlas train` on the command line, history and
checkpoints included, each in its own process. An entry is the median images/s of a process's
epochs after its first; the ratio is the median over rounds of the ratios within a round, so a
machine that drifts between rounds does not bias it.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from zatlas.training import history

HERE = Path(__file__).parent
MODELS = "fcn-10,fcn-64,fcn-multi-encoder,shallow-1024,vae-fcn-64,conv,vae-conv-64"


def notebook(model: str, images: str, batch: int, epochs: int) -> float:
    """Median images/s of the notebook loop, its first epoch left out."""
    words = [sys.executable, HERE / "notebook_loop.py", model, images, batch, epochs]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True)
    return median(float(line) for line in done.stdout.split()[1:])


def zatlas(model: str, images: str, batch: int, epochs: int) -> tuple[float, str]:
    """Median images/s of `zatlas train`, its first epoch left out, and the precision it picked."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        words = [sys.executable, "-m", "zatlas", "-q", "train", "--model", model, "--images",
                 images, "--valid", "0.02", "--batch-size", batch, "--epochs", epochs,
                 "--out", run]  # fmt: skip
        subprocess.run(list(map(str, words)), capture_output=True, check=True)
        rows = history.read(run / "history.csv")
        picked = "bf16" if "name: bf16" in (run / "config.yaml").read_text() else "fp32"
    return median(row["images_per_second"] for row in rows[1:]), picked


def main() -> None:
    """Measure every cell and write the table after each, whole rows only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images")
    parser.add_argument("out")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--batches", default="256,2000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    asked = parser.parse_args()
    rows = []
    for model in asked.models.split(","):
        for batch in map(int, asked.batches.split(",")):
            pairs = []
            for _ in range(asked.rounds):
                slow = notebook(model, asked.images, batch, asked.epochs)
                fast, picked = zatlas(model, asked.images, batch, asked.epochs)
                pairs.append((slow, fast))
            ratios = [fast / slow for slow, fast in pairs]
            rows.append({
                "model": model, "batch": batch, "ratio": round(median(ratios), 2),
                "ratio_min": round(min(ratios), 2), "ratio_max": round(max(ratios), 2),
                "notebook_images_per_second": round(median(s for s, _ in pairs)),
                "zatlas_images_per_second": round(median(f for _, f in pairs)),
                "precision": picked, "rounds": asked.rounds,
            })  # fmt: skip
            print(rows[-1], flush=True)
            with Path(asked.out).open("w", newline="", encoding="utf-8") as handle:
                writer = csv.DictWriter(handle, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
