"""From measured changes to records: the effect of each move in numbers."""

from collections.abc import Sequence

import numpy as np

from zatlas.evidence.account.naming import may_be_named
from zatlas.evidence.arrays import Array
from zatlas.evidence.effects.difference import Change, centre_of_mass, locality
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.properties.crosstalk import explained
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.records import MoveEffect, PropertyEffect
from zatlas.evidence.statistics.intervals import PairedStatistics, bca, paired


def move_effects(
    changes: Sequence[Change],
    properties: PropertySet,
    *,
    flags: Sequence[Flags | None] = (),
    seed: int = 0,
) -> list[MoveEffect]:
    """The effect of each change, in the order of ``changes``.

    Benjamini-Hochberg runs over all the changes given. Effects on a factor are in sd of its label,
    so that a probe that hedges makes an effect smaller and never larger.

    Parameters
    ----------
    changes : at least one, all over the same images.
    properties : the properties that ``changes`` were measured with.
    flags : of each change, where they were measured.
    seed : of the bootstrap.
    """
    differences = np.stack([change.odd for change in changes], axis=1)
    table = paired(differences, properties.real_sd, seed)
    total = sum(change.size for change in changes)
    found = []
    for row, change in enumerate(changes):
        low, high = bca(change.sizes[:, None], seed)
        effect = MoveEffect(
            n=len(change.sizes), size=change.size, size_low=low[0], size_high=high[0],
            peak=change.peak, share=change.size / total if total else 0.0,
            agreement=change.agreement, linearity=change.linearity,
            locality=locality(change.map), centre=centre_of_mass(change.map),
            motion=change.motion, sweep_n=change.sweep_n, steps=change.steps,
            curve=change.curve, lines=tuple(change.lines),
            effects=_property_effects(table, row, properties, change.peak),
            flags=flags[row] if flags else None,
        )  # fmt: skip
        found.append(effect)
    return found


def _property_effects(
    table: PairedStatistics, row: int, properties: PropertySet, peak: float
) -> dict[str, PropertyEffect]:
    """One row of a table (moves, properties) of paired effects, by the name of the property."""
    explained_sd = _explained_sd(table.mean_sd[row], properties)
    found = {}
    for k, column in enumerate(properties.columns):
        numbers = {name: field[row, k] for name, field in vars(table).items() if name != "n"}
        probe, bound = properties.probes.get(column.name), explained_sd[k]
        drawn = None if properties.drawn is None else properties.drawn[k].drawn
        found[column.name] = PropertyEffect(
            **column.model_dump(exclude={"real_sd"}),
            **numbers,
            named=may_be_named(
                low=numbers["low"], high=numbers["high"], q=numbers["q"],
                mean_sd=numbers["mean_sd"], peak=peak, kind=column.kind,
                explained_sd=np.nan_to_num(bound), probe=probe, drawn=drawn,
            ),
            probe=probe,
            explained_sd=bound,
            drawn=drawn,
        )  # fmt: skip
    return found


def _explained_sd(mean_sd_K: Array, properties: PropertySet) -> Array:
    """How much of each effect (K,) cross-talk explains at most, in sd; NaN where not measured."""
    bounds = np.full(len(mean_sd_K), np.nan)
    if properties.crosstalk is not None:
        at = [k for k, column in enumerate(properties.columns) if column.kind == "factor"]
        bounds[at] = explained(mean_sd_K[at], properties.crosstalk)
    return bounds
