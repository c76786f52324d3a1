"""Causes: what changed from one picture to another, each cause apart from the others.

An attribute of a picture also moves with what it is not about: a face that goes to the right brings
light to the right. A cause is measured between two pictures, before and after, and is what is left
for it after all other causes (``appearance.py``). It answers "what was done to this picture?";
attributes answer "how does this picture look now?".

Amounts are positive towards ``Property.up``. Left, right and tilt are those of the picture.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array, Property, batches, floats
from zatlas.evidence.properties import words
from zatlas.evidence.properties.appearance import Appearance, averaged, laplacian
from zatlas.evidence.properties.attributes import lab
from zatlas.evidence.properties.words import Words

_PICTURES_PER_BATCH = 32  # they stay in the processor's cache
_SMALLEST = 16  # pixels a side: smaller pictures have no detail to measure
_LEAST_GAIN = 0.1  # of contrast, where a picture has turned flat
_FLOOR = 0.01  # L* of detail, far below what rounding to grey levels leaves
_CONTRAST, _DARK, _LIGHT_CAUSES = 5, 10, 11  # places among the amounts of the fit of lightness
_NOISE_LOST, _NOISE_GAINED = 4.0, 2.0  # noise ~ detail to this power, as blurring, as sharpening


@dataclass(frozen=True)
class Cause:
    """One cause: what it is called, its family, and the words that a claim may use for it."""

    name: str
    unit: str
    up: str
    down: str
    family: str
    words: Words

    @property
    def column(self) -> Property:
        """The property that it measures."""
        return Property(
            name=self.name, unit=self.unit, up=self.up, down=self.down, kind="cause",
            family=self.family,
        )  # fmt: skip


LIGHT_CAUSES = (
    Cause("horizontal shift", "% of width", "moves right", "moves left", "place",
          words.HORIZONTAL_PLACE),
    Cause("vertical shift", "% of width", "moves up", "moves down", "place", words.VERTICAL_PLACE),
    Cause("zoom", "%", "larger", "smaller", "place", words.SIZE),
    Cause("tilt", "degrees", "tilts to the left", "tilts to the right", "place",
          Words(("left",), ("right",), context=("tilt", "lean"))),
    Cause("lightness", "L*", "lighter", "darker", "lightness", words.LIGHTNESS),
    Cause("contrast gain", "%", "more contrast", "less contrast", "detail", words.CONTRAST),
    Cause("left-right gradient", "L*", "light to the right", "light to the left",
          "light direction", words.LEFT_RIGHT_LIGHT),
    Cause("top-bottom gradient", "L*", "light to the top", "light to the bottom",
          "light direction", words.TOP_BOTTOM_LIGHT),
    Cause("border against rest", "L*", "lighter border", "darker border", "lightness",
          words.BORDER_LIGHTNESS),
    Cause("centre against rest", "L*", "lighter centre", "darker centre", "lightness",
          Words(words.LIGHT, words.DARK, ("brightness", "lightness"), words.CENTRE)),
    Cause("dark details", "%", "darker details", "paler details", "detail",
          Words(("dark details",), ("pale details",))),
    Cause("detail gain", "log10", "sharper", "softer", "detail", words.SHARPNESS),
    Cause("noise", "L*", "noisier", "less noisy", "detail",
          Words(("noisy", "grainy"), neutral=("grain",))),
)  # fmt: skip
COLOUR_CAUSES = (
    Cause("chroma gain", "%", "more colourful", "greyer", "colour", words.CHROMA),
    Cause("hue rotation", "degrees", "hue from red to yellow", "hue from yellow to red", "colour",
          Words(neutral=words.HUE)),
    Cause("red-green offset", "a*", "redder", "greener", "colour", words.RED_GREEN),
    Cause("yellow-blue offset", "b*", "yellower", "bluer", "colour", words.YELLOW_BLUE),
    Cause("border red-green offset", "a*", "redder border", "greener border", "colour",
          words.BORDER_RED_GREEN),
    Cause("border yellow-blue offset", "b*", "yellower border", "bluer border", "colour",
          words.BORDER_YELLOW_BLUE),
)  # fmt: skip
CAUSES = (*LIGHT_CAUSES, *COLOUR_CAUSES)
_DETAIL = slice(11, 13)  # detail gain and noise: known of a single picture


def columns(channels: int) -> list[Property]:
    """The causes between pictures of 1 or 3 channels, in the order of :meth:`Reference.changes`."""
    if channels not in (1, 3):
        raise InputError(f"pictures of {channels} channels have no causes here; give 1 or 3")
    return [cause.column for cause in (CAUSES if channels == 3 else LIGHT_CAUSES)]


class Reference:
    """Pictures before a change, prepared once for many changes.

    Parameters
    ----------
    planes
        CIELAB planes [L*, a*, b*] or [L*] of the pictures, each (B, H, W): ``lab(pictures)``.
        About 90 kB a picture are held.
    """

    def __init__(self, planes: list[Array]) -> None:
        self._appearance = Appearance(planes)
        self._detail = _detail(planes[0])

    def __len__(self) -> int:
        return len(self._detail)

    def rows(self, part: slice) -> "Reference":
        """The same of some of the pictures."""
        some = copy(self)
        some._appearance, some._detail = self._appearance.rows(part), self._detail[part]
        return some

    def changes(self, planes: list[Array]) -> Array:
        """Amount of every cause from the pictures before to those of ``planes``: (B, K) float64."""
        light, colour = self._appearance.changes(planes)
        gain = np.maximum(1 + light[:, _CONTRAST], _LEAST_GAIN)
        light[:, [_CONTRAST, _DARK]] *= 100
        detail = _detail_changes(self._detail, _detail(planes[0]), gain)
        parts = [light[:, :_LIGHT_CAUSES], detail]
        if colour is not None:
            turn, offset, border, _ = colour.T
            hue = np.degrees(np.angle(1 + turn))
            parts += [np.stack([100 * np.abs(1 + turn) - 100, hue], axis=1)]
            parts += [np.stack([c.real, c.imag], axis=1) for c in (offset, border)]
        return np.concatenate(parts, axis=1).astype(np.float64)


OfPlanes = Callable[[list[Array]], Array]
"""CIELAB planes of pictures to what is measured of them, (B, K)."""


class References:
    """:class:`Reference` of any number of pictures, which are compared a few at a time.

    ``beside`` is measured of the same planes.
    """

    def __init__(self, parts: Sequence[Reference], beside: OfPlanes | None = None) -> None:
        self._parts, self._beside = parts, beside

    def measure(self, x_BHWC: Array) -> Array:
        """Amount of every cause from the pictures before to these in [-1, 1]: (B, K) float64.

        The columns of ``beside`` follow.
        """
        found, at = [], 0
        for part in self._parts:
            planes = lab(x_BHWC[at : at + len(part)])
            found.append([part.changes(planes), *([self._beside(planes)] if self._beside else [])])
            at += len(part)
        return np.block(found)

    def rows(self, part: slice) -> "References":
        """The same of some of the pictures, ``part`` with a start and an end."""
        kept, at = [], 0
        for each in self._parts:
            start, end = max(part.start - at, 0), min(part.stop - at, len(each))
            if start < end:
                kept.append(each.rows(slice(start, end)))
            at += len(each)
        return References(kept, self._beside)


def compare(x_BHWC: Array, beside: OfPlanes | None = None) -> References:
    """Prepare pictures in [-1, 1], of 1 or 3 channels, for comparisons with later ones.

    ``beside`` is also measured of every later picture, whose planes are computed once.
    """
    parts = batches(len(x_BHWC), _PICTURES_PER_BATCH)
    return References([Reference(lab(x_BHWC[part])) for part in parts], beside)


def causes(before_BHWC: Array, after_BHWC: Array) -> Array:
    """Amount of every cause of the change from one picture to another.

    Parameters
    ----------
    before_BHWC, after_BHWC
        Pictures in [-1, 1], of 1 or 3 channels and the same shape.

    Returns
    -------
    Array
        (B, K) float64, a column for each of ``columns(C)``; 0 where nothing changed.

    Raises
    ------
    InputError
        The shapes differ, or pictures do not have 1 or 3 channels.

    Examples
    --------
    >>> import numpy as np
    >>> before = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 32, 32, 1)).astype(np.float32)
    >>> names = [column.name for column in columns(1)]
    >>> amounts = dict(zip(names, causes(before, before)[0].tolist()))
    >>> abs(round(amounts["lightness"], 3))
    0.0
    """
    if before_BHWC.shape != after_BHWC.shape:
        raise InputError(f"before is {before_BHWC.shape}, after is {after_BHWC.shape}")
    names = columns(before_BHWC.shape[-1])
    if not len(before_BHWC):
        return np.zeros((0, len(names)))
    return compare(before_BHWC).measure(after_BHWC)


def of_images(images_NHWC: Array) -> Array:
    """Amount of every cause in each of these uint8 images, up to a constant: (N, K).

    It is the change from each image to the next one, over the square root of 2. Over a property of
    single images, such as their lightness, this has the sd that the property itself has. Detail and
    noise are those of the image itself.
    """
    images = floats(images_NHWC)
    found = causes(images, np.roll(images, -1, axis=0)) / np.sqrt(2)
    parts = [_detail(lab(images[p])[0]) for p in batches(len(images), _PICTURES_PER_BATCH)]
    noise, detail = np.concatenate(parts).T
    found[:, _DETAIL] = np.stack([np.log10(detail), noise], axis=1)
    return np.asarray(found)


def _detail(light_BHW: Array) -> Array:
    """Noise and detail of planes of L*, both in L*: (B, 2).

    Noise is the estimate of Immerkær (1996, Fast noise variance estimation), which looks at single
    pixels where edges cancel. Detail is the size of the Laplacian of the picture at half its
    resolution, less what white noise adds to it. The border is left out.
    """
    if min(light_BHW.shape[1:]) < _SMALLEST:
        return np.tile(np.array([0, 1], np.float32), (len(light_BHW), 1))
    margin = min(light_BHW.shape[1:]) // 16
    inner = light_BHW[:, margin:-margin, margin:-margin]
    second = inner[:, 2:] - 2 * inner[:, 1:-1] + inner[:, :-2]
    second = second[:, :, 2:] - 2 * second[:, :, 1:-1] + second[:, :, :-2]
    scale = np.float32(np.sqrt(np.pi / 2))  # sd of a normal value over its mean absolute value
    noise = scale / 6 * np.abs(second).mean((1, 2))
    curved = scale * np.abs(laplacian(averaged(inner, 2))[:, 1:-1, 1:-1]).mean((1, 2))
    detail = np.sqrt(np.maximum(curved**2 - 5 * noise**2, 0.1 * curved**2) + _FLOOR**2)
    return np.stack([noise, detail], axis=1)


def _detail_changes(before: Array, after: Array, gain: Array) -> Array:
    """Detail gain beyond that of contrast, and noise beyond what both gains make of it: (B, 2).

    A blur takes noise away with the detail, and sharpening makes more of both; the powers by which
    it does were measured on faces.
    """
    (noise, detail), (noise_after, detail_after) = before.T, after.T
    sharper = np.log10(detail_after / (detail * gain))
    power = np.where(sharper < 0, _NOISE_LOST, _NOISE_GAINED)
    return np.stack([sharper, noise_after - noise * gain * 10 ** (power * sharper)], axis=1)
