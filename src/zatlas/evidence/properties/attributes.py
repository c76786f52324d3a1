"""Attributes of pictures: each is a formula on pixels, none is trained.

Lightness and colour are CIELAB (CIE 1976) from sRGB under D65: L* runs from 0, black, to 100,
white; a* from green to red; b* from blue to yellow. A picture of one channel has L* alone, and its
colour attributes are absent. "Left" and "right" are those of the picture, not of the person in it.
Places and widths are in percent of the picture's width, so that they do not depend on its size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array, Measure, Property, in_batches
from zatlas.evidence.properties import words
from zatlas.evidence.properties.words import Words

_XYZ = np.array(  # linear sRGB to XYZ, divided by the white point D65 (IEC 61966-2-1)
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
) / np.array([[0.95047], [1.0], [1.08883]])
_LAPLACIAN_FLOOR = 0.01  # L* squared; rounding to grey levels leaves about 0.3
_PICTURES_PER_BATCH = 32  # they stay in the processor's cache


def lab(x_BHWC: Array) -> list[Array]:
    """CIELAB planes of pictures in [-1, 1]: [L*, a*, b*], or [L*] for one channel; each (B, H, W).

    Values outside the range are clipped, as a screen clips them. The numbers are those of
    ``skimage.color.rgb2lab`` (to 0.001), which takes three times as long.
    """
    planes = np.array(np.moveaxis(x_BHWC, -1, 0), np.float32, order="C")  # a copy, colour first
    np.clip(planes, -1, 1, out=planes)
    planes += 1
    planes *= 0.5
    low = planes <= 0.04045
    toe = planes[low] / np.float32(12.92)
    planes += np.float32(0.055)
    planes /= np.float32(1.055)
    np.power(planes, np.float32(2.4), out=planes)
    planes[low] = toe
    if len(planes) == 1:
        return [116 * _lab_curve(planes[0]) - 16]
    r, g, b = planes  # written out: a matrix product this flat is slow
    x, y, z = (_lab_curve(w[0] * r + w[1] * g + w[2] * b) for w in _XYZ.astype(np.float32))
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


def _lab_curve(t: Array) -> Array:
    dark = t <= 0.008856
    toe = np.float32(7.787) * t[dark] + np.float32(16 / 116)
    root: Array = np.cbrt(t)
    root[dark] = toe
    return root


class Views:
    """What the formulas read, computed once for a batch: L*, a*, b*, and the edges of L*.

    ``planes`` are those of :func:`lab`.
    """

    def __init__(self, planes: list[Array]) -> None:
        self.planes = planes
        self.light = self.planes[0]
        height, width = self.light.shape[1:]
        self.x = (100 * (np.arange(width) - (width - 1) / 2) / width).astype(np.float32)
        self.y = (100 * ((height - 1) / 2 - np.arange(height)) / width).astype(np.float32)
        self.frame = np.ones((height, width), np.float32)  # the border: a sixteenth on each side
        rows, columns = -(-height // 16), -(-width // 16)
        self.frame[rows : height - rows, columns : width - columns] = 0
        self.frame /= self.frame.sum()

    @cached_property
    def edges(self) -> Array:
        """Length of the gradient of L* (central differences; 0 on the rim), (B, H, W)."""
        down = self.light[:, 2:, 1:-1] - self.light[:, :-2, 1:-1]
        along = self.light[:, 1:-1, 2:] - self.light[:, 1:-1, :-2]
        edges = np.zeros_like(self.light)
        np.sqrt(down * down + along * along, out=edges[:, 1:-1, 1:-1])
        return edges

    @cached_property
    def _edge_sums(self) -> tuple[Array, Array, Array]:
        columns, rows = self.edges.sum(1), self.edges.sum(2)
        return columns, rows, np.maximum(columns.sum(1, keepdims=True), 1e-6)

    @cached_property
    def edge_columns(self) -> Array:
        """Fraction of the edges in each column, (B, W); zeros for a flat picture."""
        columns, _, total = self._edge_sums
        return columns / total

    @cached_property
    def edge_rows(self) -> Array:
        """Fraction of the edges in each row, (B, H)."""
        _, rows, total = self._edge_sums
        return rows / total

    def border(self, plane: int) -> Array:
        """Mean of one plane over the frame, (B,)."""
        return np.asarray(np.einsum("bhw,hw->b", self.planes[plane], self.frame))


def luminance(v: Views) -> Array:
    """Mean L*. Unit: L* (0 to 100)."""
    return _mean(v.light)


def left_right_light(v: Views) -> Array:
    """Mean L* of the right half minus mean L* of the left half. Unit: L*."""
    half = v.light.shape[2] // 2
    return _mean(v.light[:, :, -half:]) - _mean(v.light[:, :, :half])


def top_bottom_light(v: Views) -> Array:
    """Mean L* of the upper half minus mean L* of the lower half. Unit: L*."""
    half = v.light.shape[1] // 2
    return _mean(v.light[:, :half]) - _mean(v.light[:, -half:])


def contrast(v: Views) -> Array:
    """RMS contrast: standard deviation of L* over the pixels (Peli 1990). Unit: L*."""
    return np.asarray(np.std(v.light, (1, 2)))


def red_green(v: Views) -> Array:
    """Mean a*. Unit: a* (positive is red)."""
    return _mean(v.planes[1])


def yellow_blue(v: Views) -> Array:
    """Mean b*. Unit: b* (positive is yellow)."""
    return _mean(v.planes[2])


def chroma(v: Views) -> Array:
    """Mean of sqrt(a*^2 + b*^2) over the pixels. Unit: C* (0 is grey)."""
    a, b = v.planes[1:]
    return _mean(np.sqrt(a * a + b * b))


def sharpness(v: Views) -> Array:
    """log10 of the variance of the Laplacian of L* (Pech-Pacheco 2000), floored at 0.01.

    Unit: log10, so +0.3 is twice the variance. Noise counts as sharpness. The record of a
    reconstruction has another measure under this name: the ratio of two sd of the Laplacian.
    """
    inner = v.light[:, 1:-1, 1:-1]
    around = v.light[:, 2:, 1:-1] + v.light[:, :-2, 1:-1]
    around += v.light[:, 1:-1, 2:]
    around += v.light[:, 1:-1, :-2]
    around -= 4 * inner
    return np.asarray(np.log10(np.maximum(around.var((1, 2)), _LAPLACIAN_FLOOR)))


def edge_extent(v: Views) -> Array:
    """Root mean square distance of the edges of L* from their centroid. Unit: % of width."""
    return np.asarray(np.sqrt(_spread(v.edge_columns, v.x) + _spread(v.edge_rows, v.y)))


def horizontal_place(v: Views) -> Array:
    """Centroid of the edges of L* along the width, 0 in the middle. Unit: % of width, right +."""
    return _centroid(v.edge_columns, v.x)


def vertical_place(v: Views) -> Array:
    """Centroid of the edges of L* along the height, 0 in the middle. Unit: % of width, up +."""
    return _centroid(v.edge_rows, v.y)


def asymmetry(v: Views) -> Array:
    """Skewness of the columns in which the edges of L* lie, turned so that right is positive.

    Minus the third central moment over the spread cubed. A proxy of turning (yaw): when a head
    turns, its features (many edges) go to one side of its outline (few edges). It does not depend
    on where the object stands and how large it is; a mirrored picture has the opposite sign. Unit:
    none. Clutter on one side moves it too.
    """
    off = v.x - _centroid(v.edge_columns, v.x)[:, None]
    third = np.einsum("bw,bw,bw,bw->b", v.edge_columns, off, off, off)
    return np.asarray(-third / np.maximum(_spread(v.edge_columns, v.x), 1e-3) ** 1.5)


def border_lightness(v: Views) -> Array:
    """Mean L* of the frame, a sixteenth of the picture on each side. Unit: L*."""
    return v.border(0)


def border_red_green(v: Views) -> Array:
    """Mean a* of the frame. Unit: a*."""
    return v.border(1)


def border_yellow_blue(v: Views) -> Array:
    """Mean b* of the frame. Unit: b*."""
    return v.border(2)


def _mean(plane_BHW: Array) -> Array:
    return np.asarray(np.mean(plane_BHW, axis=(1, 2)))


def _centroid(weights: Array, at: Array) -> Array:
    """Mean of places ``at`` (K,) under ``weights`` (B, K)."""
    return np.asarray(np.einsum("bk,k->b", weights, at))


def _spread(weights: Array, at: Array) -> Array:
    """Variance of places ``at`` (K,) under ``weights`` (B, K)."""
    return np.asarray(np.maximum(_centroid(weights, at**2) - _centroid(weights, at) ** 2, 0))


@dataclass(frozen=True)
class Attribute:
    """One attribute: its formula, what it is called, its family of overlapping properties, and the
    words that a claim may use for it.

    A picture without colour has no attribute that ``needs_colour``.
    """

    formula: Callable[[Views], Array]
    name: str
    unit: str
    up: str
    down: str
    family: str
    words: Words
    needs_colour: bool = False

    @property
    def column(self) -> Property:
        """The property that it measures."""
        return Property(
            name=self.name, unit=self.unit, up=self.up, down=self.down, family=self.family
        )


ATTRIBUTES = (
    Attribute(luminance, "luminance", "L*", "lighter", "darker", "lightness", words.LIGHTNESS),
    Attribute(left_right_light, "left-right light", "L*", "light to the right",
              "light to the left", "light direction", words.LEFT_RIGHT_LIGHT),
    Attribute(top_bottom_light, "top-bottom light", "L*", "light to the top",
              "light to the bottom", "light direction", words.TOP_BOTTOM_LIGHT),
    Attribute(contrast, "contrast", "L*", "more contrast", "less contrast", "detail",
              words.CONTRAST),
    Attribute(red_green, "red-green", "a*", "redder", "greener", "colour", words.RED_GREEN, True),
    Attribute(yellow_blue, "yellow-blue", "b*", "yellower", "bluer", "colour",
              words.YELLOW_BLUE, True),
    Attribute(chroma, "chroma", "C*", "more colourful", "greyer", "colour", words.CHROMA, True),
    Attribute(sharpness, "sharpness", "log10", "sharper", "softer", "detail", words.SHARPNESS),
    Attribute(edge_extent, "edge extent", "% of width", "edges further out",
              "edges further in", "place", words.SIZE),
    Attribute(horizontal_place, "horizontal place", "% of width", "moves right", "moves left",
              "place", words.HORIZONTAL_PLACE),
    Attribute(vertical_place, "vertical place", "% of width", "moves up", "moves down", "place",
              words.VERTICAL_PLACE),
    Attribute(asymmetry, "asymmetry", "", "features to the right", "features to the left",
              "place", Words(("right",), ("left",), context=words.TURN)),
    Attribute(border_lightness, "border lightness", "L*", "lighter border", "darker border",
              "lightness", words.BORDER_LIGHTNESS),
    Attribute(border_red_green, "border red-green", "a*", "redder border", "greener border",
              "colour", words.BORDER_RED_GREEN, True),
    Attribute(border_yellow_blue, "border yellow-blue", "b*", "yellower border", "bluer border",
              "colour", words.BORDER_YELLOW_BLUE, True),
)  # fmt: skip


def columns(channels: int) -> list[Property]:
    """The properties that :func:`measure` gives for pictures of 1 or 3 channels, in order."""
    return [entry.column for entry in _entries(channels)]


def measure(x_BHWC: Array) -> Array:
    """Every attribute of pictures in [-1, 1], of 1 or 3 channels: (B, K) float64."""
    _entries(x_BHWC.shape[-1])  # the channels are checked, also where there are no pictures
    return in_batches(lambda part: of_planes(lab(part)), x_BHWC, _PICTURES_PER_BATCH)


def of_planes(planes: list[Array]) -> Array:
    """Every attribute of pictures whose CIELAB planes are known already: (B, K) float64."""
    views = Views(planes)
    values = [entry.formula(views) for entry in _entries(len(planes))]
    return np.stack(values, axis=1).astype(np.float64)


def _entries(channels: int) -> list[Attribute]:
    if channels not in (1, 3):
        raise InputError(f"pictures of {channels} channels have no attributes here; give 1 or 3")
    return [entry for entry in ATTRIBUTES if channels == 3 or not entry.needs_colour]


def joined(*measures: Measure) -> Measure:
    """Several measures as one: their columns side by side."""
    return lambda x_BHWC: np.concatenate([each(x_BHWC) for each in measures], axis=1)
