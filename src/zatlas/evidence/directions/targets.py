"""What a step does to one property, and what it spills on the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from zatlas.errors import InputError, nearest
from zatlas.evidence.arrays import Array
from zatlas.evidence.directions.records import TargetEffect
from zatlas.evidence.effects.difference import Change
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.records import PropertyEffect

REACHED_SD = 1.0  # the rise of the target that ``reach`` is the size of
_GOOD_FRACTION = 0.5  # of the largest effect of an element, that the best one has at least
_PROMISING = 8  # elements of which the best one is chosen


@dataclass(frozen=True)
class Scale:
    """From changes of K properties to the sizes of those of one kind, on their own scales.

    ``target`` is the place of the target among the places ``at`` of the properties of its kind,
    ``others`` those of another family than the target's. ``matrix`` takes changes in sd to sizes:
    of factors the inverse of the slopes of the probes on them, otherwise the identity.
    """

    at: tuple[int, ...]
    target: int
    others: tuple[int, ...]
    names: tuple[str, ...]
    matrix: Array
    real_sd: Array

    def sizes(self, changes_XK: Array) -> Array:
        """Changes (..., K) in the properties' units as sizes (..., A) in sd; A properties."""
        in_sd = np.divide(
            changes_XK[..., self.at], self.real_sd,
            out=np.zeros((*changes_XK.shape[:-1], len(self.at))), where=self.real_sd > 0,
        )  # fmt: skip
        return np.asarray(in_sd @ self.matrix.T)

    def spill(self, sizes_XA: Array) -> Array:
        """Mean absolute size of the others for a rise of the target by 1 sd; NaN where undefined.

        >>> scale = Scale((0, 1), 0, (1,), ("a", "b"), np.eye(2), np.ones(2))
        >>> scale.spill(np.array([[0.5, -0.1], [0.0, 0.3]]))
        array([0.2, nan])
        """
        rise = np.abs(sizes_XA[..., self.target])
        if not self.others:
            return np.full(rise.shape, np.nan)
        others = np.abs(sizes_XA[..., self.others]).mean(-1)
        found = np.divide(others, rise, out=np.full(rise.shape, np.nan), where=rise > 0)
        return np.asarray(found)


def scale_of(properties: PropertySet, target: str) -> Scale:
    """The scale of a target and of the properties that are compared with it.

    Raises InputError where nothing of that name is measured.
    """
    columns = properties.columns
    names = [column.name for column in columns]
    if target not in names:
        raise InputError(f"property {target!r}: is not measured; {nearest(target, names)}")
    own = columns[names.index(target)]
    at = [k for k, column in enumerate(columns) if column.kind == own.kind]
    matrix = np.eye(len(at))
    if own.kind == "factor":
        slopes = properties.crosstalk
        if slopes is None:
            slopes = np.diag([properties.probes[names[k]].slope or 1.0 for k in at])
        matrix = np.linalg.pinv(slopes)
    family = own.family or own.name
    others = [i for i, k in enumerate(at) if (columns[k].family or columns[k].name) != family]
    return Scale(
        at=tuple(at), target=at.index(names.index(target)), others=tuple(others),
        names=tuple(names[k] for k in at), matrix=matrix, real_sd=properties.real_sd[at],
    )  # fmt: skip


def target_effect(
    change: Change, effects: Mapping[str, PropertyEffect], properties: PropertySet, target: str
) -> TargetEffect:
    """What a measured move does to ``target``.

    Parameters
    ----------
    change, effects : the move, and its effect on every property by name.
    properties : those that it was measured with.
    target : the name of one of them.
    """
    scale = scale_of(properties, target)
    sizes = scale.sizes(change.odd.mean(0))
    size, effect = float(sizes[scale.target]), effects[target]
    ratio = size / effect.mean_sd if effect.mean_sd else 1.0  # what the scale does to an interval
    ends = [None if end is None else end * ratio for end in (effect.low_sd, effect.high_sd)]
    low, high = (min(ends), max(ends)) if None not in ends else (None, None)  # type: ignore[type-var]
    curve = scale.sizes(change.curve - change.curve[_own(change.steps)])[:, scale.target]
    lines = scale.sizes(change.lines)[:, :, scale.target]
    spill = float(scale.spill(sizes))
    return TargetEffect(
        property=target, size=size, low=low, high=high,
        spill=spill if np.isfinite(spill) else None,
        spilt={scale.names[i]: sizes[i] for i in scale.others},
        reach=_reach(change.steps, curve, np.sign(size)), monotone=_monotone(lines, size),
    )  # fmt: skip


def _own(steps: Sequence[float]) -> int:
    """The place of the step 0."""
    return int(np.abs(steps).argmin())


def _reach(steps: Sequence[float], curve: Array, sign: float) -> float | None:
    """The step, 0 or more, at which a curve has risen by 1 sd, by lines between its points."""
    ahead = [(step, value * sign) for step, value in zip(steps, curve, strict=True) if step >= 0]
    for (start, before), (end, after) in pairwise(ahead):
        if after >= REACHED_SD:
            return float(start + (end - start) * (REACHED_SD - before) / (after - before))
    return None


def _monotone(lines_FT: Array, size: float) -> float:
    """The fraction of lines that rise at every step, or fall where the effect is a fall."""
    return float((np.sign(size) * np.diff(lines_FT, axis=1) > 0).all(1).mean())


def promising_elements(slopes_DK: Array, sd_D: Array, scale: Scale) -> list[int]:
    """The elements whose slopes promise the largest effects on a target, the largest first.

    Parameters
    ----------
    slopes_DK : the mean slope of every property along every element, in units of both.
    sd_D : the sd of each element.
    """
    size = np.abs(scale.sizes(slopes_DK * sd_D[:, None])[:, scale.target])
    return [int(element) for element in np.argsort(-size, kind="stable")[:_PROMISING]]


def best_of(sizes_EA: Array, scale: Scale) -> int:
    """The place of the best of E moves for a target, from measured sizes.

    Of the moves with at least half of the largest effect, it is the one with the largest effect
    over spill.

    >>> scale = Scale((0, 1), 0, (1,), ("a", "b"), np.eye(2), np.ones(2))
    >>> best_of(np.array([[0.9, 0.9], [-0.5, 0.1], [0.1, 0.0]]), scale)
    1
    """
    size, spill = np.abs(sizes_EA[:, scale.target]), scale.spill(sizes_EA)
    value = np.divide(size, spill, out=size.copy(), where=np.isfinite(spill) & (spill > 0))
    return int(np.where(size < _GOOD_FRACTION * size.max(), -1.0, value).argmax())
