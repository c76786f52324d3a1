"""The figures of the demo in README.md: its faces and its plate.

zatlas demo --out runs/demo
python benchmarks/draw_demo.py runs/demo docs/figures
"""

import sys
from pathlib import Path

from PIL import Image

import zatlas
from zatlas.images.sheet import contact_sheet
from zatlas.run.evidence import kept_edits
from zatlas.workflows.demo import MODEL

FACES, COLUMNS = 20, 10


def main(demo: str, out: str) -> None:
    """Draw them from the folder of a demo."""
    run, folder = zatlas.open_run(Path(demo) / MODEL), Path(out)
    faces = run.held_out().pictures(FACES)
    Image.fromarray(contact_sheet(faces, COLUMNS, scale=2)).save(folder / "faces.png")
    plate = kept_edits(run).plates[0]
    images = zatlas.open_images(Path(demo) / "faces.npy")
    edits = [edit.edit for edit in plate.edits]
    shown = plate.command.replace(str(Path(demo)), "runs/demo")  # as `make demo` names it
    drawn = run.plate(edits, images, list(plate.index), command=shown)
    drawn.save(folder / "demo-plate.png", overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
