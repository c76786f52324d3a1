"""What a move of the code does to decoded pictures, over many images.

A move is a displacement of every image's code, (N, D): an element by one sd, an edit as typed, a
random direction. All are measured by the same lines. Pictures after a move are compared with the
picture decoded from the code before it, the reconstruction, never with the original: the blur of
a model is no effect of an edit.

Sizes are in grey levels (0 to 255). Only the centre's N pictures are kept; a move streams through
in batches, so memory does not grow with the number of elements.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from zatlas.evidence.measure import GREY_LEVELS, Array, Decode, Measure, batches
from zatlas.evidence.motion import unexplained

SWEEP = (-2.0, -1.0, 1.0, 2.0)
"""Where an element is measured, in its sd around each image's own code."""
AS_TYPED = (0.5, 1.0)
"""Where an edit is measured: half of the way, and all of it."""


@dataclass(frozen=True)
class Centre:
    """What moves are compared with: ``codes`` (N, D), their ``pictures`` (N, H, W, C) and the
    ``values`` (N, K) of the properties of these.
    """

    codes: Array
    pictures: Array
    values: Array


@dataclass(frozen=True)
class Change:
    """One move over N images.

    Its effect on an image is half of the difference between +1 and -1 where both were measured
    (the central difference), else the difference between 1 and the reconstruction.

    ``differences`` (N, K): the effect on each property; ``sizes`` (N,): mean absolute effect over
    pixels and channels; ``map`` (H, W): mean absolute effect over images and channels; ``signed``
    (H, W, C): mean effect over images. Over the first ``sweep_n`` images alone: ``curve`` (T, K),
    the mean of each property at each of ``steps`` (T), 0 among them; ``lines`` (F, T, K), the same
    for each of the first F images; ``linearity``, the share of the sweep that is proportional to
    the step (see :func:`change`). Over the first ``motion_n``: ``motion``, the share that a warp
    explains (see ``zatlas.evidence.motion``). None where nothing changed.
    """

    differences: Array
    sizes: Array
    map: Array
    signed: Array
    steps: tuple[float, ...]
    curve: Array
    lines: Array
    linearity: float | None
    sweep_n: int
    motion: float | None
    motion_n: int

    @property
    def size(self) -> float:
        """Mean absolute change of a pixel, in grey levels."""
        return float(self.sizes.mean())

    @property
    def peak(self) -> float:
        """The same of the pixel that changes most."""
        return float(self.map.max())

    @property
    def agreement(self) -> float | None:
        """Share of the change that is the same in every image: sum abs(mean) / sum mean abs.

        1: every picture changes alike; images that change at random leave about 1 / sqrt(N).
        """
        total = float(self.map.sum())
        return float(np.abs(self.signed).mean(2).sum()) / total if total else None

    @property
    def agreement_map(self) -> Array:
        """The same for each pixel, (H, W), 0 where nothing changes."""
        signed = np.abs(self.signed).mean(2)
        return np.asarray(signed / np.where(self.map > 0, self.map, np.inf))


def centre(decode: Decode, measure: Measure, z_ND: Array, batch: int = 128) -> Centre:
    """Decode and measure the codes themselves. Holds N pictures."""
    pictures, values = [], []
    for part in batches(len(z_ND), batch):
        pictures.append(decode(z_ND[part]))
        values.append(measure(pictures[-1]))
    return Centre(z_ND, np.concatenate(pictures), np.concatenate(values))


def element_move(z_ND: Array, element: int, sd: Array) -> Array:
    """The displacement of one element by one of its sd, (N, D)."""
    delta = np.zeros_like(z_ND)
    delta[:, element] = sd[element]
    return delta


def random_move(delta_ND: Array, sd: Array, seed: int) -> Array:
    """A direction drawn anew for each image, as long as ``delta`` is in that image, in sd.

    The yardstick of an edit: its size, range and kept share say what a move of this length does
    in no particular direction. Dead elements (sd 0) have no length and stay where they are.
    """
    live = sd > 0
    drawn = np.random.default_rng(seed).standard_normal(delta_ND.shape) * live
    drawn /= np.maximum(np.linalg.norm(drawn, axis=1, keepdims=True), 1e-12)
    in_sd = np.divide(delta_ND, sd, out=np.zeros(delta_ND.shape), where=live)
    length = np.linalg.norm(in_sd, axis=1, keepdims=True)
    return np.asarray(drawn * length * sd, delta_ND.dtype)


