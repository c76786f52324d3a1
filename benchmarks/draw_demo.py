"""The figures of the demo in README.md: its faces, its plate, its strongest element.

zatlas demo --out runs/demo
python benchmarks/draw_demo.py runs/demo docs/figures
"""

import io
import sys
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

import zatlas
from zatlas.images.sheet import contact_sheet
from zatlas.run.evidence import kept_edits
from zatlas.workflows.demo import MODEL

COLOURS, DPI = 256, 120
FACES, COLUMNS = 20, 10


def write_small(picture: Image.Image, path: Path) -> None:
    """A PNG with few colours, because a page shows three of them."""
    picture.convert("RGB").quantize(COLOURS, kmeans=1).save(path, optimize=True)


def drawn(figure: Figure) -> Image.Image:
    """A figure as a picture."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI)
    return Image.open(file)


def main(demo: str, out: str) -> None:
    """Draw them from the folder of a demo."""
    run, folder = zatlas.open_run(Path(demo) / MODEL), Path(out)
    faces = run.held_out().pictures(FACES)
    write_small(Image.fromarray(contact_sheet(faces, COLUMNS, scale=2)), folder / "faces.png")
    plate = kept_edits(run).plates[0]
    images = zatlas.open_images(Path(demo) / "faces.npy")
    edits = [edit.edit for edit in plate.edits]
    figure = run.plate(edits, images, list(plate.index), command=plate.command).figure
    write_small(drawn(figure), folder / "demo-plate.png")
    atlas = run.open_atlas()
    strongest = atlas.record.elements[0].element
    write_small(drawn(atlas.figure(strongest)), folder / "demo-element.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
