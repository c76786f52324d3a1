"""A world: a population of rendered faces, each with its factors moved in many known ways.

A draw renders nothing. It samples images from the population with replacement, so the mean over the
whole population is the exact truth of the draw, however small the population is.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from zatlas.images.faces import FACTORS, render

Array = NDArray[Any]

NAMES = tuple(factor.name for factor in FACTORS)
K = len(NAMES)
BINARY = np.array([factor.kind == "binary" for factor in FACTORS])
INNER = 0.6
"""Share of each range that faces are drawn from: a move of one sd stays within the range."""
CORRELATED = (0.6, 0.4, -0.5)
"""Correlations of three pairs of factors; the other factors are independent."""
SIZES = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Sizes, in sd, that the graded factors are moved by; every factor is moved by 1 sd."""
GRADED = 3  # factors of a world that are moved by all of SIZES
MIXTURE = (0.5, 0.25, 0.15, 0.1)
"""Effects, in sd, of an entangled move on four factors."""
MIXTURES = 3
COPIES = 4  # of the face that is not moved, each with noise of its own: for dead elements
NOISE = 2.0  # grey levels, white, in every picture


@dataclass(frozen=True)
class Edit:
    """A change of pixels alone, in grey levels: ``added`` to red, green and blue, after the picture
    is spread about mid-grey by ``spread``; the other side is the opposite. It moves no factor, and
    factors are not judged on it: a lighter picture may well show a lighter face.
    """

    name: str
    added: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spread: float = 0.0

    def __call__(self, picture: Array, side: int) -> Array:
        """The edited picture, uint8."""
        moved = (picture - 127.5) * (1 + side * self.spread) + 127.5 + side * np.array(self.added)
        return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


EDITS = (
    Edit("lighter", (8.0, 8.0, 8.0)),
    Edit("redder", (6.0, -4.0, -4.0)),
    Edit("more contrast", spread=0.1),
)
"""Their effects hardly vary between images: the yardstick's own uncertainty is what is left."""


@dataclass(frozen=True)
class Move:
    """A displacement of the factors, in their sd. ``size`` is 0 for an entangled move."""

    vector: Array
    factor: int
    size: float


