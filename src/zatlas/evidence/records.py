"""From measured changes to records: the numbers of an element or an edit, as plain JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zatlas.evidence import effects
from zatlas.evidence.crosstalk import explained
from zatlas.evidence.effects import Change
from zatlas.evidence.intervals import SMALLEST_EFFECT, Paired, bca, paired
from zatlas.evidence.measure import Array, Column, plain
from zatlas.evidence.sentences import INVISIBLE, sentence


@dataclass(frozen=True)
class Effect:
    """What one move does to pictures, in numbers. Fields are those of ``Change`` and functions
    of ``zatlas.evidence.effects``; ``size_low`` and ``size_high`` are the BCa interval of the
    size over images, ``curve`` holds the mean of each property at each step.
    """

    n: int
    size: float
    size_low: float
    size_high: float
    peak: float
    agreement: float | None
    linearity: float | None
    locality: float | None
    centre: tuple[float, float] | None
    motion: float | None
    motion_n: int
    sweep_n: int
    steps: tuple[float, ...]
    curve: Array
    lines: Array


def effect(change: Change, seed: int = 0) -> Effect:
    """The numbers of one change."""
    low, high = bca(change.sizes[:, None], seed)
    return Effect(
        n=len(change.sizes),
        size=change.size,
        size_low=float(low[0]),
        size_high=float(high[0]),
        peak=change.peak,
        agreement=change.agreement,
        linearity=change.linearity,
        locality=effects.locality(change.map),
        centre=effects.centre_of_mass(change.map),
        motion=change.motion,
        motion_n=change.motion_n,
        sweep_n=change.sweep_n,
        steps=change.steps,
        curve=change.curve,
        lines=change.lines,
    )


def cells(
    table: Paired,
    row: int,
    columns: Sequence[Column],
    probes: Mapping[str, Any],
    crosstalk: Array | None = None,
) -> list[dict[str, Any]]:
    """One row of a table (moves, properties) of paired effects, a dict a property.

    ``probes`` holds, by the name of a factor, what its probe is worth: at least ``metric``,
    ``score``, ``n`` and ``passed``. With ``crosstalk`` (K, K), the responses of the K probes in
    the order of their columns, a factor stays ``named`` only where 0.2 sd of its effect are left
    beyond what the effects on the other factors explain (``explained``, in sd).
    """
    fields = {name: field[row] for name, field in vars(table).items() if name != "n"}
    answer = [
        {**plain(column), **{name: plain(values[k]) for name, values in fields.items()}}
        for k, column in enumerate(columns)
    ]
    of_factors = [cell for cell in answer if cell["kind"] == "factor"]
    for cell in of_factors:
        cell["probe"] = plain(probes.get(cell["name"]))
    if crosstalk is not None:
        at = [k for k, column in enumerate(columns) if column.kind == "factor"]
        bounds = explained(table.effect_sd[row, at], crosstalk)
        for cell, bound in zip(of_factors, bounds.tolist(), strict=True):
            cell["explained"] = plain(bound)
            beyond = abs(cell["effect_sd"] or 0.0) - bound >= SMALLEST_EFFECT
            cell["named"] = bool(cell["named"] and beyond)
    return answer


def records(
    changes: Sequence[Change],
    heads: Iterable[dict[str, Any]],
    columns: Sequence[Column],
    real_sd: Array,
    *,
    seed: int = 0,
    probes: Mapping[str, Any] | None = None,
    crosstalk: Array | None = None,
) -> list[dict[str, Any]]:
    """One record, with its sentence, for each change.

    ``heads`` says what each change is: ``{"element": 2, "sd": 1.6}`` or ``{"edit": "z[0] *= 2"}``,
    and whatever else is known of it (``name``, ``flags``, ``random``, ``match``). ``real_sd`` (K,)
    is the sd of each property over real images; of a factor, the sd of its label, so that a probe
    that hedges makes an effect smaller and never larger. Benjamini-Hochberg runs over all the
    changes given. ``probes`` and ``crosstalk`` are those of :func:`cells`.
    """
    differences = np.stack([change.differences for change in changes], axis=1)
    table = paired(differences, real_sd, seed)
    size = sum(change.size for change in changes)
    answer = []
    for row, (change, head) in enumerate(zip(changes, heads, strict=True)):
        record = {**plain(head), **plain(effect(change, seed))}
        record["share"] = plain(change.size / size) if size else 0.0
        record["cells"] = cells(table, row, columns, probes or {}, crosstalk)
        if change.peak < INVISIBLE:  # a statistic may see what nobody can
            record["cells"] = [{**cell, "named": False} for cell in record["cells"]]
        record["sentence"] = sentence(record)
        answer.append(record)
    return answer
