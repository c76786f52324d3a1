"""The examples of docs/reading.md: what zatlas says of five elements and one edit, and figures.

zatlas train --model fcn-10 --images FACES.npy --epochs 10 --out runs/fcn-10
zatlas train --model fcn-64 --images FACES.npy --epochs 10 --out runs/fcn-64
zatlas atlas runs/fcn-10
zatlas atlas runs/fcn-64
python benchmarks/draw_reading.py runs/fcn-10 runs/fcn-64 FACES.npy reading.csv docs/figures
"""

import csv
import sys
from pathlib import Path

import zatlas
from zatlas.figures.style import save

EDIT = "z[7] += 1*sd; z[9] += 0.5*sd"
PLATE_INDEX = (0, 5)  # the images shown
ELEMENTS = (
    ("directed", 0, 3), ("upwards-only", 0, 9), ("opposite", 0, 4), ("small", 1, 47),
    ("not-settled", 1, 62),
)  # fmt: skip
"""Name of the example, which run, which element."""


def main(fcn_10: str, fcn_64: str, images: str, out: str, figures: str) -> None:
    """Write the sentences, verbatim from the records, and one figure for each."""
    runs = [zatlas.open_run(fcn_10), zatlas.open_run(fcn_64)]
    faces = zatlas.open_images(images)
    (edit,) = runs[0].edits([EDIT], faces)
    rows = [["mainly", "fcn-10", edit.sentence]]
    plate = runs[0].plate([EDIT], faces, index=PLATE_INDEX)
    plate.save(Path(figures) / "reading-mainly.png", overwrite=True)
    for name, which, element in ELEMENTS:
        atlas = runs[which].open_atlas()
        rows.append([name, ("fcn-10", "fcn-64")[which], atlas[element].sentence])
        save(atlas.figure(element), Path(figures) / f"reading-{name}.png", overwrite=True)
    with Path(out).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerows([["example", "network", "sentence"], *rows])


if __name__ == "__main__":
    main(*sys.argv[1:])