@dataclass(frozen=True)
class World:
    """``faces`` of the population, drawn by ``seed``; the pictures lie in ``folder``.

    Beside it ``learned`` labelled images to learn from, and ``held_out`` ones to judge probes on.
    """

    seed: int
    faces: int
    folder: Path
    learned: int = 3000
    held_out: int = 1000

    @property
    def place(self) -> Path:
        """The folder of this world's files."""
        return self.folder / f"world-{self.seed}-{self.faces}"

    @cached_property
    def moves(self) -> list[Move]:
        """Single factors by 1 sd, graded factors by every size, entangled moves."""
        rng, unit = self.rng(0), np.eye(K)
        moves = [Move(unit[k], k, 1.0) for k in range(K)]
        moves += [Move(s * unit[k], k, s) for k in self.graded for s in SIZES]
        for _ in range(MIXTURES):
            vector = np.zeros(K)
            vector[rng.permutation(K)[: len(MIXTURE)]] = MIXTURE
            moves.append(Move(vector * rng.choice([-1, 1], K), -1, 0.0))
        return moves

    @cached_property
    def graded(self) -> list[int]:
        """The factors that are moved by all sizes; a world's seed takes the next ones."""
        order = np.random.default_rng(0).permutation(np.flatnonzero(~BINARY))
        return np.roll(order, -GRADED * self.seed)[:GRADED].tolist()

    def at(self, move: int, side: int) -> int:
        """The place of a move up (1) or down (-1) among the pictures of a face; 0 is the face."""
        return 1 + 2 * move + (side < 0)

    def copy(self, number: int) -> int:
        """The place of a copy of the face that is not moved."""
        return 1 + 2 * len(self.moves) + number

    def edit(self, number: int, side: int) -> int:
        """The place of one of EDITS, up (1) or down (-1)."""
        return self.copy(COPIES) + 2 * number + (side < 0)

    def picture(self, face: int, place: int) -> Array:
        """One picture, uint8 (64, 64, 3)."""
        number, down = divmod(int(place) - self.edit(0, 1), 2)
        if number < 0:
            return np.asarray(self.pictures[face, place])
        return EDITS[number](self.pictures[face, 0], -1 if down else 1)

    def shown(self, face: int) -> Array:
        """All pictures of a face, edits included, uint8 (pictures + edits, 64, 64, 3)."""
        edits = range(self.edit(0, 1), self.edit(len(EDITS), 1))
        edited = [self.picture(face, place) for place in edits]
        return np.concatenate([self.pictures[face], np.stack(edited)])

    def rng(self, stream: int) -> np.random.Generator:
        """Random numbers of this world, independent of those of other streams."""
        return np.random.default_rng([self.seed, stream])

    @cached_property
    def known(self) -> Array:
        """The factors of every picture, (faces, pictures + edits, K); of edits NaN."""
        centre = self.draw(self.rng(1), self.faces)
        vectors = np.stack([move.vector for move in self.moves])
        steps = np.stack([vectors, -vectors], 1).reshape(-1, K) * centre.std(0)
        edits = np.full((2 * len(EDITS), K), np.nan)
        steps = np.concatenate([np.zeros((1, K)), steps, np.zeros((COPIES, K)), edits])
        return held(centre[:, None] + steps)

    @cached_property
    def labels(self) -> Array:
        """The factors of the labelled images, (learned + held_out, K)."""
        return self.draw(self.rng(2), self.learned + self.held_out)

    def draw(self, rng: np.random.Generator, count: int) -> Array:
        """Factors (count, K): uniform over the inner range, some of them correlated."""
        normal = rng.standard_normal((count, K))
        pairs = self.rng(3).permutation(K)
        for number, correlation in enumerate(CORRELATED):
            i, j = pairs[2 * number : 2 * number + 2]
            r = 2 * np.sin(np.pi * correlation / 6)  # uniform margins then correlate as asked
            normal[:, j] = r * normal[:, i] + np.sqrt(1 - r * r) * normal[:, j]
        share = stats.norm.cdf(normal)
        low, high = np.array([(factor.low, factor.high) for factor in FACTORS]).T
        values = (low + high) / 2 + INNER * (high - low) * (share - 0.5)
        return np.where(BINARY, share > 0.5, values)

    @cached_property
    def pictures(self) -> Array:
        """The pictures of the population, uint8 (faces, pictures, 64, 64, 3), noise included."""
        values = self.known[:, : self.edit(0, 1)].reshape(-1, K)
        return self._kept("pictures", values).reshape(self.faces, -1, 64, 64, 3)

    @cached_property
    def labelled(self) -> Array:
        """The labelled images, uint8 (learned + held_out, 64, 64, 3)."""
        return self._kept("labelled", self.labels)

    def _kept(self, name: str, values: Array) -> Array:
        """Pictures of faces with these factors, from a file that is rendered once."""
        path = self.place / f"{name}.npy"
        if not path.exists():
            self.place.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            shape = (len(values), 64, 64, 3)
            array = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=shape)
            rng, at = self.rng(4), 0
            for chunk in rendered(values):
                array[at : at + len(chunk)] = noisy(chunk, rng)
                at += len(chunk)
            array.flush()
            part.rename(path)
        return np.load(path, mmap_mode="r")


def held(values: Array) -> Array:
    """Factors as a picture shows them: glasses are not more than there, nor less than absent."""
    return np.where(BINARY, np.clip(values, 0, 1), values)


def rendered(values: Array) -> Iterator[Array]:
    """Pictures of faces with factors (N, K), in chunks; equal neighbours are rendered once."""
    with ProcessPoolExecutor() as pool:
        yield from pool.map(_render, np.array_split(values, -(-len(values) // 128)))


def _render(values: Array) -> Array:
    distinct, which = np.unique(values, axis=0, return_inverse=True)
    return render(dict(zip(NAMES, distinct.T, strict=True)))[which.ravel()]


def noisy(pictures: Array, rng: np.random.Generator) -> Array:
    """The pictures with white noise of their own."""
    noise = rng.standard_normal(pictures.shape, np.float32) * np.float32(NOISE)
    return np.clip(np.rint(pictures + noise), 0, 255).astype(np.uint8)
