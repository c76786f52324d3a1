"""The pictures of a report as files."""

import io
from dataclasses import dataclass

from matplotlib.figure import Figure
from PIL import Image

from zatlas.figures.style import png
from zatlas.report.data import Drawing, GivenPicture


@dataclass(frozen=True)
class PictureFile:
    """A picture as a file.

    ``path`` is relative to the report, ``size`` is (width, height) in pixels, None for an SVG.
    ``is_image`` says whether it is an image of the model; the page enlarges its pixels. ``mime`` is
    its type; an SVG of zatlas has none, and becomes a part of the page.
    """

    path: str
    content: bytes
    size: tuple[int, int] | None
    is_image: bool
    mime: str = "image/png"


def picture_file(stem: str, drawing: Drawing) -> PictureFile:
    """Encode a drawing; ``stem`` is the path without its suffix."""
    if isinstance(drawing, str):
        return PictureFile(f"{stem}.svg", drawing.encode(), None, is_image=False, mime="")
    if isinstance(drawing, GivenPicture):
        path = f"{stem}{drawing.suffix}"
        return PictureFile(path, drawing.content, drawing.size, is_image=False, mime=drawing.mime)
    is_image = not isinstance(drawing, Figure)
    if isinstance(drawing, Figure):
        content = png(drawing)
    else:
        buffer = io.BytesIO()
        Image.fromarray(drawing.squeeze()).save(buffer, "png", optimize=True)
        content = buffer.getvalue()
    with Image.open(io.BytesIO(content)) as image:
        return PictureFile(f"{stem}.png", content, image.size, is_image)
