"""How one picture became another: motion, light and colour, fitted together.

The change from a picture to another one is written as a sum of small changes of known kinds: each
has a pattern that follows from the first picture. Least squares finds all amounts at once, so each
amount is what is left for its kind after all other kinds (Hager & Belhumeur 1998, Efficient region
tracking with parametric models of geometry and illumination; Black, Fleet & Yacoob 2000, Robustly
estimating changes in image appearance). Motion is found by Gauss-Newton steps from coarse to fine
(Lucas & Kanade 1981). A ridge keeps amounts at 0 where a picture says nothing about them.
"""

import functools
from copy import copy

import numpy as np

from zatlas.evidence.arrays import Array

WIDTHS = (16, 32)
"""Width in pixels to which pictures are averaged for the coarse and the fine fit, about."""
_LIGHT_PRIOR_SD = np.array([5, 5, 10, 10, 20, 0.5, 10, 10, 10, 10, 0.5, 0.5], np.float32)
"""Ridge: a plausible size of each amount of a change of lightness, for an error of 1 L* a pixel."""
_COLOUR_PRIOR_SD = np.array([0.2, 10, 5, 0.2], np.float32)
"""Ridge: the same for changes of colour."""
_FARTHEST = 30  # % of the width, %, degrees: no motion beyond it is looked for
_POSE = 4  # shift right, shift up, zoom, tilt
_RADIANS = np.float32(np.pi / 180)


def averaged(plane_BHW: Array, factor: int) -> Array:
    """Means of ``factor`` x ``factor`` pixels; what does not fill a block is left out."""
    batch, height, width = plane_BHW.shape
    rows, columns = height // factor, width // factor
    blocks = plane_BHW[:, : rows * factor, : columns * factor]
    blocks = blocks.reshape(batch, rows, factor, columns * factor).sum(2)
    blocks = blocks.reshape(batch, rows, columns, factor).sum(3)
    return np.asarray(blocks / np.float32(factor * factor))


