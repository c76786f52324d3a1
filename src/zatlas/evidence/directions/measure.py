"""Measure directions: the record of an element, and what each is worth for its target."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zatlas.evidence.account.move_effects import move_effects
from zatlas.evidence.arrays import Array
from zatlas.evidence.directions.nulls import (
    DRAWS,
    Learn,
    learning_stability,
    measure_identity,
    null_effects,
    permuted_directions,
    sizes_of_moves,
)
from zatlas.evidence.directions.records import DirectionEffect, ElementBeside, NullEffects
from zatlas.evidence.directions.targets import (
    best_of,
    promising_elements,
    scale_of,
    target_effect,
)
from zatlas.evidence.effects import difference
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.measurements import Subject, both_ways, reference_of
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.records import MoveEffect
from zatlas.latents.directions import mahalanobis, random_directions
from zatlas.latents.moves import Move, element_move

STEPS = (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0)
_LINES_KEPT = 5  # images whose own curves the record holds
_ELEMENT_IMAGES = 64  # over which the best single element is chosen


@dataclass(frozen=True)
class Candidate:
    """A direction to measure: ``step`` (D,) is one sd of the codes along it.

    ``target`` names the property that it is for, if any. ``learn`` learns it again from rows of the
    ``learned_from`` images that it was learned from; ``learn_permuted`` from their labels in an
    order that the generator draws. Both are None where a direction was not learned from images.
    """

    name: str
    step: Array
    target: str | None = None
    learn: Learn | None = None
    learned_from: int = 0
    learn_permuted: Callable[[np.random.Generator], Array] | None = None


@dataclass(frozen=True)
class MeasuredDirection:
    """The effect of a direction, and its change of the pictures with its maps."""

    effect: DirectionEffect
    change: difference.Change


def measure_directions(
    subject: Subject,
    properties: PropertySet,
    candidates: Sequence[Candidate],
    slopes_DK: Array | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[MeasuredDirection]:
    """Measure directions by one step to both sides, over the images of the subject.

    Parameters
    ----------
    subject, properties : the model, and the properties of its pictures. The images must be others
        than those that the directions and the probes were learned from.
    candidates : at least one.
    slopes_DK : the mean slope of every property along every element, for the best single element;
        without it there is none beside a direction.
    seed : of the bootstrap and of every draw.
    progress : called with (done, total) moves.
    """
    sd = np.asarray(subject.statistics.sd, np.float32)
    base = difference.measure_centre(
        subject.decode, properties.measure, subject.codes, properties.compare
    )
    targets = dict.fromkeys(one.target for one in candidates if one.target)
    beside = {
        target: _best_element(subject, properties, base, slopes_DK, target)
        for target in targets if slopes_DK is not None
    }  # fmt: skip
    elements = [*dict.fromkeys(beside.values())]
    moves = [
        *(_move(one.name, one.step, subject.codes) for one in candidates),
        *(element_move(subject.codes, element, sd) for element in elements),
    ]
    changes, flags = [], []
    for change, both in _measured(subject, properties, base, moves, seed):
        changes.append(change)
        flags.append(both)
        if progress:
            progress(len(changes), len(moves))
    kept = [replace(change, lines=change.lines[:_LINES_KEPT]) for change in changes]
    found = move_effects(kept, properties, flags=[each[0] for each in flags], seed=seed)
    effects = [
        effect.model_copy(update={"flags_backward": each[1]})
        for effect, each in zip(found, flags, strict=True)
    ]
    of_elements = {
        element: (changes[len(candidates) + i], effects[len(candidates) + i])
        for i, element in enumerate(elements)
    }
    return [
        MeasuredDirection(
            _direction_effect(
                subject, properties, base, one, (change, effect), beside, of_elements, seed
            ),
            change,
        )
        for one, change, effect in zip(candidates, changes, effects, strict=False)
    ]


def _move(name: str, step_D: Array, codes_ND: Array) -> Move:
    return Move(f'z["{name}"] += sd', np.broadcast_to(step_D.astype(np.float32), codes_ND.shape))


def _measured(
    subject: Subject, properties: PropertySet, base: difference.Centre, moves: Sequence[Move],
    seed: int,
) -> Iterator[tuple[difference.Change, tuple[Flags | None, ...]]]:  # fmt: skip
    return both_ways(
        subject, properties, base, moves, reference_of(subject), seed,
        steps=STEPS, lines=difference.SWEEP_IMAGES,
    )  # fmt: skip


def _direction_effect(
    subject: Subject, properties: PropertySet, base: difference.Centre, one: Candidate,
    measured: tuple[difference.Change, MoveEffect], beside: dict[str, int],
    of_elements: dict[int, tuple[difference.Change, MoveEffect]], seed: int,
) -> DirectionEffect:  # fmt: skip
    """The record of one direction."""
    sd, covariance = np.asarray(subject.statistics.sd, float), covariance_of(subject)
    length = mahalanobis(one.step, covariance)
    drawn = length * random_directions(DRAWS, covariance, seed)
    target, element, random, permuted = None, None, None, None
    if one.target is not None:
        target = target_effect(measured[0], measured[1].effects, properties, one.target)
        random, permuted = _nulls(subject, properties, base, one, length, drawn, seed)
    if one.target in beside:
        change, effect = of_elements[beside[one.target]]
        theirs = target_effect(change, effect.effects, properties, one.target)
        element = ElementBeside(element=beside[one.target], target=theirs)
    stability = None
    if one.learn is not None:
        stability = learning_stability(one.step, one.learn, one.learned_from, covariance, seed)
    return DirectionEffect(
        **dict(measured[1]), name=one.name, mahalanobis=length, target=target, element=element,
        identity=measure_identity(
            subject.encode, subject.decode, subject.codes, one.step, drawn[0], sd
        ),
        random=random, permuted=permuted, stability=stability,
    )  # fmt: skip


def _best_element(
    subject: Subject, properties: PropertySet, base: difference.Centre, slopes_DK: Array,
    target: str,
) -> int:  # fmt: skip
    """The best single element for a target, of those whose slopes promise most."""
    scale, sd = scale_of(properties, target), np.asarray(subject.statistics.sd, float)
    elements = promising_elements(slopes_DK, sd, scale)
    steps = np.eye(len(sd))[elements] * sd
    ahead, back = (
        sizes_of_moves(sign * steps, subject.decode, properties, base, scale, _ELEMENT_IMAGES)
        for sign in (1, -1)
    )
    return elements[best_of((ahead - back) / 2, scale)]


def _nulls(
    subject: Subject, properties: PropertySet, base: difference.Centre, one: Candidate,
    length: float, drawn_VD: Array, seed: int,
) -> tuple[NullEffects, NullEffects | None]:  # fmt: skip
    """The effect on the target beside random directions, and beside permuted labels."""
    scale = scale_of(properties, str(one.target))
    vectors = [one.step[None], drawn_VD]
    if one.learn_permuted is not None:
        vectors.append(
            permuted_directions(one.learn_permuted, length, covariance_of(subject), seed)
        )
    moved = sizes_of_moves(np.concatenate(vectors), subject.decode, properties, base, scale)
    sizes = moved[:, scale.target]
    observed, drawn = float(sizes[0]), sizes[1:]
    of_labels = drawn[DRAWS:] if one.learn_permuted is not None else None
    return (
        null_effects(observed, drawn[:DRAWS]),
        None if of_labels is None else null_effects(observed, of_labels),
    )


def covariance_of(subject: Subject) -> Array:
    """The covariance of the codes; a diagonal one where there are too many elements for more."""
    covariance = subject.statistics.covariance
    if covariance is None:
        return np.diag(np.asarray(subject.statistics.sd, float) ** 2)
    return np.asarray(covariance, float)
