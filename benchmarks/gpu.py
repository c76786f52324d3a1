"""Training on a GPU: seconds for an epoch and a run, and the share of the bound that is reached.

python benchmarks/gpu.py OUT.csv [--model fcn-10] [--count 140000] [--epochs 50] [--batch 256]

Makes its own images (noise: their content does not change the arithmetic), trains through
`zatlas.train` once in bf16 and once in fp32, and measures what bounds a step on this device: the
rate of a large product and that of Adam's traffic (limits.py's sum). Refuses to run without a GPU.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch

import zatlas
from limits import bound, rates
from tables import write


def main() -> None:
    """A row a precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--model", default="fcn-10")
    parser.add_argument("--count", type=int, default=140_000)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--batch", type=int, default=256)
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("there is no GPU here; this benchmark measures nothing else")
    found = rates(torch.device("cuda"))
    images = np.random.default_rng(0).integers(0, 256, (asked.count, 64, 64, 3), np.uint8)
    rows = []
    for precision in ("bf16", "fp32"):
        with tempfile.TemporaryDirectory() as place:
            started = time.perf_counter()
            run = zatlas.train(
                asked.model, images, valid=0.01, out=Path(place) / "run", epochs=asked.epochs,
                batch_size=asked.batch, precision=precision,
            )  # fmt: skip
            whole = time.perf_counter() - started
        speeds = [row.images_per_second for row in run.history[1:]]
        limit = bound(asked.model, asked.batch, precision, found)
        rows.append({
            "device": torch.cuda.get_device_name(), "model": asked.model, "batch": asked.batch,
            "images": asked.count, "epochs": asked.epochs, "precision": precision,
            "seconds": round(whole, 2), "images_per_second": round(median(speeds)),
            "limit_images_per_second": round(limit), "of_limit": round(median(speeds) / limit, 3),
        })  # fmt: skip
        print(rows[-1], flush=True)
    write(asked.out, rows)


if __name__ == "__main__":
    main()
