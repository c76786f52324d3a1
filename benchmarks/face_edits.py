"""Edits of faces whose cause is known, made in the pictures themselves.

"Plain" edits follow the formulas that causes are fitted with. "Other" edits bring the same causes
about in another way: HSV, gamma, reflected edges, a moved region.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from skimage.color import hsv2rgb, lab2rgb, rgb2hsv, rgb2lab

EYES = ((19, 20), (19, 43))  # row and column of the eyes in the aligned 64 x 64 faces


@dataclass(frozen=True)
class KnownEdit:
    """An edit, its cause and the sign of it; ``moves``: whether it is motion (None: in part)."""

    name: str
    cause: str
    sign: int
    edit: Callable[[np.ndarray], np.ndarray]
    form: str = "plain"
    moves: bool | None = False


def in_lab(change):
    """An edit of CIELAB planes (B, H, W, 3), as an edit of pictures in [-1, 1]."""

    def edit(x):
        planes = rgb2lab((x + 1) / 2).astype(np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # colours out of gamut are clipped, as a screen would
            return np.clip(lab2rgb(change(planes)) * 2 - 1, -1, 1).astype(np.float32)

    return edit


def grid(planes):
    """Coordinates of the pixels, -1 to 1: right and up, each (H, W)."""
    height, width = planes.shape[1:3]
    up, right = np.meshgrid(np.linspace(1, -1, height), np.linspace(-1, 1, width), indexing="ij")
    return right, up


def add(plane, amount, where=lambda _: 1.0):
    """``amount`` more of one plane (0: L*, 1: a*, 2: b*), times a map (H, W)."""

    def change(planes):
        planes[..., plane] += amount * where(planes)
        return planes

    return in_lab(change)


def border(planes):
    """1 in the frame of a sixteenth of the picture, 0 inside."""
    frame = np.ones(planes.shape[1:3])
    margin = planes.shape[1] // 16
    frame[margin:-margin, margin:-margin] = 0
    return frame


def eyes(planes):
    """Two soft spots where aligned faces have their eyes."""
    rows, columns = np.indices(planes.shape[1:3]) * 64 / planes.shape[1]
    return sum(np.exp(-((rows - r) ** 2 / 8 + (columns - c) ** 2 / 24)) for r, c in EYES)


def contrast(factor):
    def change(planes):
        mean = planes[..., 0].mean((1, 2), keepdims=True)
        planes[..., 0] = mean + factor * (planes[..., 0] - mean)
        return planes

    return in_lab(change)


def colour(factor, degrees=0.0):
    """Chroma times ``factor``, hue turned by ``degrees``."""
    turn = factor * np.exp(1j * np.radians(degrees))

    def change(planes):
        turned = (planes[..., 1] + 1j * planes[..., 2]) * turn
        planes[..., 1], planes[..., 2] = turned.real, turned.imag
        return planes

    return in_lab(change)


def warp(right=0.0, up=0.0, zoom=1.0, degrees=0.0):
    """Moved by pixels, magnified about the middle, turned anticlockwise; edges are repeated."""

    def edit(x):
        height, width = x.shape[1:3]
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        inverse = np.array([[c, -s], [s, c]]).T / zoom  # rows run down: anticlockwise is (c, -s)
        middle = np.array([(height - 1) / 2, (width - 1) / 2])
        offset = middle - inverse @ (middle + np.array([-up, right]))
        return np.stack(
            [
                np.stack(
                    [
                        ndimage.affine_transform(plane, inverse, offset, order=3, mode="nearest")
                        for plane in np.moveaxis(picture, -1, 0)
                    ],
                    axis=-1,
                )
                for picture in x
            ]
        ).clip(-1, 1)

    return edit


def blur(sigma):
    return lambda x: ndimage.gaussian_filter(x, (0, sigma, sigma, 0), mode="nearest")


def sharpen(amount):
    def edit(x):
        return np.clip(x + amount * (x - blur(1.0)(x)), -1, 1)

    return edit


def noise(levels):
    def edit(x):
        drawn = np.random.default_rng(0).standard_normal(x.shape, np.float32)
        return np.clip(x + drawn * np.float32(levels / 127.5), -1, 1)

    return edit


def rgb(change):
    """An edit of pictures in [0, 1]."""
    return lambda x: (np.clip(change((x + 1) / 2), 0, 1) * 2 - 1).astype(np.float32)


def hsv(turn=0.0, factor=1.0):
    """Hue turned by a part of the circle and saturation times ``factor``, in HSV."""

    def change(x):
        planes = rgb2hsv(x)
        planes[..., 0] = (planes[..., 0] + turn) % 1
        planes[..., 1] = np.clip(planes[..., 1] * factor, 0, 1)
        return hsv2rgb(planes)

    return rgb(change)


def times(factor, where):
    """L* times 1 + ``factor`` times a map (H, W)."""

    def change(planes):
        planes[..., 0] *= 1 + factor * where(planes)
        return planes

    return in_lab(change)


def outside(planes):
    """1 outside of an oval face, softly 0 inside."""
    right, up = grid(planes)
    return 1 / (1 + np.exp(-12 * (np.hypot(right / 0.9, up) - 0.95)))


def spot(row, column, height, width):
    """A soft spot at a row and a column of a 64 x 64 picture."""

    def where(planes):
        rows, columns = np.indices(planes.shape[1:3]) * 64 / planes.shape[1]
        return np.exp(-(((rows - row) / height) ** 2 + ((columns - column) / width) ** 2) / 2)

    return where


def rolled(right=0, up=0):
    """Moved by whole pixels, edges reflected."""

    def edit(x):
        wide = np.pad(x, ((0, 0), (8, 8), (8, 8), (0, 0)), mode="reflect")
        height, width = x.shape[1:3]
        return wide[:, 8 + up : 8 + up + height, 8 - right : 8 - right + width]

    return edit


def slide(right, up):
    """The middle moved by pixels, the border kept: a smooth warp."""

    def edit(x):
        rows, columns = np.indices(x.shape[1:3]).astype(float)
        near = (1 - grid(x)[0] ** 2) * (1 - grid(x)[1] ** 2)
        at = [rows + up * near, columns - right * near]
        return np.stack(
            [
                [ndimage.map_coordinates(p, at, order=3, mode="nearest") for p in planes]
                for planes in np.moveaxis(x, -1, 1)
            ]
        ).transpose(0, 2, 3, 1)

    return edit


def halved(x):
    """Half the resolution, and back."""
    small = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).mean((2, 4))
    return ndimage.zoom(small, (1, 2, 2, 1), order=1, mode="nearest", grid_mode=True)


def speckle(part):
    """Pixels set to black or white at random."""

    def edit(x):
        drawn = np.random.default_rng(0).uniform(size=x.shape[:3])[..., None]
        return np.where(drawn < part, np.where(drawn < part / 2, -1, 1), x).astype(np.float32)

    return edit


def tone_curve(x):
    """An S-shaped tone curve about the mean of each picture."""
    mean = x.mean((1, 2, 3), keepdims=True)
    return np.clip(mean + np.tanh(1.5 * (x - mean)), -1, 1).astype(np.float32)


def plain_edits():
    """Edits that follow the formulas of the fit."""
    edits = []

    def entry(name, cause, sign, edit, moves=False):
        edits.append(KnownEdit(name, cause, sign, edit, moves=moves))

    for pixels in (-4, -2, -1, 1, 2, 4):
        sign = 1 if pixels > 0 else -1
        entry(f"shift x {pixels:+d} px", "horizontal shift", sign, warp(right=pixels), True)
        entry(f"shift y {pixels:+d} px", "vertical shift", sign, warp(up=pixels), True)
    for zoom in (0.9, 0.95, 1.05, 1.1):
        entry(f"zoom x {zoom}", "zoom", 1 if zoom > 1 else -1, warp(zoom=zoom), True)
    for degrees in (-10, -5, 5, 10):
        sign = 1 if degrees > 0 else -1
        entry(f"turn {degrees:+d} deg", "tilt", sign, warp(degrees=degrees), True)
    for amount in (-10, -5, 5, 10):
        sign = 1 if amount > 0 else -1
        entry(f"L* {amount:+d}", "lightness", sign, add(0, amount))
        entry(f"border L* {amount:+d}", "border against rest", sign, add(0, amount, border))
        across = add(0, amount, lambda planes: grid(planes)[0])
        entry(f"light left-right {amount:+d}", "left-right gradient", sign, across)
        along = add(0, amount, lambda planes: grid(planes)[1])
        entry(f"light top-bottom {amount:+d}", "top-bottom gradient", sign, along)
        entry(f"a* {amount:+d}", "red-green offset", sign, add(1, amount))
        entry(f"b* {amount:+d}", "yellow-blue offset", sign, add(2, amount))
    for degrees in (-60, -30, 30, 60):
        entry(f"hue {degrees:+d} deg", "hue rotation", 1 if degrees > 0 else -1, colour(1, degrees))
    for factor in (0.7, 0.85, 1.15, 1.3):
        sign = 1 if factor > 1 else -1
        entry(f"contrast x {factor}", "contrast gain", sign, contrast(factor))
        entry(f"chroma x {factor}", "chroma gain", sign, colour(factor))
    for sigma in (0.7, 1.0, 2.0):
        entry(f"blur {sigma} px", "detail gain", -1, blur(sigma))
    for amount in (0.5, 1.0):
        entry(f"sharpen {amount}", "detail gain", 1, sharpen(amount))
    for levels in (4, 8, 16):
        entry(f"noise {levels} levels", "noise", 1, noise(levels))
    for amount in (-15, -8):
        entry(f"eyes L* {amount:+d}", "dark details", 1, add(0, amount, eyes))
    entry("eyes L* +8", "dark details", -1, add(0, 8, eyes))
    return edits


def other_edits():
    """The same causes brought about in other ways."""
    nose = spot(34, 37, 6, 3)
    mouth = spot(45, 32, 2, 6)
    table = [
        ("shift x +2 px, reflected", "horizontal shift", 1, rolled(right=2), True),
        ("shift y -3 px, reflected", "vertical shift", -1, rolled(up=-3), True),
        ("middle right 3 px", "horizontal shift", 1, slide(3, 0), True),
        ("middle up 3 px", "vertical shift", 1, slide(0, 3), True),
        ("RGB +20 levels", "lightness", 1, rgb(lambda x: x + 20 / 255), False),
        ("gamma 0.8", "lightness", 1, rgb(lambda x: x**0.8), False),
        ("exposure x 0.8", "lightness", -1, rgb(lambda x: x * 0.8), False),
        ("tone curve", "contrast gain", 1, tone_curve, False),
        ("HSV hue +30 deg", "hue rotation", 1, hsv(turn=30 / 360), False),
        ("HSV saturation x 1.4", "chroma gain", 1, hsv(factor=1.4), False),
        ("warm light", "yellow-blue offset", 1, rgb(lambda x: x * (1.05, 1, 0.8)), False),
        ("background L* +12", "border against rest", 1, add(0, 12, outside), False),
        ("background L* -12", "border against rest", -1, add(0, -12, outside), False),
        ("vignette", "centre against rest", 1, times(-0.4, _radius), False),
        ("light from the left", "left-right gradient", -1, times(-0.3, _right), False),
        ("light from above", "top-bottom gradient", 1, times(0.3, _up), False),
        ("blur of a 3 px box", "detail gain", -1, box_blur, False),
        ("half the resolution", "detail gain", -1, halved, False),
        ("motion blur 5 px", "detail gain", -1, motion_blur, False),
        ("speckle 1 %", "noise", 1, speckle(0.01), False),
        ("grey noise 8 levels", "noise", 1, grey_noise(8), False),
        ("eyes L* x 0.7", "dark details", 1, times(-0.3, eyes), False),
        ("mouth L* -12", "dark details", 1, add(0, -12, mouth), False),
        ("nose shadow L* -15", "", 0, add(0, -15, nose), False),
        ("shift x +1 px and L* +5", "", 0, lambda x: add(0, 5)(warp(right=1)(x)), None),
    ]
    return [KnownEdit(name, c, s, edit, "other", moves) for name, c, s, edit, moves in table]


def _right(planes):
    return grid(planes)[0]


def _up(planes):
    return grid(planes)[1]


def _radius(planes):
    return sum(axis**2 for axis in grid(planes)) / 2


def box_blur(x):
    return ndimage.uniform_filter(x, (0, 3, 3, 0), mode="nearest")


def motion_blur(x):
    return ndimage.uniform_filter(x, (0, 0, 5, 0), mode="nearest")


def grey_noise(levels):
    def edit(x):
        drawn = np.random.default_rng(0).standard_normal((*x.shape[:3], 1), np.float32)
        return np.clip(x + drawn * np.float32(levels / 127.5), -1, 1)

    return edit
