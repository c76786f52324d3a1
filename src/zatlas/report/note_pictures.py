"""The pictures of a user's note: local files beside it, which the page holds itself."""

import io
import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from PIL import Image

from zatlas.errors import InputError
from zatlas.files import open_file, similar_name
from zatlas.images.decode import MAX_PIXELS
from zatlas.report.data import GivenPicture
from zatlas.report.notes import blocks

MAX_BYTES = 1 << 24  # of one picture: the page holds it in text, a third longer
_FORMATS = {".png": ("PNG", "image/png"), ".jpg": ("JPEG", "image/jpeg"),
            ".jpeg": ("JPEG", "image/jpeg"), ".svg": ("SVG", "image/svg+xml")}  # fmt: skip
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)


def picture_files(note: str | os.PathLike[str], text: str) -> dict[str, Path]:
    """The files of the pictures of a note, by the words that the note writes for each.

    Raises InputError for one that is no PNG, JPEG or SVG below the folder of the note.
    """
    words = dict.fromkeys(block.items[1] for block in blocks(text) if block.kind == "picture")
    return {each: _place(Path(note), each) for each in words}


def note_pictures(note: str | os.PathLike[str], text: str) -> dict[str, GivenPicture]:
    """The pictures of a note, by the words that the note writes for each.

    Parameters
    ----------
    note : the file of the note; pictures are looked for beside it.
    text : what it holds.

    Raises
    ------
    InputError
        A picture is missing, is none, or does not lie in the folder of the note.
    """
    return {words: _read(Path(note), file) for words, file in picture_files(note, text).items()}


def _place(note: Path, words: str) -> Path:
    """The file that a note means."""
    named = unquote(words)
    place = PurePosixPath(named)
    inside = not (place.is_absolute() or ".." in place.parts or re.search(r"[:\\\0]", named))
    file = note.parent / named
    if not inside or not file.resolve().is_relative_to(note.parent.resolve()):
        raise InputError(
            f"{note}: the picture {words!r} is no file in the folder of the note; copy it there"
        )
    if file.suffix.lower() not in _FORMATS:
        raise InputError(f"{note}: the picture {words!r}: give a {', '.join(_FORMATS)} file")
    return file


def _read(note: Path, file: Path) -> GivenPicture:
    form, mime = _FORMATS[file.suffix.lower()]
    try:
        with open_file(file) as handle:
            content = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        fault = f"no such picture{similar_name(file)}"
        raise InputError(f"{note}: {file}: {fault}") from None
    except OSError as error:
        raise InputError(f"{note}: {file}: cannot be read ({error.strerror})") from None
    if len(content) > MAX_BYTES:
        limit = f"{MAX_BYTES >> 20} MiB"
        raise InputError(f"{note}: {file}: larger than {limit}; make the picture smaller")
    size = _size(content, form)
    if size is None:
        raise InputError(f"{note}: {file}: is no picture of the kind {form}")
    return GivenPicture(content, file.suffix.lower(), mime, None if form == "SVG" else size)


def _size(content: bytes, form: str) -> tuple[int, int] | None:
    """Width and height in pixels, (0, 0) of an SVG; None where it is no such picture."""
    if form == "SVG":
        return (0, 0) if _SVG.search(content[:65_536]) else None
    try:
        with Image.open(io.BytesIO(content), formats=[form]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return None
            image.load()
            return width, height
    except Exception:  # Pillow raises nearly any type of error for a damaged picture
        return None
