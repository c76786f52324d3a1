"""The typed results of measuring a direction."""

from zatlas.evidence.properties.drawn import DrawnProperty
from zatlas.evidence.properties.probes import Probe
from zatlas.evidence.records import MoveEffect, Property
from zatlas.schema import Number, OptionalNumber, Record, VersionedRecord


class TargetEffect(Record):
    """What one step does to one property, the target, and to the others.

    ``size`` is the mean rise of the target with its 95 % interval, in sd over real images; of a
    factor in sd of the factor itself, the slope and the cross-talk of its probe taken out.
    ``spilt`` holds the same of every other property of the target's kind and of another family;
    ``spill`` is the mean of their absolute values for a rise of the target by 1 sd: 0 where nothing
    else changes, None without other properties or without a rise. ``reach`` is the number of steps
    at which the mean of the target has risen by 1 sd, None where 3 steps do not reach it.
    ``monotone`` is the fraction of images in which the target rises at every step from -3 to 3.
    """

    property: str
    size: Number
    low: OptionalNumber
    high: OptionalNumber
    spill: OptionalNumber
    spilt: dict[str, Number]
    reach: OptionalNumber
    monotone: Number


class ElementBeside(Record):
    """The best single element for the same target: effect over spill, of those that move it well.

    It is moved up by one of its sd, which may lower the target.
    """

    element: int
    target: TargetEffect


class Identity(Record):
    """How often an edited picture is still nearest to itself among ``n`` images.

    The picture is encoded again. The distance is Euclidean, in sd of each element, to the codes of
    the images; the part along the direction is left out. ``unedited`` is the same for
    reconstructions, ``random`` for a random direction of the same length.
    """

    n: int
    kept: Number
    unedited: Number
    random: Number


class NullEffects(Record):
    """Effects on the target of ``draws`` directions that are not for it, over a few images.

    They are random directions, or directions learned alike from permuted labels, each of the same
    Mahalanobis length. ``median`` and ``high`` (95th percentile) are of their absolute values in sd
    of the property, ``observed`` is the direction's own, on the same images. ``p`` is the fraction
    that is as large, (1 + count) / (1 + draws).
    """

    draws: int
    observed: Number
    median: Number
    high: Number
    p: Number


class LearningStability(Record):
    """How much a direction depends on the images that it was learned from.

    Cosines in the inner product of the inverse covariance: ``halves`` of directions learned from
    two halves of the images; ``median`` and ``low`` (5th percentile) of the direction and those
    learned from ``resamples`` bootstrap samples.
    """

    halves: Number
    resamples: int
    median: Number
    low: Number


class DirectionEffect(MoveEffect):
    """The effect of one direction, moved by one sd of the codes along it.

    ``mahalanobis`` is the length of that step in the Mahalanobis metric of the codes: 1 is a usual
    distance from the mean along one axis. ``target`` is None for a direction without a target.
    """

    name: str
    mahalanobis: OptionalNumber
    target: TargetEffect | None = None
    element: ElementBeside | None = None
    identity: Identity | None = None
    random: NullEffects | None = None
    permuted: NullEffects | None = None
    stability: LearningStability | None = None

    @property
    def is_real(self) -> bool:
        """Whether it moves its target more than directions that are not for it."""
        nulls = [null for null in (self.random, self.permuted) if null is not None]
        return bool(nulls) and all(null.p <= LARGEST_NULL_P for null in nulls)

    @property
    def ratio(self) -> float | None:
        """Effect over spill of the target; None where one of them is not known or 0."""
        return None if self.target is None else effect_over_spill(self.target)


LARGEST_NULL_P = 0.05
"""Of each of the two null distributions, for a direction that is said to move its target."""


def effect_over_spill(target: TargetEffect) -> float | None:
    """The size of an effect on a target for each sd of spill."""
    return abs(target.size) / target.spill if target.spill else None


class DirectionRecord(VersionedRecord):
    """``directions/NAME.json``: how a direction was learned, and what it does.

    ``method`` is a key of the methods of ``workflows/directions.py``, ``of`` what it was learned
    from in words. ``learned_from`` is the number of images, ``held`` the properties that were held
    constant. ``images`` are those that it was measured on.
    """

    name: str
    method: str
    of: str
    held: tuple[str, ...] = ()
    learned_from: int
    command: str = ""
    images: str
    fingerprint: str | None = None
    weights: str | None = None
    seed: int
    rows: tuple[int, ...]
    properties: tuple[Property, ...]
    drawn: tuple[DrawnProperty, ...] | None = None
    probes: tuple[Probe, ...] = ()
    effect: DirectionEffect
