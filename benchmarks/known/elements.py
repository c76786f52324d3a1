"""The elements of a code whose decoder shows pictures of a world."""

from dataclasses import dataclass

import numpy as np

from known.world import EDITS, SIZES, Array, K, World


@dataclass(frozen=True)
class Element:
    """``up`` and ``down`` (faces,): which picture of each face is seen after +1 and -1 sd."""

    kind: str
    up: Array
    down: Array


def drawn_elements(world: World, rng: np.random.Generator) -> list[Element]:
    """The elements of one code, in random order."""
    faces = world.faces
    moves = {(move.factor, move.size): m for m, move in enumerate(world.moves)}
    mixtures = [m for m, move in enumerate(world.moves) if move.size == 0]

    def graded() -> int:
        return int(rng.choice(world.graded))

    def element(kind: str, move: Array | int, up: Array | int, down: Array | int) -> Element:
        """``move`` of each face, on which side +1 and -1 sd go."""
        places = [1 + 2 * move + (np.broadcast_to(side, faces) < 0) for side in (up, down)]
        return Element(kind, *places)

    def signed(kind: str, move: Array | int) -> Element:
        side = int(rng.choice([-1, 1]))
        return element(kind, move, side, -side)

    def opposite(kind: str, size: float, share: float) -> Element:
        side = np.where(rng.permutation(faces) < share * faces, 1, -1) * rng.choice([-1, 1])
        return element(kind, moves[graded(), size], side, -side)

    def varying(kind: str, sizes: tuple[float, ...], shares: tuple[float, ...]) -> Element:
        factor, chosen = graded(), rng.choice(len(sizes), faces, p=shares)
        return signed(kind, np.array([moves[factor, size] for size in sizes])[chosen])

    def rare(kind: str, share: float) -> Element:
        side = int(rng.choice([-1, 1]))
        one = element(kind, int(rng.integers(K)), side, -side)
        moved = rng.random(faces) < share
        return Element(kind, *(np.where(moved, place, 0) for place in (one.up, one.down)))

    def one_way() -> Element:
        side = int(rng.choice([-1, 1]))
        return Element("one way", element("", moves[graded(), 0.5], side, side).up, still(0))

    def still(copy: int) -> Array:
        return np.full(faces, world.copy(copy))

    def edited(number: int) -> Element:
        places = [np.full(faces, world.edit(number, side)) for side in rng.permutation([1, -1])]
        return Element(f"edit {EDITS[number].name}", *places)

    singles = [signed(f"single {size}", moves[graded(), size]) for size in SIZES]
    even = [moves[graded(), float(rng.choice([0.3, 0.5]))], int(rng.integers(K))]
    elements = [
        *singles,
        signed("single 1.0", int(rng.integers(K))),
        Element("duplicate", singles[-1].up, singles[-1].down),
        signed("entangled", int(rng.choice(mixtures))),
        varying("heterogeneous 0.3", (0.1, 0.3, 0.5), (0.28, 0.44, 0.28)),  # sd 0.15
        varying("heterogeneous 0.5", (0.2, 0.5, 1.0), (0.26, 0.584, 0.156)),  # sd 0.25
        *(element("even", move, side, side) for move in even for side in [rng.choice([-1, 1])]),
        one_way(),
        opposite("opposite", 0.5, 0.5),
        opposite("opposite", 1.0, 0.5),
        opposite("60/40", 0.5, 0.6),
        opposite("60/40", 1.0, 0.6),
        rare("rare", 0.2),
        *(Element("dead", still(2 * n), still(2 * n + 1)) for n in range(2)),
        *(edited(number) for number in range(len(EDITS))),
    ]
    return [elements[i] for i in rng.permutation(len(elements))]
