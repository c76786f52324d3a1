"""Motion or shade: how much of a change is a smooth warp, and how much a local gain and offset.

Both models have fields of the same splines, so the warp does not win by being finer. The warp is
found with the gain and the offset beside it, else plain light is taken for motion (Szeliski &
Coughlan 1997, Spline-based image registration; Negahdaripour 1998, Revised definition of optical
flow). It is then judged by what it explains alone, and by what it explains of the change that gain
and offset leave over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from scipy.interpolate import BSpline

from zatlas.errors import InputError
from zatlas.evidence.arrays import Array
from zatlas.schema import Number, Record

MOTION_FRACTION = 0.5
"""Motion: the warp explains so much of the change, alone and of what shade leaves, or more."""
SHADE_FRACTION = 0.5
"""Shade: gain and offset explain so much of the change, or more."""
SOME_MOTION_FRACTION = 0.1
"""Motion is named beside shade where its part of what both explain is so much, or more."""
Verdict = Literal["motion", "motion and shade", "shade", "neither", "not settled"]

_WIDTHS = (16, 32)  # pixels across, of the coarse and of the fine fit
_STEPS = 2  # Gauss-Newton steps of each fit
_FIELD = 5  # splines across a field, and as many down
_SMALLEST = 8  # pixels a side
_NOISE = 0.02  # error of a pixel, of the range [-1, 1]
_WARP_SD, _SHADE_SD = 0.05, 0.5  # ridge: plausible motion, of the width; gain and offset
_FARTHEST = 0.25  # of the width: no motion beyond it is looked for
_RESAMPLES = 999


@dataclass(frozen=True)
class Explained:
    """Squared change of every image (N,), ``total``, and what each model leaves of it.

    ``warp``: motion alone; ``shade``: local gain and offset alone; ``both``: one after the other.
    """

    total: Array
    warp: Array
    shade: Array
    both: Array

    @classmethod
    def joined(cls, parts: Sequence["Explained"]) -> "Explained":
        """That of several batches of images, none included."""
        stacked = [[part.total, part.warp, part.shade, part.both] for part in parts]
        return cls(*np.concatenate([np.zeros((4, 0)), *stacked], axis=1))


class Fraction(Record):
    """A fraction of the change over images, with its 95 % bootstrap interval over images."""

    value: Number
    low: Number
    high: Number


class Motion(Record):
    """How much of a change is motion, over ``n`` images.

    ``warp`` and ``shade``: fraction of the squared change that each explains alone; ``both``: that
    they explain together; ``beyond``: of what shade leaves, the fraction that the warp explains;
    ``part``: motion's part of ``both``, half way between its fraction alone and its fraction after
    shade (Shapley value). A negative fraction: the model makes the difference larger. ``verdict``
    reads the ends of the intervals; it is "not settled" where they allow several answers.
    """

    warp: Fraction
    shade: Fraction
    both: Fraction
    beyond: Fraction
    part: Fraction
    verdict: Verdict
    n: int


def motion(parts: Explained, seed: int = 0) -> Motion | None:
    """Pool over images what :func:`explained` found; None where nothing changed.

    The verdict reads the ends of the intervals, so few images are "not settled"; give 64 or more.
    """
    n, sums = len(parts.total), np.stack([parts.total, parts.warp, parts.shade, parts.both])
    if not np.any(parts.total):
        return None
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), _RESAMPLES)
    fractions = _fractions(np.column_stack([sums.sum(1), sums @ draws.T]))
    ends = np.percentile(fractions[:, 1:], [2.5, 97.5], axis=1)
    warp, shade, both, beyond, part = (
        Fraction(value=value, low=low, high=high)
        for value, low, high in zip(fractions[:, 0], *ends, strict=True)
    )
    verdict = _verdict(warp, shade, both, beyond, part)
    return Motion(warp=warp, shade=shade, both=both, beyond=beyond, part=part, verdict=verdict, n=n)


def _fractions(sums_4R: Array) -> Array:
    _, warp, shade, both = sums_4R / np.maximum(sums_4R[0], 1e-12)
    beyond = (shade - both) / np.maximum(shade, 1e-6)
    return np.stack([1 - warp, 1 - shade, 1 - both, beyond, (1 - warp + shade - both) / 2])


def _verdict(
    warp: Fraction, shade: Fraction, both: Fraction, beyond: Fraction, part: Fraction
) -> Verdict:
    if beyond.low >= MOTION_FRACTION and warp.low >= MOTION_FRACTION:
        return "motion"
    if beyond.low >= MOTION_FRACTION and part.low >= SOME_MOTION_FRACTION:
        return "motion and shade"
    if shade.low >= SHADE_FRACTION and (
        beyond.high < MOTION_FRACTION or part.high < SOME_MOTION_FRACTION
    ):
        return "shade"
    return "neither" if both.high < SHADE_FRACTION else "not settled"


def explained(before_NHWC: Array, after_NHWC: Array) -> Explained:
    """What a warp, and a local gain and offset, leave of the change from pictures to others.

    Parameters
    ----------
    before_NHWC, after_NHWC
        Pictures in [-1, 1], of the same shape. They are averaged to about 32 pixels across; what
        is finer counts neither as motion nor as change.

    Returns
    -------
    Explained
        Sums over pixels and channels, for each image.

    Raises
    ------
    InputError
        The shapes differ.
    """
    if before_NHWC.shape != after_NHWC.shape:
        raise InputError(f"before is {before_NHWC.shape}, after is {after_NHWC.shape}")
    side = min(before_NHWC.shape[1:3])
    if side < _SMALLEST or not len(before_NHWC):
        return Explained(*np.zeros((4, len(before_NHWC))))
    flow = np.zeros((len(before_NHWC), 2, _FIELD**2), np.float32)
    for factor in sorted({max(1, side // width) for width in _WIDTHS}, reverse=True):
        level = _Level(before_NHWC, after_NHWC, factor)
        for _ in range(_STEPS):
            step = level.fields.amounts(level.change(flow), level.both)[:, :2]
            flow = np.clip(flow + step, -_FARTHEST, _FARTHEST)
    still, moved = level.change(np.zeros_like(flow)), level.change(flow)
    return Explained(*map(_energy, (still, moved, level.shaded(still), level.shaded(moved))))


def _energy(change_NCP: Array) -> Array:
    return np.asarray(np.einsum("ncp,ncp->n", change_NCP, change_NCP, dtype=np.float64))


class _Fields:
    """Patterns (N, F, C, P), each times a field of splines, fitted to changes (N, C, P)."""

    def __init__(self, patterns: Array, height: int, width: int, prior_sd: list[float]) -> None:
        self.patterns, self.basis = patterns, spline_basis(height, width)
        n, f = patterns.shape[:2]
        k, pairs = len(self.basis), np.triu_indices(len(self.basis))
        products = (self.basis[pairs[0]] * self.basis[pairs[1]]).T
        self.gram = np.empty((n, f, k, f, k), np.float32)
        for i, j in combinations_with_replacement(range(f), 2):
            weight = np.einsum("ncp,ncp->np", patterns[:, i], patterns[:, j])
            block = np.empty((n, k, k), np.float32)
            half = weight @ products
            block[:, pairs[0], pairs[1]] = half
            block[:, pairs[1], pairs[0]] = half
            self.gram[:, i, :, j] = self.gram[:, j, :, i] = block
        ridge = (_NOISE / np.array(prior_sd, np.float32)) ** 2
        for i in range(f):
            self.gram[:, i, range(k), i, range(k)] += ridge[i]

    def inverse(self, first: int = 0) -> Array:
        """The inverse of the normal equations of the fields from ``first`` on."""
        gram = self.gram[:, first:, :, first:]
        n, f, k = gram.shape[:3]
        return np.asarray(np.linalg.inv(gram.reshape(n, f * k, f * k)))

    def amounts(self, change_NCP: Array, inverse: Array) -> Array:
        """Amounts of the splines of the last fields, as many as ``inverse`` has: (N, F, K)."""
        k = len(self.basis)
        patterns = self.patterns[:, -(inverse.shape[1] // k) :]
        seen = np.einsum("nfcp,ncp->nfp", patterns, change_NCP) @ self.basis.T
        return np.asarray((inverse @ seen.reshape(len(seen), -1, 1)).reshape(seen.shape))


class _Level:
    """Pictures at one resolution: cells of ``factor`` x ``factor`` pixels."""

    def __init__(self, before_NHWC: Array, after_NHWC: Array, factor: int) -> None:
        self.factor = factor
        self.after = _block_means(after_NHWC, factor)
        before = _block_means(before_NHWC, factor)[:, :, ::factor, ::factor]
        n, c, height, width = before.shape
        self.rows, self.columns = (factor * plane.ravel() for plane in np.indices((height, width)))
        self.width = width * factor
        down, right = np.gradient(before, np.float32(1 / width), axis=(2, 3))
        each = np.eye(c, dtype=np.float32)[..., None, None]  # an offset for each channel
        offsets = np.broadcast_to(each, (n, c, *before.shape[1:]))
        patterns = np.stack([-right, -down, before], axis=1)
        patterns = np.concatenate([patterns, offsets], axis=1).reshape(n, 3 + c, c, -1)
        prior_sd = [_WARP_SD] * 2 + [_SHADE_SD] * (1 + c)
        self.before = before.reshape(n, c, -1)
        self.fields = _Fields(patterns, height, width, prior_sd)
        self.both = self.fields.inverse()

    def change(self, flow_N2K: Array) -> Array:
        """The pictures after, brought back by the flow (linear interpolation), less before."""
        n, c, height, width = self.after.shape
        right, down = (flow_N2K @ self.fields.basis).swapaxes(0, 1) * np.float32(self.width)
        column = np.clip(self.columns + right, 0, width - 1).astype(np.float32)
        row = np.clip(self.rows + down, 0, height - 1).astype(np.float32)
        left = np.minimum(column.astype(np.int32), width - 2)
        top = np.minimum(row.astype(np.int32), height - 2)
        column, row = (column - left)[:, None], (row - top)[:, None]
        at = (top * width + left)[:, None] + height * width * np.arange(n * c).reshape(n, c, 1)
        flat = self.after.ravel()
        upper = flat[at] + (flat[at + 1] - flat[at]) * column
        at += width
        lower = flat[at] + (flat[at + 1] - flat[at]) * column
        return np.asarray(upper + (lower - upper) * row - self.before)

    def shaded(self, change_NCP: Array) -> Array:
        """What a local gain and offset leave of a change."""
        amounts = self.fields.amounts(change_NCP, self.fields.inverse(2))
        fields = amounts @ self.fields.basis
        shade = np.einsum("nfcp,nfp->ncp", self.fields.patterns[:, 2:], fields)
        return np.asarray(change_NCP - shade)


def spline_basis(height: int, width: int) -> Array:
    """Cubic B-splines over a picture, which add up to 1: (25, height * width)."""
    knots = np.concatenate([[0.0] * 3, np.linspace(0, 1, _FIELD - 2), [1.0] * 3])
    down, across = (
        BSpline.design_matrix((np.arange(size) + 0.5) / size, knots, 3).toarray()
        for size in (height, width)
    )
    return np.ascontiguousarray(np.kron(down, across).T, np.float32)


def _block_means(x_NHWC: Array, factor: int) -> Array:
    """Means of the ``factor`` x ``factor`` pixels from each pixel on: (N, C, rows, columns)."""
    planes = np.moveaxis(x_NHWC, -1, 1).astype(np.float32)
    rows, columns = (size - factor + 1 for size in planes.shape[2:])
    down = np.sum([planes[:, :, k : k + rows] for k in range(factor)], axis=0)
    means = np.sum([down[..., k : k + columns] for k in range(factor)], axis=0)
    return np.asarray(means / np.float32(factor**2))
