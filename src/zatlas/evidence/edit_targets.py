"""Measure edits with a target: how far they come, how long they are, and what they spill."""

from collections.abc import Mapping

import numpy as np

from zatlas.evidence.arrays import Array
from zatlas.evidence.directions.targets import scale_of
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.target_records import TargetEffects, TargetRecord
from zatlas.latents.targeted import lengths

LEAST_SD = 0.002
"""The smallest difference that counts, in sd of the property: 5 % of a change by 0.04 sd."""


def least_of(properties: PropertySet, place: int) -> float:
    """The smallest difference of a property that counts, in its unit."""
    return LEAST_SD * float(properties.real_sd[place])


def target_record(
    properties: PropertySet, changes_BK: Array, edits_BD: Array, asked_B: Array,
    covariance_DD: Array, *, target: int, held: Mapping[str, int], to: float | None = None,
    factors: str = "",
) -> TargetRecord:  # fmt: skip
    """The record of solved edits.

    Parameters
    ----------
    properties : those that the edits were solved with.
    changes_BK : how far each changed.
    edits_BD : the displacements of the codes.
    asked_B : the change of the target that was asked for.
    covariance_DD : of the codes.
    target, held : the places of the target, and of held properties by name.
    to : the value that was asked for, if it was one.
    factors : the table of labels that the target's probe learned from, if it has one.
    """
    column, sd = properties.columns[target], properties.real_sd
    scale = scale_of(properties, column.name)
    in_sd = np.divide(
        changes_BK, sd, out=np.full(changes_BK.shape, np.nan), where=np.asarray(sd) > 0
    )
    return TargetRecord(
        name=column.name, unit=column.unit, to=to, asked=asked_B,
        reached=changes_BK[:, target], reached_sd=in_sd[:, target],
        length=lengths(edits_BD, covariance_DD), spill=scale.spill(scale.sizes(changes_BK)),
        held={name: in_sd[:, k] for name, k in held.items()}, factors=factors,
        least=least_of(properties, target),
    )  # fmt: skip


def target_effects(
    record: TargetRecord, changes_NK: Array, properties: PropertySet
) -> TargetEffects:
    """One target over many images.

    Parameters
    ----------
    record : of these images.
    changes_NK : how far each property changed in them.
    properties : those that the changes were measured with. Their probe of a factor learned from
        other images than the one that the edits were solved with.
    """
    asked, reached, towards = record.asked, record.reached, np.sign(record.asked)
    sign = float(towards[0]) if record.to is None else 1.0
    spill, spilt, read = np.nan, {}, None
    if record.name in [column.name for column in properties.columns]:
        scale = scale_of(properties, record.name)
        sizes = scale.sizes(changes_NK * towards[:, None]).mean(0)
        spill, spilt = float(scale.spill(sizes)), {scale.names[i]: sizes[i] for i in scale.others}
        if record.factors:
            own = changes_NK[:, scale.at[scale.target]]
            read = sign * np.mean(own * towards)
    low, middle, high = np.quantile(record.length, (0.05, 0.5, 0.95))
    return TargetEffects(
        name=record.name, unit=record.unit, to=record.to, n=len(asked),
        hit=1 - np.mean(record.missed), asked=sign * np.mean(asked * towards),
        reached=sign * np.mean(reached * towards), read=read,
        length=middle, length_low=low, length_high=high,
        spill=spill if np.isfinite(spill) else None, spilt=spilt,
        held={
            name: np.mean(np.array(values, float)) for name, values in record.held.items()
            if None not in values
        },
    )  # fmt: skip
