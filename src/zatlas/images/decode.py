"""One picture, from a file's bytes to the uint8 pixels an image set holds."""

import functools
import io
import logging
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from zatlas.errors import InputError

SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff"}
SUFFIXES |= {".webp", ".avif", ".jp2", ".ppm", ".pgm", ".pbm", ".pnm"}
MAX_BYTES = 1 << 28  # of one picture file
MAX_PIXELS = 90_000_000  # of one picture, about Pillow's own limit
MIN_SIDE = 2


logging.getLogger("PIL").addHandler(logging.NullHandler())  # a fault is told once, by us


class UnreadableError(Exception):
    """Why one picture cannot be used. It is listed and skipped; the others go on."""


Data = Path | bytes | NDArray[np.uint8] | UnreadableError


class Fitted(NamedTuple):
    """A picture ready for an image set: uint8 (H,W,C), and whether its edges were cut for that."""

    pixels: NDArray[np.uint8]
    trimmed: bool


@dataclass(frozen=True)
class Fit:
    """What is done to every picture, in this order: crop, resize, grey.

    ``crop`` is (top, left, height, width) in pixels, ``to`` is (height, width).
    """

    crop: tuple[int, int, int, int] | None = None
    to: tuple[int, int] | None = None
    gray: bool = False

    @classmethod
    def checked(
        cls,
        to: int | tuple[int, int] | None = None,
        crop: tuple[int, int, int, int] | None = None,
        gray: bool = False,
    ) -> "Fit":
        """Check the user's words; one number means a square. Raises InputError."""
        size = (to, to) if isinstance(to, int) else to
        if size is not None and (len(size) != 2 or not all(2 <= side <= 8192 for side in size)):
            raise InputError(f"--to {to}: give a side in pixels from 2 to 8192, such as --to 64")
        if crop is not None and (len(crop) != 4 or min(crop) < 0 or min(crop[2:]) < MIN_SIDE):
            text = ",".join(map(str, crop))
            raise InputError(
                f"--crop {text}: give TOP,LEFT,HEIGHT,WIDTH in pixels, such as --crop 10,0,28,64"
            )
        return cls(crop, size, gray)


def prepare_one(data: Data, fit: Fit) -> Fitted:
    """Decode one picture and fit it. Raises UnreadableError with the reason.

    Resizing is Pillow's ``BILINEAR``: the triangle filter, widened when shrinking (antialias).
    Without a crop, a picture of another aspect than ``fit.to`` keeps its centre and loses its
    edges (for a square: the centre square), so that nothing is stretched. Grey is ITU-R 601 luma.
    """
    image = decode(data)
    if fit.crop is not None:
        top, left, height, width = fit.crop
        if top + height > image.height or left + width > image.width:
            raise UnreadableError(
                f"{image.width}x{image.height} pixels (width x height): too small for the crop"
            )
        image = image.crop((left, top, left + width, top + height))
    trimmed = False
    if fit.to is not None:
        if fit.crop is None:
            box = _centre(image.size, fit.to)
            trimmed = box != (0, 0, *image.size)
            image = image.crop(box) if trimmed else image
        image = image.resize((fit.to[1], fit.to[0]), Image.Resampling.BILINEAR)
    if fit.gray:
        image = image.convert("L")
    pixels = np.array(image)
    return Fitted(pixels[..., None] if pixels.ndim == 2 else pixels, trimmed)


def _centre(size: tuple[int, int], to: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest centred box (left, top, right, bottom) with the aspect of ``to``."""
    width, height = size
    wide, high = width, height
    if width * to[0] > height * to[1]:
        wide = max(1, round(height * to[1] / to[0]))
    else:
        high = max(1, round(width * to[0] / to[1]))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def decode(data: Data) -> Image.Image:
    """Decode a picture file, its bytes or an array (H,W,C) to an 8-bit Pillow image.

    Files give ``RGB``: turned upright by their EXIF orientation, transparency laid over white,
    16 bits scaled to 8, the first frame of an animation. Arrays of one channel stay grey (``L``).
    Raises UnreadableError for anything that is not a whole picture of bearable size.
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
        size = len(data) if isinstance(data, bytes) else data.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableError(f"{size:,} bytes: more than {MAX_BYTES:,}")
        with warnings.catch_warnings(), _open(data) as stream:
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata; the pixels count here
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image
            with Image.open(stream, formats=_formats()) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                image.load()
                with suppress(Exception):  # broken EXIF: the picture stays as it lies
                    ImageOps.exif_transpose(image, in_place=True)
                image = _eight_bit(image)
                return image if image.mode == "RGB" else image.convert("RGB")
    except UnreadableError:
        raise
    except UnidentifiedImageError:
        raise UnreadableError(_not_a_picture(data)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableError(f"more than {MAX_PIXELS // 10**6} million pixels") from None
    except Exception as error:  # on broken bytes Pillow's readers raise nearly every kind
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if "truncated" in reason.lower():
            reason = "truncated: the file ends before the picture does"
        raise UnreadableError(" ".join(reason.split())) from None


def _open(data: Path | bytes) -> io.BytesIO | io.BufferedReader:
    return io.BytesIO(data) if isinstance(data, bytes) else data.open("rb")


@functools.cache
def _formats() -> tuple[str, ...]:
    """Pixel formats this Pillow can read; its readers that start other programs are left out."""
    Image.init()
    known = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
    return tuple(name for name in known if name in Image.OPEN)


def _not_a_picture(data: Path | bytes) -> str:
    with _open(data) as stream:
        head = stream.read(64).lstrip().lower()
    if not head:
        return "an empty file"
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        return "a web page or other text, not a picture"
    return "not a picture of a known kind, or its first bytes are damaged"


def _eight_bit(image: Image.Image) -> Image.Image:
    """Any Pillow mode to ``L`` or ``RGB``; transparency over white, 16 bits divided by 257."""
    if image.mode.startswith("I"):  # I;16 in its byte orders; 16-bit PPM comes as I
        levels = np.asarray(image)
        if levels.min() < 0 or levels.max() > 0xFFFF:
            raise UnreadableError("32 bits a pixel: save it with 8 or 16")
        return Image.fromarray(np.rint(levels / 257).astype(np.uint8))
    if image.mode == "F":
        raise UnreadableError("floating-point pixels: save it with 8 or 16 bits")
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        return Image.alpha_composite(white, colour).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
