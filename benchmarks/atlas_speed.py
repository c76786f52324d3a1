"""Seconds of `zatlas atlas`, and how they grow with elements and images.

python benchmarks/atlas_speed.py IMAGES.npy OUT.csv [--models fcn-64,vae-conv-64]

The command itself, page and figures included, on runs of one epoch; then the measurement alone of a
one-layer network with 64 to 1,024 elements, and of fcn-64 over 128 to 512 images.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import zatlas
from tables import write
from zatlas.models.model_file import ModelFile
from zatlas.workflows.atlas import measure_atlas

WIDTHS, COUNTS = (64, 256, 1024), (128, 256, 512)
FEW = 64  # images, for the widths


def main() -> None:
    """A row a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images")
    parser.add_argument("out")
    parser.add_argument("--models", default="fcn-64,vae-conv-64")
    parser.add_argument("--skip-command", action="store_true")
    asked = parser.parse_args()
    zatlas.configure_process()
    rows: list[dict[str, object]] = []

    def keep(case: str, model: str, elements: int, count: int, seconds: float) -> None:
        rows.append(
            {
                "case": case,
                "model": model,
                "elements": elements,
                "images": count,
                "seconds": round(seconds, 1),
                "ms_an_element_and_image": round(1e3 * seconds / elements / count, 3),
            }
        )
        print(rows[-1], flush=True)
        write(asked.out, rows)

    with tempfile.TemporaryDirectory() as place:
        images = Path(place) / "images.npy"
        np.save(images, np.load(asked.images, mmap_mode="r")[:2048])
        for model in filter(None, asked.models.split(",")):
            zatlas.configure_process(threads=os.cpu_count())
            run = zatlas.train(model, images, valid=0.3, out=Path(place) / model, epochs=1)
            started = time.perf_counter()
            if asked.skip_command:
                continue
            subprocess.run(
                [sys.executable, "-m", "zatlas", "-q", "atlas", str(run.path), "--count", "512"],
                check=True,
            )  # fmt: skip
            keep("command", model, run.model.latent, 512, time.perf_counter() - started)
        for count in COUNTS:
            run = zatlas.open_run(Path(place) / asked.models.split(",")[0])
            zatlas.configure_process(threads=1)
            started = time.perf_counter()
            measure_atlas(run, count=count)
            keep("images", run.name, run.model.latent, count, time.perf_counter() - started)
        for width in WIDTHS:
            shallow = ModelFile(image=(3, 64, 64), encoder=[f"Linear(12288, {width})", "ReLU()"],
                                decoder=[f"Linear({width}, 12288)", "Tanh()"])  # fmt: skip
            zatlas.configure_process(threads=os.cpu_count())
            run = zatlas.train(shallow, images, valid=0.3, out=Path(place) / f"w{width}", epochs=1)
            zatlas.configure_process(threads=1)
            started = time.perf_counter()
            measure_atlas(run, count=FEW)
            keep("elements", "one layer", width, FEW, time.perf_counter() - started)


if __name__ == "__main__":
    main()
