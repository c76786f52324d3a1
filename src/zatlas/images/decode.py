"""The images of a source, and decoding one: from a file's bytes to uint8 pixels."""

import functools
import io
import logging
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from zatlas.errors import InputError
from zatlas.files import open_file

SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff"}
SUFFIXES |= {".webp", ".avif", ".jp2", ".ppm", ".pgm", ".pbm", ".pnm"}
MAX_BYTES = 1 << 28  # of one image file
MAX_PIXELS = 90_000_000  # of one image; Pillow's own limit is about the same
MIN_SIDE = 2


logging.getLogger("PIL").addHandler(logging.NullHandler())  # zatlas reports faults itself


Size = int | tuple[int, int] | None  # a side, or (height, width)
Box = tuple[int, int, int, int]  # (top, left, height, width)


class UnreadableError(Exception):
    """Why one image cannot be used. The image is listed and skipped."""


Data = Path | bytes | NDArray[np.uint8] | UnreadableError


class Item(NamedTuple):
    """One image of a source: its name there, its data, its labels."""

    name: str
    data: Data
    labels: tuple[Any, ...] = ()


@dataclass
class Source:
    """An open source of images. Its items are read on demand, once.

    Attributes
    ----------
    name : the name for messages.
    items : the images.
    count : the number of items.
    columns : the names of their labels.
    notes : what the reader assumed, one sentence each.
    close : closes the file.
    """

    name: str
    items: Iterable[Item]
    count: int
    columns: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    close: Callable[[], None] = lambda: None


class Fitted(NamedTuple):
    """An image ready for an image set: uint8 (H,W,C), and whether its edges were cropped."""

    pixels: NDArray[np.uint8]
    trimmed: bool


class Fit(NamedTuple):
    """How every image is fitted, in this order: crop, resize, convert to grey.

    Attributes
    ----------
    crop : (top, left, height, width) in pixels, or None.
    to : (height, width) in pixels, or None.
    gray : whether to convert to grey.
    """

    crop: Box | None = None
    to: tuple[int, int] | None = None
    gray: bool = False

    @classmethod
    def checked(cls, to: Size = None, crop: Box | None = None, gray: bool = False) -> "Fit":
        """Check the arguments of a user; one number means a square. Raises InputError."""
        size = (to, to) if isinstance(to, int) else to
        if size is not None and (len(size) != 2 or not all(2 <= side <= 8192 for side in size)):
            fault = f"to={to}: give a side in pixels from 2 to 8192, such as to=64"
            raise InputError(fault, arguments=("to",))
        if crop is not None and (len(crop) != 4 or min(crop) < 0 or min(crop[2:]) < MIN_SIDE):
            form = "give TOP,LEFT,HEIGHT,WIDTH in pixels, such as crop=10,0,28,64"
            raise InputError(f"crop={','.join(map(str, crop))}: {form}", arguments=("crop",))
        return cls(crop, size, gray)


def prepare_one(data: Data, fit: Fit) -> Fitted:
    """Decode one image and fit it.

    Resizing is Pillow's ``BILINEAR``: a triangle filter, wider when shrinking (antialiasing). An
    image is never stretched: without a crop, its centre with the aspect ratio of ``fit.to`` is
    used. Grey is ITU-R 601 luma.

    Raises
    ------
    UnreadableError
        The image cannot be used; the text says why.
    """
    image, trimmed = decode(data), False
    if fit.crop is not None:
        top, left, height, width = fit.crop
        if top + height > image.height or left + width > image.width:
            size = f"{image.width}x{image.height} pixels (width x height)"
            raise UnreadableError(f"{size}: too small for the crop")
        image = image.crop((left, top, left + width, top + height))
    elif fit.to is not None:
        box = _centre(image.size, fit.to)
        trimmed = box != (0, 0, *image.size)
        image = image.crop(box) if trimmed else image
    if fit.to is not None:
        image = image.resize((fit.to[1], fit.to[0]), Image.Resampling.BILINEAR)
    return Fitted(np.atleast_3d(np.array(image.convert("L") if fit.gray else image)), trimmed)


def _centre(size: tuple[int, int], to: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest centred box (left, top, right, bottom) with the aspect ratio of ``to``."""
    width, height = wide, high = size
    if width * to[0] > height * to[1]:
        wide = max(1, round(height * to[1] / to[0]))
    else:
        high = max(1, round(width * to[0] / to[1]))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def decode(data: Data) -> Image.Image:
    """Decode an image file, its bytes or an array (H,W,C) to an 8-bit Pillow image.

    A file gives ``RGB``: its EXIF orientation is applied, transparency becomes white, 16 bits are
    scaled to 8, and the first frame of an animation is used. An array of one channel stays grey
    (``L``).

    Raises
    ------
    UnreadableError
        The data is not a complete image, or is too small or too large.
    """
    if isinstance(data, UnreadableError):
        raise data
    if isinstance(data, np.ndarray):
        image = _eight_bit(Image.fromarray(data[..., 0] if data.shape[-1] == 1 else data))
    else:
        image = _decode_file(data)
    if min(image.size) < MIN_SIDE:
        raise UnreadableError(f"{image.width}x{image.height} pixels: too small for a picture")
    return image


def _decode_file(data: Path | bytes) -> Image.Image:
    try:
        content = data if isinstance(data, bytes) else _content(data)
        if len(content) > MAX_BYTES:
            raise UnreadableError(f"more than {MAX_BYTES:,} bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of unusual metadata and of many pixels
            image: Image.Image
            with Image.open(io.BytesIO(content), formats=_formats()) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                image.load()
                with suppress(Exception):  # invalid EXIF data: the image is not rotated
                    ImageOps.exif_transpose(image, in_place=True)
                image = _eight_bit(image)
                return image if image.mode == "RGB" else image.convert("RGB")
    except UnreadableError:
        raise
    except UnidentifiedImageError:
        raise UnreadableError(_not_a_picture(content)) from None
    except Image.DecompressionBombError:
        raise UnreadableError(f"more than {MAX_PIXELS // 10**6} million pixels") from None
    except Exception as error:  # with damaged bytes, Pillow raises nearly any type of error
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if "truncated" in reason.lower():
            reason = "truncated: the file ends before the picture does"
        raise UnreadableError(" ".join(reason.split())) from None


def _content(path: Path) -> bytes:
    """The bytes of a file, one more than ``MAX_BYTES`` at most."""
    with open_file(path) as file:
        return file.read(MAX_BYTES + 1)


@functools.cache
def _formats() -> tuple[str, ...]:
    """The bitmap formats that this Pillow reads, without the readers that start other programs."""
    Image.init()
    known = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
    return tuple(name for name in known if name in Image.OPEN)


def _not_a_picture(data: bytes) -> str:
    head = data[:64].lstrip().lower()
    if not head:
        return "an empty file"
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        return "a web page or other text, not a picture"
    return "not a picture of a known kind, or its first bytes are damaged"


def _eight_bit(image: Image.Image) -> Image.Image:
    """Any Pillow mode to ``L`` or ``RGB``; transparency becomes white, 16 bits are divided."""
    if image.mode.startswith("I"):  # I;16 in both byte orders; a 16-bit PPM file is read as I
        levels = np.asarray(image)
        if levels.min() < 0 or levels.max() > 0xFFFF:
            raise UnreadableError("32 bits a pixel: save it with 8 or 16")
        return Image.fromarray(np.rint(levels / 257).astype(np.uint8))
    if image.mode == "F":
        raise UnreadableError("floating-point pixels: save it with 8 or 16 bits")
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", colour.size, "white"), colour).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
