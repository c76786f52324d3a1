"""Kill a run at random moments, resume it each time, and compare its end with an uninterrupted one.

python benchmarks/interruptions.py IMAGES.npy OUT.csv [--models fcn-10,vae-conv-64] [--kills 50]

Each trial trains into a folder of its own and is killed by SIGKILL at a moment drawn from the whole
length of the uninterrupted run, its start and its end included; then the same command with
--resume is let through. Weights, code statistics and measurements must be the same bytes, and the
history the same but for its clock columns.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tables import write
from zatlas.run import history

FILES = ("model.safetensors", "codes.npz", "evidence/reconstruction.json")


def command(model: str, images: Path, out: Path, epochs: int, *more: str) -> list[str]:
    """The words of `zatlas train`."""
    return [sys.executable, "-m", "zatlas", "-q", "train", "--model", model, "--images",
            str(images), "--epochs", str(epochs), "--out", str(out), *more]  # fmt: skip


def differences(a: Path, b: Path) -> list[str]:
    """The files in which two runs differ."""
    found = [file for file in FILES if (a / file).read_bytes() != (b / file).read_bytes()]
    rows = [
        [
            {k: v for k, v in row.columns().items() if k not in history.CLOCK}
            for row in history.read(folder)
        ]
        for folder in (a / "history.csv", b / "history.csv")
    ]
    return found + (["history.csv"] if rows[0] != rows[1] else [])


def where(run: Path) -> str:
    """How far a killed run had come, as its folder tells."""
    pointer = run / "state" / "latest"
    if (run / "model.safetensors").exists():
        return "measuring"
    if pointer.exists():
        return f"state {pointer.read_text()}"
    return "no state yet" if run.exists() else "no folder yet"


def main() -> None:
    """All trials; a row each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images")
    parser.add_argument("out")
    parser.add_argument("--models", default="fcn-10,vae-conv-64")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--count", type=int, default=1500, help="images")
    asked = parser.parse_args()
    rows: list[dict[str, object]] = []
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        images = Path(place) / "images.npy"
        np.save(images, np.load(asked.images, mmap_mode="r")[: asked.count])
        for model in asked.models.split(","):
            whole, cut = Path(place) / f"{model}-whole", Path(place) / f"{model}-cut"
            started = time.perf_counter()
            subprocess.run(command(model, images, whole, asked.epochs), check=True)
            length = time.perf_counter() - started
            for kill in range(asked.kills):
                shutil.rmtree(cut, ignore_errors=True)
                moment = rng.uniform(0, length)
                child = subprocess.Popen(command(model, images, cut, asked.epochs))
                try:
                    child.wait(moment)
                except subprocess.TimeoutExpired:
                    child.send_signal(signal.SIGKILL)
                    child.wait()
                came = where(cut)
                subprocess.run(command(model, images, cut, asked.epochs, "--resume"), check=True)
                faults = differences(whole, cut)
                rows.append({"model": model, "kill": kill, "after_seconds": round(moment, 2),
                             "of_seconds": round(length, 2), "killed_at": came,
                             "differs": " ".join(faults)})  # fmt: skip
                print(rows[-1], flush=True)
                write(asked.out, rows)
    bad = sum(bool(row["differs"]) for row in rows)
    print(f"{len(rows)} kills, {bad} of them with another end")


if __name__ == "__main__":
    main()
