"""The atlas: what every element of a code does, and what edits as typed do, over many images.

This module sees callables and arrays alone. Its records are the same for the same seed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.account.naming import FOUND_CORRELATION, LARGEST_OWN_CORRELATION
from zatlas.evidence.arrays import Array, Decode, Encode
from zatlas.evidence.codes.stability import Stability
from zatlas.evidence.codes.usage import Usage, measure_usage
from zatlas.evidence.effects import difference
from zatlas.evidence.effects.flags import (
    CanGive,
    CodeReference,
    Flags,
    Reencoding,
    RoundTrip,
    Statistics,
    code_reference,
    measure_flags,
    round_trip,
)
from zatlas.evidence.effects.sensitivity import interactions, sensitivity
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.records import (
    EditEffect,
    ElementEffect,
    FirstLayer,
    Interactions,
    MoveEffect,
    RandomDirection,
)
from zatlas.latents.directions.bases import sefa
from zatlas.latents.moves import Move, element_move, random_move, together_move

SENSITIVITY_IMAGES = 32  # over which the decoder's slope is measured
INTERACTION_ELEMENTS = 6  # the strongest ones, whose interactions are measured
FIRST_LAYER_DIRECTIONS = 5  # that are reported
TOGETHER_ELEMENTS = 4  # the strongest ones, which are also moved with the others


@dataclass(frozen=True)
class Subject:
    """A trained model as the atlas sees it, and the codes of N images.

    ``codes`` (N, D) are in the order in which the images were drawn; ``sds`` (N, D) are the
    standard deviations of a Gaussian code, otherwise None. ``first_weight`` (O, D) is the decoder's
    first layer where that is linear; ``jvp`` is the derivative of the pictures along a direction.
    Of a bottleneck that cannot give every code, ``can_give`` says which it can, and ``grid_step``
    (D,) is the distance of the values that an element can take, NaN where it can take any.
    """

    encode: Encode
    decode: Decode
    statistics: Statistics
    codes: Array
    sds: Array | None = None
    first_weight: Array | None = None
    jvp: Callable[[Array, Array], Array] | None = None
    can_give: CanGive | None = None
    grid_step: Array | None = None

    def __post_init__(self) -> None:
        latent = len(self.statistics.sd)
        if self.codes.ndim != 2 or len(self.codes) < 2 or self.codes.shape[1] != latent:
            raise InputError(
                f"codes of shape {self.codes.shape}; give 2 or more, of {latent} elements each"
            )


@dataclass(frozen=True)
class Maps:
    """Where pictures change, in grey levels for one sd, elements in the order of their index.

    ``absolute`` (D, H, W) is the mean absolute change, ``signed`` (D, H, W, C) the mean change.
    """

    absolute: Array
    signed: Array


@dataclass(frozen=True)
class ElementAtlas:
    """The effects of all elements, the largest first; the code as a whole; and the maps."""

    elements: tuple[ElementEffect, ...]
    usage: Usage
    interactions: Interactions
    first_layer: FirstLayer | None
    maps: Maps


def element_atlas(
    subject: Subject,
    properties: PropertySet,
    *,
    names: Mapping[int, str] | None = None,
    stability: Stability | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> ElementAtlas:
    """Measure every element by one of its sd.

    Parameters
    ----------
    subject, properties : the model, and the properties of its pictures.
    names : the user's names of elements.
    stability : of the same codes, with other runs.
    seed : of the bootstrap.
    workers : threads that share the elements; ``subject.decode`` should use one core itself.
    progress : called with (done, total) elements.
    """
    codes, sd = subject.codes, np.asarray(subject.statistics.sd, np.float32)
    moves = [element_move(codes, element, sd) for element in range(len(sd))]
    base = difference.measure_centre(subject.decode, properties.measure, codes, properties.compare)
    reference, few = reference_of(subject), codes[:SENSITIVITY_IMAGES]
    measured: list[tuple[difference.Change, tuple[Flags | None, ...]]] = []
    with ThreadPoolExecutor(1) as aside:  # the slopes are measured while the elements are
        slopes = aside.submit(sensitivity, subject.decode, few, moves, subject.jvp)
        for one in both_ways(subject, properties, base, moves, reference, seed, workers):
            measured.append(one)
            if progress:
                progress(len(measured), len(sd))
        slope = slopes.result()
    changes = [change for change, _ in measured]
    found = move_effects(changes, properties, flags=[flags[0] for _, flags in measured], seed=seed)
    order = sorted(range(len(sd)), key=lambda element: -found[element].size)
    strongest = [element for element in order if sd[element] > 0]
    together = _together(subject, properties, base, strongest, seed, workers)
    conditional = reference.sd / reference.conditional_sd
    steps = None if subject.grid_step is None else reference.sd / subject.grid_step
    effects = [
        ElementEffect(
            **{**dict(found[element]), "flags_backward": measured[element][1][1]},
            element=element, name=(names or {}).get(element), sd=sd[element],
            sensitivity=slope[element],
            match=None if stability is None else stability.best[element],
            stability=None if stability is None else stability.of(element, FOUND_CORRELATION),
            posterior_sd=None if subject.sds is None else subject.sds[:, element].mean(),
            conditional_sd=conditional[element], together=together.get(element),
            grid_steps=None if steps is None else steps[element],
        )
        for element in order
    ]  # fmt: skip
    acting = strongest[:INTERACTION_ELEMENTS]
    table = interactions(subject.decode, base, [moves[element] for element in acting])
    return ElementAtlas(
        elements=tuple(effects),
        usage=measure_usage(codes, sd_ND=subject.sds, sensitivity_D=slope, seed=seed),
        interactions=Interactions(elements=tuple(acting), table=table),
        first_layer=_first_layer(subject.first_weight, sd),
        maps=Maps(np.stack([c.map for c in changes]), np.stack([c.signed for c in changes])),
    )


def edit_effects(
    subject: Subject, properties: PropertySet, moves: Sequence[Move], *, seed: int = 0
) -> list[EditEffect]:
    """Measure edits as typed; the label of a move is the edit.

    Beside each stands a random direction of the same length in sd, drawn for every image.
    """
    if not moves:
        return []
    sd = np.asarray(subject.statistics.sd, np.float32)
    base = difference.measure_centre(
        subject.decode, properties.measure, subject.codes, properties.compare
    )
    reference = reference_of(subject)
    before = round_trip(subject.encode, subject.decode, subject.codes, reference)

    def change(move: Move, **options: Any) -> difference.Change:
        return difference.measure_change(subject.decode, properties.measure, base, move, **options)

    changes = [change(move, steps=difference.EDIT_STEPS) for move in moves]
    flags = [_flags(subject, move, reference, before, seed) for move in moves]
    found = move_effects(changes, properties, flags=flags, seed=seed)
    effects = []
    for move, effect in zip(moves, found, strict=True):
        drawn = random_move(move, sd, seed)
        away = _flags(subject, drawn, reference, before, seed)
        random = RandomDirection(
            size=change(drawn, steps=(1.0,), motion_n=0).size, in_range=away.in_range,
            neighbour_after=away.neighbour_after, kept=away.kept,
        )  # fmt: skip
        effects.append(EditEffect(**dict(effect), edit=move.label, random=random))
    return effects


def reference_of(subject: Subject) -> CodeReference:
    """What the flags of moves of a subject need."""
    return code_reference(subject.statistics, subject.can_give, subject.grid_step)


def _flags(
    subject: Subject, move: Move, reference: CodeReference, before: RoundTrip, seed: int
) -> Flags:
    moved = subject.codes + move.delta
    return measure_flags(
        subject.encode, subject.decode, subject.codes, moved, reference, before=before, seed=seed
    )


def both_ways(
    subject: Subject, properties: PropertySet, base: difference.Centre, moves: Sequence[Move],
    reference: CodeReference, seed: int, workers: int = 1, **options: Any,
) -> Iterator[tuple[difference.Change, tuple[Flags | None, ...]]]:  # fmt: skip
    """Each move, with its flags at +1 and at -1: None where it moves nothing.

    ``options`` are those of ``difference.measure_change``.
    """
    codes = subject.codes
    before = round_trip(subject.encode, subject.decode, codes, reference)

    def one(move: Move) -> tuple[difference.Change, tuple[Flags | None, ...]]:
        again = Reencoding(subject.encode, codes.shape)
        change = difference.measure_change(
            subject.decode, properties.measure, base, move, visit=again.add, **options
        )
        return change, tuple(flags(again, move, step) for step in (1.0, -1.0))

    def flags(again: Reencoding, move: Move, step: float) -> Flags | None:
        if step not in again.found:
            return None
        moved = codes + np.float32(step) * move.delta
        after = again.round_trip(moved, step, reference)
        return measure_flags(
            subject.encode, subject.decode, codes, moved, reference,
            before=before, after=after, seed=seed,
        )  # fmt: skip

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(one, moves)


def _together(
    subject: Subject, properties: PropertySet, base: difference.Centre, strongest: Sequence[int],
    seed: int, workers: int,
) -> dict[int, MoveEffect]:  # fmt: skip
    """The strongest elements by one sd, the others as they go with each, where codes correlate."""
    covariance, sd = subject.statistics.covariance, np.asarray(subject.statistics.sd)
    if covariance is None:
        return {}
    scale = np.where(sd > 0, sd, np.inf)
    correlation = np.abs(covariance / np.outer(scale, scale))
    np.fill_diagonal(correlation, 0.0)
    correlated = [
        element for element in strongest[:TOGETHER_ELEMENTS]
        if correlation[element].max() >= LARGEST_OWN_CORRELATION
    ]  # fmt: skip
    moves = [together_move(subject.codes, element, sd, covariance) for element in correlated]
    changes = difference.measure_changes(
        subject.decode, properties.measure, base, moves, workers,
        steps=(-1.0, 1.0), sweep_n=1, motion_n=0, lines=0,
    )  # fmt: skip
    found = move_effects(list(changes), properties, seed=seed) if correlated else []
    return dict(zip(correlated, found, strict=True))


def _first_layer(weight: Array | None, sd: Array) -> FirstLayer | None:
    """What the decoder's first layer amplifies most (SeFa), where it is a linear layer."""
    if weight is None:
        return None
    found = sefa(weight, sd.astype(np.float64))
    return FirstLayer(
        gain=found.gain[:FIRST_LAYER_DIRECTIONS],
        directions=found.directions[:FIRST_LAYER_DIRECTIONS],
        element_gain=found.element_gain,
    )
