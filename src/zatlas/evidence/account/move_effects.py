"""From measured changes to records: the effect of each move in numbers."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from zatlas.evidence.account.naming import (
    SMALLEST_EFFECT_SD,
    WITHOUT_A_SIGN,
    is_told,
    may_be_named,
    size_sd,
    stated_field,
)
from zatlas.evidence.arrays import Array, Property
from zatlas.evidence.effects.difference import Change, centre_of_mass, locality
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.properties.crosstalk import ERRORS_ANEW, explained, explained_rms
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.records import Estimate, MainEffect, MoveEffect, PropertyEffect
from zatlas.evidence.statistics.bootstrap_t import Estimates, Yardstick
from zatlas.evidence.statistics.intervals import bca
from zatlas.evidence.statistics.main_effect import MAINLY_RATIO, largest_effect
from zatlas.evidence.statistics.paired_effects import PairedEffects, paired_effects
from zatlas.schema import rounded

_ESTIMATES = {"forward": "up", "backward": "down", "even": "even", "rms": "rms"}
_NUMBERS = ("rises", "falls", "d_z", "agree", "agree_low", "agree_high", "p", "q", "p_even")


def move_effects(
    changes: Sequence[Change],
    properties: PropertySet,
    *,
    flags: Sequence[Flags | None] = (),
    seed: int = 0,
) -> list[MoveEffect]:
    """The effect of each change, in the order of ``changes``.

    Benjamini-Hochberg runs over all the changes given, Holm over the properties of each. Effects on
    a factor are in sd of its label, so that a probe that hedges makes an effect smaller and never
    larger.

    Parameters
    ----------
    changes : at least one, all over the same images and with the same steps.
    properties : the properties that ``changes`` were measured with.
    flags : of each change, where they were measured.
    seed : of the bootstrap.
    """
    own = [column.kind != "factor" for column in properties.columns]
    yardstick = Yardstick(len(changes[0].forward), properties.real, own, seed)
    up = np.stack([change.forward for change in changes], axis=1)
    backward = [change.backward for change in changes if change.backward is not None]
    down = np.stack(backward, axis=1) if backward else None
    table = paired_effects(up, down, yardstick)
    total = sum(change.size for change in changes)
    found = []
    for row, change in enumerate(changes):
        low, high = bca(change.sizes[:, None], seed)
        effects = _property_effects(table, row, properties, change.peak)
        effect = MoveEffect(
            n=len(change.sizes), size=change.size, size_low=low[0], size_high=high[0],
            peak=change.peak, share=change.size / total if total else 0.0,
            agreement=change.agreement, linearity=change.linearity,
            locality=locality(change.map), centre=centre_of_mass(change.map),
            motion=change.motion, sweep_n=change.sweep_n, steps=change.steps,
            curve=change.curve, lines=tuple(change.lines),
            effects={one.name: one for one in effects},
            main=_main_effects(change, yardstick, properties.columns, effects),
            flags=flags[row] if flags else None,
        )  # fmt: skip
        found.append(effect)
    return found


def _property_effects(
    table: PairedEffects, row: int, properties: PropertySet, peak: float
) -> list[PropertyEffect]:
    """One row of a table (moves, properties) of paired effects."""
    found = []
    for k, column in enumerate(properties.columns):
        mean = _estimate(table.odd, row, k)
        parts = {name: getattr(table, part) for name, part in _ESTIMATES.items()}
        numbers = {name: getattr(table, name) for name in _NUMBERS}
        one = PropertyEffect(
            **{**column.model_dump(exclude={"real_sd"}), "family": column.family or column.name},
            finding=table.finding[row, k],
            mean=mean.value, low=mean.low, high=mean.high,
            mean_sd=mean.value_sd, low_sd=mean.low_sd, high_sd=mean.high_sd,
            **{name: None if part is None else _estimate(part, row, k)
               for name, part in parts.items()},
            **{name: None if field is None else field[row, k] for name, field in numbers.items()},
            named=False,
            probe=properties.probes.get(column.name),
            drawn=None if properties.drawn is None else properties.drawn[k].drawn,
        )  # fmt: skip
        found.append(one)
    bounds = _explained_sd(found, properties)
    return [_judged(one, bound, peak) for one, bound in zip(found, bounds, strict=True)]


def _estimate(part: Estimates, row: int, k: int) -> Estimate:
    numbers = {field.name: getattr(part, field.name)[row, k] for field in fields(part)}
    del numbers["error_sd"]
    return Estimate(**numbers)


def _judged(effect: PropertyEffect, explained_sd: float, peak: float) -> PropertyEffect:
    """The effect with what cross-talk explains of it, and whether it may be named."""
    named = may_be_named(
        finding=effect.finding, size_sd=size_sd(effect), peak=peak, kind=effect.kind,
        explained_sd=float(np.nan_to_num(explained_sd)), probe=effect.probe, drawn=effect.drawn,
    )  # fmt: skip
    return effect.model_copy(update={"named": named, "explained_sd": rounded(explained_sd)})


def _explained_sd(effects: Sequence[PropertyEffect], properties: PropertySet) -> Array:
    """How much of each effect (K,) cross-talk explains at most, in sd; NaN where not measured.

    An effect is compared with the same part of the effects on the other factors: what a probe reads
    both ways cannot come from a factor that goes one way up and the other way down. Where the
    effect has no sign, the errors of the probe explain a part of it as well, the more the other
    properties change; and where it goes the same way at both steps while another factor changes,
    since a probe may follow that one along a curve, which slopes do not see.
    """
    bounds = np.full(len(effects), np.nan)
    at = [k for k, one in enumerate(effects) if one.kind == "factor"]
    if properties.crosstalk is None or not at:
        return bounds
    errors = np.array([(one.probe and one.probe.error) or 0.0 for one in effects])[at]
    for own, k in enumerate(at):
        parts = [getattr(effects[other], stated_field(effects[k])) for other in at]
        values = np.array([part.value_sd or 0.0 for part in parts])
        if effects[k].finding in WITHOUT_A_SIGN:
            anew = errors * min(_largest_other(effects, k), 1.0)
            bounds[k] = explained_rms(values, properties.crosstalk, anew)[own]
        else:
            bounds[k] = explained(values, properties.crosstalk)[own]
        moved = [effects[other] for other in at]
        if effects[k].finding == "either way" and _largest_other(moved, own) >= SMALLEST_EFFECT_SD:
            bounds[k] = np.hypot(bounds[k], _explained_by_curves(effects[k], errors[own]))
    return bounds


def _explained_by_curves(effect: PropertyEffect, error: float) -> float:
    """How much of an even part, in sd, a probe may read that follows another factor along a curve.

    A curve bends in some images alone. Where the even part is less than half of the mean square,
    so that images differ by more than they share, all of it may come from there.
    """
    even, rms = (((part and part.value_sd) or 0.0) for part in (effect.even, effect.rms))
    return abs(even) if even**2 < rms**2 / 2 else ERRORS_ANEW * error


def _largest_other(effects: Sequence[PropertyEffect], k: int) -> float:
    """The largest root mean square over images, in sd, of the effects but k."""
    parts = [one.rms for other, one in enumerate(effects) if other != k]
    return max(((part and part.value_sd) or 0.0 for part in parts), default=0.0)


def _main_effects(
    change: Change,
    yardstick: Yardstick,
    columns: Sequence[Property],
    effects: Sequence[PropertyEffect],
) -> tuple[MainEffect, ...]:
    """What the move changes most, of attributes and causes, and of factors.

    It is not the main effect beside a property of another family that changes more than half as
    much without a sign of its own, such as up in some images and down in others.
    """
    families = [column.family or column.name for column in columns]
    found = []
    for factors in (False, True):
        at = [k for k, column in enumerate(columns) if (column.kind == "factor") == factors]
        if not at:
            continue
        largest = largest_effect(change.forward, change.backward, yardstick, families, at)
        if np.isnan(largest.ratio):  # there is no effect at all
            continue
        first, second = effects[largest.first], largest.second
        beside = max(
            (size_sd(effects[k]) for k in at
             if is_told(effects[k]) and families[k] != first.family),
            default=0.0,
        )  # fmt: skip
        mainly = largest.mainly and size_sd(first) >= MAINLY_RATIO * beside
        found.append(
            MainEffect(
                kind=first.kind, first=first.name,
                second=None if second < 0 else effects[second].name,
                ratio=largest.ratio, low=largest.low, high=largest.high, mainly=mainly,
            )
        )  # fmt: skip
    return tuple(found)
