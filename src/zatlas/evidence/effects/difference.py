"""What a move of the code does to decoded pictures, over many images.

A move (``zatlas.latents.moves``) is an element by one sd, an edit as typed, or a random direction;
all are measured by the same code. Pictures after a move are compared with the reconstruction, the
picture decoded from the code before the move, and not with the original image: the blur of a model
is no effect of an edit.

Sizes are in grey levels (0 to 255). Only the N reconstructions are kept; a move is measured in
batches, so memory does not grow with the number of elements.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.arrays import (
    GREY_LEVELS,
    Array,
    Compare,
    Comparison,
    Decode,
    Measure,
    batches,
)
from zatlas.evidence.effects.motion import Motion, StillPictures, judge_motion
from zatlas.latents.moves import Move

ELEMENT_STEPS = (-2.0, -1.0, 1.0, 2.0)
"""Steps of an element, in its sd around each image's own code."""
EDIT_STEPS = (0.5, 1.0)
"""Steps of an edit: half of it, and all of it."""
SWEEP_IMAGES = 64
"""Images over which curves and linearity are measured, at most."""
MOTION_IMAGES = 64
"""Images over which motion is measured, at most."""

Visit = Callable[[slice, Mapping[float, Array]], None]
"""Takes the rows of a batch, and its decoded pictures (B, H, W, C) by their step."""


@dataclass(frozen=True)
class Centre:
    """The codes (N, D) before a move, their ``pictures`` (N, H, W, C), and the ``values`` (N, K)
    of the properties of these pictures.

    ``comparison`` is what pictures after a move are compared with; its columns stand first among
    the values. None where no property compares pictures. ``still`` holds the first
    :data:`MOTION_IMAGES` of the pictures, against which motion is measured.
    """

    codes: Array
    pictures: Array
    values: Array
    still: StillPictures
    comparison: Comparison | None = None


@dataclass(frozen=True)
class Change:
    """One move over N images.

    ``forward`` (N, K): each property after the step 1 less before the move; ``backward`` (N, K):
    after the step -1 less before, None where that was not measured.

    ``sizes`` (N,): mean absolute change of the pixels and channels, by the step 1 and, where it was
    measured, -1; ``map`` (H, W): the same over images and channels; ``signed`` (H, W, C): mean over
    images of half of the difference between +1 and -1, or of the change by 1. Over the first
    ``sweep_n`` images alone: ``curve`` (T, K), the mean of each property at each of ``steps`` (T),
    0 among them; ``lines`` (F, T, K), the same for each of the first F images; ``linearity``, the
    fraction of the changes that is proportional to the step (see :func:`measure_change`).
    ``motion`` says how much of the change is something moving (``effects/motion.py``). The last two
    are None where nothing changed.
    """

    forward: Array
    backward: Array | None
    sizes: Array
    map: Array
    signed: Array
    steps: tuple[float, ...]
    curve: Array
    lines: Array
    linearity: float | None
    sweep_n: int
    motion: Motion | None

    @property
    def odd(self) -> Array:
        """The part of the effects that turns round with the step, (N, K)."""
        return self.forward if self.backward is None else (self.forward - self.backward) / 2

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
        """Fraction of the change that is the same in every image: sum abs(mean) / sum mean abs.

        1: every picture changes alike; images that change at random leave about 1 / sqrt(N).
        """
        total = float(self.map.sum())
        return float(np.abs(self.signed).mean(2).sum()) / total if total else None

    @property
    def agreement_map(self) -> Array:
        """The same for each pixel, (H, W), 0 where nothing changes."""
        signed = np.abs(self.signed).mean(2)
        return np.asarray(signed / np.where(self.map > 0, self.map, np.inf))


def measure_centre(
    decode: Decode,
    measure: Measure,
    z_ND: Array,
    compare: Compare | None = None,
    batch: int = 128,
) -> Centre:
    """Decode codes (N, D) and measure their pictures, which are kept.

    With ``compare``, pictures after a move are also compared with these.
    """
    if z_ND.ndim != 2 or not len(z_ND):
        raise InputError(f"codes of shape {z_ND.shape}; give (images, elements), 1 image or more")
    pictures, values = [], []
    for part in batches(len(z_ND), batch):
        pictures.append(decode(z_ND[part]))
        values.append(measure(pictures[-1]))
    kept, measured = np.concatenate(pictures), np.concatenate(values)
    still = StillPictures(kept[:MOTION_IMAGES])
    if compare is None:
        return Centre(z_ND, kept, measured, still)
    comparison = compare(kept)
    measured = np.concatenate([comparison.measure(kept), measured], axis=1)
    return Centre(z_ND, kept, measured, still, comparison)