def change(
    decode: Decode,
    measure: Measure,
    centre: Centre,
    delta_ND: Array,
    steps: Sequence[float] = SWEEP,
    *,
    sweep_n: int = 128,
    motion_n: int = 16,
    lines: int = 5,
    batch: int = 64,
) -> Change:
    """Measure the move ``z + t * delta``, t from ``steps``: 1 and, where given, -1 over all images.

    The other steps are taken by the first ``sweep_n`` images, and so are curves and linearity: R
    squared of the pictures' changes v_t against t by a line through the reconstruction, pooled
    over images and pixels: sum_n |sum_t t v_t|^2 / (sum t^2 sum_n sum_t |v_t|^2). 1: twice the
    step, twice the change; 0: both directions do the same. A decoder that saturates lowers it.
    ``batch`` images are decoded at once, at all their steps.
    """
    n, size = len(delta_ND), 0.5 if -1.0 in steps else 1.0
    sweep_n = min(sweep_n, n)
    values = np.full((len(steps), *centre.values.shape), np.nan)
    total = _Total(centre.pictures.shape[1:])
    if not np.any(delta_ND):  # a dead element: the picture cannot change
        values[:], total.sizes, parts = centre.values, [np.zeros(n)], []
    else:
        parts = [*batches(sweep_n, batch), *batches(n, batch, sweep_n)]
    for part in parts:
        before = centre.pictures[part]
        taken = [t for t in steps if abs(t) == 1 or part.start < sweep_n]
        codes = [centre.codes[part] + np.float32(t) * delta_ND[part] for t in taken]
        flat = decode(np.concatenate(codes))
        measured = measure(flat).reshape(len(taken), len(before), -1)
        values[[steps.index(t) for t in taken], part] = measured
        after = dict(zip(taken, flat.reshape(len(taken), *before.shape), strict=True))
        start, end = after.get(-1.0, before), after[1.0]
        total.add((end - start) * np.float32(size))
        if part.start < sweep_n:
            total.sweep(before, after)
        for pair in range(min(len(before), motion_n - part.start)):
            total.warp(start[pair], end[pair])
    last = values[steps.index(1.0)]
    first = values[steps.index(-1.0)] if -1.0 in steps else centre.values
    at = np.argsort([*steps, 0.0])
    curves = np.concatenate([values, centre.values[None]])[at, :sweep_n]
    return Change(
        differences=(last - first) * size,
        sizes=np.concatenate(total.sizes) * GREY_LEVELS,
        map=(total.absolute.mean(2) / n * GREY_LEVELS).astype(np.float32),
        signed=(total.signed / n * GREY_LEVELS).astype(np.float32),
        steps=tuple(float(t) for t in np.array([*steps, 0.0])[at]),
        curve=curves.mean(1),
        lines=curves[:, :lines].swapaxes(0, 1),
        linearity=total.along / total.energy if total.energy else None,
        sweep_n=sweep_n,
        motion=max(0.0, 1 - total.left / total.moved) if total.moved else None,
        motion_n=min(motion_n, n),
    )


def elements(
    decode: Decode, measure: Measure, centre: Centre, sd: Array, workers: int = 1, **options: Any
) -> Iterator[Change]:
    """The change of every element by its own sd, in order; ``options`` are those of ``change``.

    With ``workers`` threads as many elements at once: ``decode`` must bear that, and should use
    one core itself. The numbers do not depend on it.
    """

    def one(element: int) -> Change:
        delta = element_move(centre.codes, element, sd)
        return change(decode, measure, centre, delta, **options)

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(one, range(len(sd)))


class _Total:
    """Running sums of one move over its batches."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.absolute, self.signed = np.zeros(shape), np.zeros(shape)
        self.sizes: list[Array] = []
        self.along = self.energy = self.left = self.moved = 0.0

    def add(self, effect: Array) -> None:
        self.signed += effect.sum(0)
        np.abs(effect, out=effect)
        self.absolute += effect.sum(0)
        self.sizes.append(effect.mean((1, 2, 3)))

    def sweep(self, before: Array, after: dict[float, Array]) -> None:
        line = np.zeros_like(before)
        for t, pictures in after.items():
            moved = pictures - before
            self.energy += energy(moved)
            moved *= np.float32(t)
            line += moved
        self.along += energy(line) / sum(t * t for t in after)

    def warp(self, start: Array, end: Array) -> None:
        left, moved = unexplained(start, end)
        self.left += left
        self.moved += moved


def energy(values: Array) -> float:
    """Sum of squares."""
    flat = values.ravel()
    return float(np.dot(flat, flat))


def locality(map_HW: Array) -> float | None:
    """Share of an effect map's mass in its top tenth of pixels: 0.1 is everywhere, 1 one spot."""
    mass = np.sort(map_HW.ravel())[::-1]
    top = max(1, round(len(mass) / 10))
    return float(mass[:top].sum() / mass.sum()) if mass.sum() else None


def centre_of_mass(map_HW: Array) -> tuple[float, float] | None:
    """Centre of an effect map as (right, up) of the middle, in percent of the width."""
    height, width = map_HW.shape
    mass = float(map_HW.sum())
    if not mass:
        return None
    x = float(map_HW.sum(0) @ np.arange(width)) / mass - (width - 1) / 2
    y = (height - 1) / 2 - float(map_HW.sum(1) @ np.arange(height)) / mass
    return 100 * x / width, 100 * y / width
