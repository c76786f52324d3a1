"""Causes: what changed from one picture to another, each cause apart from the others.

An attribute of a picture also moves with what it is not about: a face that goes to the right brings
light to the right. A cause is measured between two pictures, before and after, and is what is left
for it after all other causes, see :mod:`trials.appearance`. It answers "what
was done to this picture?"; attributes answer "how does this picture look now?".

Amounts are positive towards ``Column.up``. Left, right and tilt are those of the picture.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from trials.appearance import Appearance, averaged, laplacian
from zatlas.errors import InputError
from zatlas.evidence.arrays import GREY_LEVELS, Array, batches, floats
from zatlas.evidence.properties.attributes import lab

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "place": ("horizontal shift", "vertical shift", "zoom", "tilt", "horizontal place",
              "vertical place", "edge extent", "asymmetry"),
    "lightness": ("lightness", "border against rest", "centre against rest", "luminance",
                  "border lightness"),
    "light direction": ("left-right gradient", "top-bottom gradient", "left-right light",
                        "top-bottom light"),
    "detail": ("contrast gain", "detail gain", "noise", "dark details", "contrast", "sharpness"),
    "colour": ("chroma gain", "hue rotation", "red-green offset", "yellow-blue offset",
               "border red-green offset", "border yellow-blue offset", "red-green", "yellow-blue",
               "chroma", "border red-green", "border yellow-blue"),
}  # fmt: skip
"""Families of properties that overlap, causes first: one edit moves several of a family."""
FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}

_PAIRS = 512  # pairs of images that the spread is measured on, at most
_BATCH = 32  # pictures that stay in the processor's cache
_SMALLEST = 16  # pixels a side: smaller pictures have no detail to measure
_LEAST_GAIN = 0.1  # of contrast, where a picture has turned flat
_FLOOR = 0.01  # L* of detail, far below what rounding to grey levels leaves
_CONTRAST, _DARK, _LIGHT_CAUSES = 5, 10, 11  # places among the amounts of the fit of lightness
_NOISE_LOST, _NOISE_GAINED = 4.0, 2.0  # noise ~ detail to this power, as blurring, as sharpening


class Column(NamedTuple):
    """A measured cause: its unit, and what a rise and a fall are called."""

    name: str
    unit: str
    up: str
    down: str
    kind: str


def _cause(name: str, unit: str, up: str, down: str) -> Column:
    return Column(name, unit, up, down, "cause")


_LIGHT = (
    _cause("horizontal shift", "% of width", "moves right", "moves left"),
    _cause("vertical shift", "% of width", "moves up", "moves down"),
    _cause("zoom", "%", "larger", "smaller"),
    _cause("tilt", "degrees", "tilts to the left", "tilts to the right"),
    _cause("lightness", "L*", "lighter", "darker"),
    _cause("contrast gain", "%", "more contrast", "less contrast"),
    _cause("left-right gradient", "L*", "light to the right", "light to the left"),
    _cause("top-bottom gradient", "L*", "light to the top", "light to the bottom"),
    _cause("border against rest", "L*", "lighter border", "darker border"),
    _cause("centre against rest", "L*", "lighter centre", "darker centre"),
    _cause("dark details", "%", "darker details", "paler details"),
    _cause("detail gain", "log10", "sharper", "softer"),
    _cause("noise", "L*", "noisier", "less noisy"),
)
_COLOUR = (
    _cause("chroma gain", "%", "more colourful", "greyer"),
    _cause("hue rotation", "degrees", "hue from red to yellow", "hue from yellow to red"),
    _cause("red-green offset", "a*", "redder", "greener"),
    _cause("yellow-blue offset", "b*", "yellower", "bluer"),
    _cause("border red-green offset", "a*", "redder border", "greener border"),
    _cause("border yellow-blue offset", "b*", "yellower border", "bluer border"),
)


def columns(channels: int) -> list[Column]:
    """The causes between pictures of 1 or 3 channels, in the order of :meth:`Reference.changes`."""
    if channels not in (1, 3):
        raise InputError(f"pictures of {channels} channels have no causes here; give 1 or 3")
    return [*_LIGHT, *(_COLOUR if channels == 3 else ())]


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
    if not len(before_BHWC):
        return np.zeros((0, len(columns(before_BHWC.shape[-1]))))
    columns(before_BHWC.shape[-1])
    parts = [
        Reference(lab(before_BHWC[part])).changes(lab(after_BHWC[part]))
        for part in batches(len(before_BHWC), _BATCH)
    ]
    return np.concatenate(parts)


def spread(images_NHWC: Array, seed: int = 0) -> Array:
    """The sd of every cause over real images, the unit that effects are told in: (K,).

    It is the sd of the change from one image to another, drawn at random, over the square root of
    2: of a property of single images, such as their lightness, that is its sd. Detail and noise
    are measured in single images. 0 where the spread is no more than what half a grey level does.
    ``images`` are uint8, or float in [-1, 1]; 512 of them are used.
    """
    rows = np.random.default_rng(seed).permutation(len(images_NHWC))[:_PAIRS]
    images = floats(images_NHWC[rows])
    found = causes(images, np.roll(images, 1, axis=0)).std(0) / np.sqrt(2)
    parts = [_detail(lab(images[part])[0]) for part in batches(len(images), _BATCH)]
    noise, detail = np.concatenate(parts).T
    found[_LIGHT_CAUSES : _LIGHT_CAUSES + 2] = np.log10(detail).std(), noise.std()
    few = images[:_BATCH]
    moves = np.eye(few.shape[-1], dtype=np.float32) / np.float32(2 * GREY_LEVELS)
    found[found <= np.max([np.abs(causes(few, few + move)).mean(0) for move in moves], 0)] = 0
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