def measure_change(
    decode: Decode,
    measure: Measure,
    centre: Centre,
    move: Move,
    steps: Sequence[float] = ELEMENT_STEPS,
    *,
    sweep_n: int = SWEEP_IMAGES,
    motion_n: int = MOTION_IMAGES,
    lines: int = 5,
    batch: int = 128,
    visit: Visit | None = None,
) -> Change:
    """Measure the move ``z + t * delta`` for each t in ``steps``.

    Linearity is R squared of the changes v_t against t, by a line through the reconstruction, over
    images and pixels: sum_n |sum_t t v_t|^2 / (sum t^2 sum_n sum_t |v_t|^2). At 1, twice the step
    makes twice the change; at 0, both directions do the same; saturation lowers it.

    Parameters
    ----------
    decode, measure : the decoder, and the properties of its pictures.
    centre : the codes before the move, measured.
    move : its ``delta`` has the shape of the codes.
    steps : 1 and, where given, -1 are measured over all images, the others over ``sweep_n``.
    sweep_n : the first images, over which curves and linearity are measured.
    motion_n : the first images, at most 64, over which the motion of the step 1 is measured.
    lines : the first images, whose own curves are kept.
    visit : called with every batch once it is decoded, so that nobody decodes it again.

    Raises
    ------
    InputError
        1 is not among the steps, or the move does not have the shape of the codes.
    """
    delta_ND = move.delta
    if delta_ND.shape != centre.codes.shape or 1.0 not in steps:
        raise InputError(
            f"move of shape {delta_ND.shape} in steps {tuple(steps)} for codes of shape "
            f"{centre.codes.shape}; give the same shape, and 1 among the steps"
        )
    n, two_sided = len(delta_ND), -1.0 in steps
    size, sweep_n = 0.5 if two_sided else 1.0, min(sweep_n, n)
    total = _Total(centre, tuple(steps), size, sweep_n, motion_n)
    if np.any(delta_ND):
        for part in [*batches(sweep_n, batch), *batches(n, batch, sweep_n)]:
            pictures = total.add(decode, measure, delta_ND, part)
            if visit is not None:
                visit(part, pictures)
    else:  # a dead element: the picture cannot change
        total.values[:], total.sizes = centre.values, [np.zeros(n)]
    at = np.argsort([*steps, 0.0])
    curves = np.concatenate([total.values, centre.values[None]])[at, :sweep_n]
    return Change(
        forward=total.values[steps.index(1.0)] - centre.values,
        backward=total.values[steps.index(-1.0)] - centre.values if two_sided else None,
        sizes=np.concatenate(total.sizes) * GREY_LEVELS,
        map=(total.absolute.mean(2) / n * GREY_LEVELS).astype(np.float32),
        signed=(total.signed / n * GREY_LEVELS).astype(np.float32),
        steps=tuple(sorted([*steps, 0.0])), curve=curves.mean(1),
        lines=curves[:, :lines].swapaxes(0, 1),
        linearity=total.along / total.energy if total.energy else None, sweep_n=sweep_n,
        motion=total.motion(),
    )  # fmt: skip


def measure_changes(
    decode: Decode,
    measure: Measure,
    centre: Centre,
    moves: Iterable[Move],
    workers: int = 1,
    **options: Any,
) -> Iterator[Change]:
    """The change of each move, in order; ``options`` are those of :func:`measure_change`.

    ``workers`` threads measure as many moves at once: ``decode`` must be thread-safe, and should
    use one core itself. The numbers do not depend on ``workers``.
    """

    def one(move: Move) -> Change:
        return measure_change(decode, measure, centre, move, **options)

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(one, moves)


class _Total:
    """Values of one move at every step (T, N, K), and running sums over its batches."""

    def __init__(
        self, centre: Centre, steps: tuple[float, ...], size: float, sweep_n: int, motion_n: int
    ) -> None:
        self.centre, self.steps, self.size = centre, steps, np.float32(size)
        self.sweep_n, self.motion_n = sweep_n, motion_n
        self.values = np.full((len(steps), *centre.values.shape), np.nan)
        shape = centre.pictures.shape[1:]
        self.absolute, self.signed = np.zeros(shape), np.zeros(shape)
        self.sizes: list[Array] = []
        self.moved: list[Array] = []
        self.along = self.energy = 0.0

    def add(
        self, decode: Decode, measure: Measure, delta_ND: Array, part: slice
    ) -> Mapping[float, Array]:
        """Decode and measure the images of ``part``; their pictures by their step."""
        before, in_sweep = self.centre.pictures[part], part.start < self.sweep_n
        taken = [t for t in self.steps if abs(t) == 1 or in_sweep]
        codes = [self.centre.codes[part] + np.float32(t) * delta_ND[part] for t in taken]
        flat = decode(np.concatenate(codes))
        pictures = flat.reshape(len(taken), *before.shape)
        measured = measure(flat).reshape(len(taken), len(before), -1)
        if self.centre.comparison:
            comparison = self.centre.comparison.rows(part)
            compared = np.stack([comparison.measure(each) for each in pictures])
            measured = np.concatenate([compared, measured], axis=2)
        self.values[[self.steps.index(t) for t in taken], part] = measured
        after = dict(zip(taken, pictures, strict=True))
        start, end = after.get(-1.0, before), after[1.0]
        moved = end - start
        self.signed += moved.sum(0) * self.size
        size = np.zeros_like(before)
        whole = [each for t, each in after.items() if abs(t) == 1]
        for each in whole:  # in place: a new array costs more than its numbers
            size += np.abs(np.subtract(each, before, out=moved), out=moved)
        size /= len(whole)
        self.absolute += size.sum(0)
        self.sizes.append(size.mean((1, 2, 3)))
        if in_sweep:
            self._sweep(before, after)
        if (moving := min(self.motion_n, MOTION_IMAGES) - part.start) > 0:
            self.moved.append(end[:moving])
        return after

    def motion(self) -> Motion | None:
        """Motion from the centre to the step 1; None where it is not asked for, or is none."""
        if not self.moved:
            return None
        end = np.concatenate(self.moved)
        return judge_motion(self.centre.still.first(len(end)).explain(end))

    def _sweep(self, before: Array, after: dict[float, Array]) -> None:
        line = np.zeros_like(before)
        for t, pictures in after.items():
            moved = pictures - before
            self.energy += energy(moved)
            moved *= np.float32(t)
            line += moved
        self.along += energy(line) / sum(t * t for t in after)


def energy(values: Array) -> float:
    """Sum of squares."""
    flat = values.ravel()
    return float(np.dot(flat, flat))


def locality(map_HW: Array) -> float | None:
    """Fraction of an effect map's sum in its top tenth of pixels: 0.1 everywhere, 1 in one spot."""
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