def laplacian(plane_BHW: Array) -> Array:
    """Sum of the four neighbours less four times the pixel; the rim repeats the edge."""
    wide = np.pad(plane_BHW, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = wide[:, 2:, 1:-1] + wide[:, :-2, 1:-1] + wide[:, 1:-1, 2:] + wide[:, 1:-1, :-2]
    return np.asarray(around - 4 * plane_BHW)


def _sliding(plane_BHW: Array, reach: int, extreme: np.ufunc) -> Array:
    """The extreme of each square of 2 * ``reach`` + 1 pixels a side, edges repeated."""
    height, width = plane_BHW.shape[1:]
    wide = np.pad(plane_BHW, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    rows = functools.reduce(extreme, [wide[:, k : k + height] for k in range(2 * reach + 1)])
    return np.asarray(
        functools.reduce(extreme, [rows[:, :, k : k + width] for k in range(2 * reach + 1)])
    )


def dark_details(plane_BHW: Array, reach: int) -> Array:
    """How much darker each pixel is than the closing of the plane (black top-hat), in L*.

    Spots and lines narrower than 2 * ``reach`` + 1 pixels: eyes, brows, the mouth.
    """
    closing = _sliding(_sliding(plane_BHW, reach, np.maximum), reach, np.minimum)
    return np.asarray(closing - plane_BHW)


class Grid:
    """Coordinates of the pixels of a picture, and the patterns that depend on these alone.

    ``x`` and ``y`` (H, W) are in % of the width from the middle, right and up. ``border`` is 1 in
    the frame of a sixteenth, ``centre`` falls from 1 in the middle to 0 at the rim.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        right = 100 * (np.arange(width, dtype=np.float32) - (width - 1) / 2) / width
        up = 100 * ((height - 1) / 2 - np.arange(height, dtype=np.float32)) / width
        self.x, self.y = (plane.astype(np.float32) for plane in np.meshgrid(right, up))
        rows, columns = -(-height // 16), -(-width // 16)
        self.border = np.ones((height, width), np.float32)
        self.border[rows : height - rows, columns : width - columns] = 0
        self.across = self.x / 50
        self.along = self.y * (width / height / 50)
        self.centre = (np.cos(np.pi / 2 * self.across) * np.cos(np.pi / 2 * self.along)) ** 2

    def moved(self, plane_BHW: Array, pose_BP: Array) -> tuple[Array, Array]:
        """The pictures brought back by their pose (linear interpolation): (B, H * W).

        Beside them where a pixel was in the picture, as a bool array of the same shape.
        """
        right, up, zoom, tilt = (pose_BP[:, k, None, None] for k in range(_POSE))
        zoom, tilt = zoom / 100, tilt * _RADIANS
        column = (self.x + right + zoom * self.x - tilt * self.y) * (self.width / 100)
        row = (self.y + up + zoom * self.y + tilt * self.x) * (-self.width / 100)
        column += (self.width - 1) / 2
        row += (self.height - 1) / 2
        seen = (abs(column - (self.width - 1) / 2) <= self.width / 2 - 0.25) & (
            abs(row - (self.height - 1) / 2) <= self.height / 2 - 0.25
        )
        np.clip(column, 0, self.width - 1, out=column)
        np.clip(row, 0, self.height - 1, out=row)
        left = np.minimum(column.astype(np.int32), self.width - 2)
        top = np.minimum(row.astype(np.int32), self.height - 2)
        column -= left
        row -= top
        batch = len(plane_BHW)
        at = top * self.width + left + np.arange(batch)[:, None, None] * plane_BHW[0].size
        flat = plane_BHW.ravel()
        upper = flat[at] + (flat[at + 1] - flat[at]) * column
        at += self.width
        lower = flat[at] + (flat[at + 1] - flat[at]) * column
        return (upper + (lower - upper) * row).reshape(batch, -1), seen.reshape(batch, -1)


class Fit:
    """Least squares of changes on the patterns (B, K, H, W) of pictures ``before`` (B, H, W)."""

    def __init__(self, grid: Grid, before_BHW: Array, patterns: Array, prior_sd: Array) -> None:
        self.grid = grid
        self.before = before_BHW.reshape(len(before_BHW), -1)
        flat = patterns.reshape(*patterns.shape[:2], -1)
        gram = flat.conj() @ flat.transpose(0, 2, 1)
        self.solver = np.linalg.solve(gram + np.diag(prior_sd**-2), flat.conj())

    def rows(self, part: slice) -> "Fit":
        """The fit of some of the pictures."""
        some = copy(self)
        some.before, some.solver = self.before[part], self.solver[part]
        return some

    def amounts(self, after_BHW: Array, pose_BP: Array) -> Array:
        """Amount of every pattern, (B, K), after ``pose`` is taken out of the pictures ``after``.

        Pixels that come from outside of the picture say nothing.
        """
        change, seen = self.grid.moved(after_BHW, pose_BP)
        change -= self.before
        change *= seen
        return np.asarray((self.solver @ change[:, :, None])[:, :, 0])


def light_fit(before_BHW: Array) -> Fit:
    """Fit of changes of lightness, in L*.

    Its amounts: shift right and up (% of width), zoom (%), tilt (degrees anticlockwise); lightness
    (L*), contrast (1 is twice), light from left to right and from bottom to top (L* of one half
    against the other), border and centre (L* against the rest), dark details (1 is twice as dark),
    and blur (half of its variance, in pixels squared).
    """
    grid = Grid(*before_BHW.shape[1:])
    x, y = grid.x, grid.y
    down, right = np.gradient(before_BHW, np.float32(100 / grid.width), axis=(1, 2))
    fixed = (grid.across, grid.along, grid.border, grid.centre)
    patterns = [
        -right,
        down,
        (y * down - x * right) / 100,
        (y * right + x * down) * _RADIANS,
        np.ones_like(before_BHW),
        before_BHW - before_BHW.mean((1, 2), keepdims=True),
        *(np.broadcast_to(plane, before_BHW.shape) for plane in fixed),
        -dark_details(before_BHW, max(1, grid.width // 16)) * grid.centre,
        laplacian(before_BHW),
    ]
    return Fit(grid, before_BHW, np.stack(patterns, axis=1), _LIGHT_PRIOR_SD)


def colour_fit(before_BHW: Array) -> Fit:
    """Fit of changes of colour, each a complex number a* + i b*.

    Its amounts: gain less 1 (1 + it has the gain of chroma as its length and the turn of hue as its
    angle), offset, offset of the border against the rest, blur.
    """
    grid = Grid(*before_BHW.shape[1:])
    border = np.broadcast_to(grid.border, before_BHW.shape)
    patterns = [before_BHW, np.ones_like(before_BHW), border, laplacian(before_BHW)]
    return Fit(grid, before_BHW, np.stack(patterns, axis=1), _COLOUR_PRIOR_SD)


class Appearance:
    """Pictures before a change, fitted once: planes [L*, a*, b*] or [L*], each (B, H, W)."""

    def __init__(self, planes: list[Array]) -> None:
        side = min(planes[0].shape[1:])
        self.factors = sorted({max(1, side // width) for width in WIDTHS}, reverse=True)
        self.light = [light_fit(averaged(planes[0], factor)) for factor in self.factors]
        self.colour = colour_fit(self._complex(planes)) if len(planes) > 1 else None

    def rows(self, part: slice) -> "Appearance":
        """The same of some of the pictures."""
        some = copy(self)
        some.light = [fit.rows(part) for fit in self.light]
        some.colour = self.colour.rows(part) if self.colour else None
        return some

    def changes(self, planes: list[Array]) -> tuple[Array, Array | None]:
        """Amounts of :func:`light_fit` (B, 12) and of :func:`colour_fit` (B, 4) to other pictures.

        Pictures of one channel have no colour.
        """
        pose = np.zeros((len(planes[0]), _POSE), np.float32)
        after = [averaged(planes[0], factor) for factor in self.factors]
        for level in [*range(len(after)), -1]:
            amounts = self.light[level].amounts(after[level], pose)
            pose = np.clip(pose + amounts[:, :_POSE], -_FARTHEST, _FARTHEST)
        amounts[:, :_POSE] = pose
        return amounts, self.colour.amounts(self._complex(planes), pose) if self.colour else None

    def _complex(self, planes: list[Array]) -> Array:
        a, b = (averaged(plane, self.factors[-1]) for plane in planes[1:])
        return np.asarray(a + np.complex64(1j) * b)
