"""The atlas: what every element of a code does, and what edits as typed do, over many images.

Everything here sees callables and arrays alone. The records are plain JSON, rounded to six digits,
and the same for the same seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zatlas.evidence import effects
from zatlas.evidence.axes import sefa
from zatlas.evidence.effects import Centre
from zatlas.evidence.flags import Flags, Known, Standing, Statistics, flags, known, standing
from zatlas.evidence.measure import Array, Decode, Encode, plain
from zatlas.evidence.records import records
from zatlas.evidence.response import interactions, sensitivity
from zatlas.evidence.ruler import Ruler
from zatlas.evidence.usage import usage

FLAGGED = 64  # images over which the flags of single elements are taken
SLOPED = 32  # images over which the decoder's slope is taken
STRONGEST = 6  # elements whose interactions are measured
DIRECTIONS = 5  # SeFa directions that are told


@dataclass(frozen=True)
class Subject:
    """A trained model as the atlas sees it, and N images' codes.

    ``codes`` (N, D) are those of the images in the order in which they were drawn, ``sds`` (N, D)
    the standard deviations of a Gaussian code, else None. ``first_weight`` (O, D) is the decoder's
    first layer where it is a linear one, ``jvp`` the derivative of its pictures along a direction.
    """

    encode: Encode
    decode: Decode
    statistics: Statistics
    codes: Array
    sds: Array | None = None
    first_weight: Array | None = None
    jvp: Callable[[Array, Array], Array] | None = None


@dataclass(frozen=True)
class Maps:
    """Where pictures change, elements in their own order: ``absolute`` (D, H, W) and ``signed``
    (D, H, W, C), in grey levels for one sd.
    """

    absolute: Array
    signed: Array


def element_atlas(
    subject: Subject,
    ruler: Ruler,
    *,
    names: Mapping[int, str] | None = None,
    matches: Sequence[float] | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Any], Maps]:
    """Every element measured by one of its sd: a record, elements sorted by the size of their
    effect, and the maps.

    ``names`` are the user's own, ``matches`` (D,) how well each element is found in other runs.
    ``workers`` threads share the elements; ``decode`` should use one core itself. ``progress`` is
    told (done, total) elements.
    """
    sd = np.asarray(subject.statistics.sd, np.float32)
    base = effects.centre(subject.decode, ruler.measure, subject.codes)
    slope = sensitivity(subject.decode, subject.codes[:SLOPED], sd, subject.jvp)
    reference = known(subject.statistics)
    before = standing(subject.encode, subject.decode, subject.codes[:FLAGGED], reference)
    changes, heads = [], []
    for element, change in enumerate(
        effects.elements(subject.decode, ruler.measure, base, sd, workers)
    ):
        changes.append(change)
        heads.append({
            "element": element,
            "name": (names or {}).get(element),
            "sd": float(sd[element]),
            "sensitivity": float(slope[element]),
            "flags": _element_flags(subject, reference, before, element, sd, seed),
            "match": None if matches is None else matches[element],
        })  # fmt: skip
        if progress:
            progress(element + 1, len(sd))
    found = records(
        changes, heads, ruler.columns, ruler.real_sd, seed=seed, probes=ruler.probes,
        crosstalk=ruler.crosstalk,
    )  # fmt: skip
    order = sorted(range(len(found)), key=lambda element: -found[element]["size"])
    used = usage(subject.codes, sd_ND=subject.sds, sensitivity_D=slope, seed=seed)
    record = {
        "n": len(subject.codes),
        "properties": [
            {**plain(column), "real_sd": plain(float(spread))}
            for column, spread in zip(ruler.columns, ruler.real_sd, strict=True)
        ],
        "usage": plain(used),
        "interactions": _interactions(subject.decode, base, sd, order),
        "first_layer": _first_layer(subject.first_weight, sd),
        "elements": [found[element] for element in order],
    }
    maps = Maps(np.stack([change.map for change in changes]), np.stack([c.signed for c in changes]))
    return record, maps


def edit_records(
    subject: Subject,
    ruler: Ruler,
    edited: Mapping[str, Array],
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Edits as typed, one effect each: ``edited`` holds the codes (N, D) after each, by its text.

    Beside each stands a random direction of the same length in sd, drawn anew for every image.
    """
    sd = np.asarray(subject.statistics.sd, np.float32)
    base = effects.centre(subject.decode, ruler.measure, subject.codes)
    reference = known(subject.statistics)

    before = standing(subject.encode, subject.decode, subject.codes, reference)

    def flagged(codes: Array) -> Flags:
        return flags(
            subject.encode, subject.decode, subject.codes, codes, reference, before=before,
            seed=seed,
        )  # fmt: skip

    changes, heads = [], []
    for text, codes in edited.items():
        delta = codes - subject.codes
        changes.append(effects.change(subject.decode, ruler.measure, base, delta, effects.AS_TYPED))
        drawn = effects.random_move(delta, sd, seed)
        away = flagged(subject.codes + drawn)
        size = effects.change(subject.decode, ruler.measure, base, drawn, (1.0,), motion_n=0).size
        heads.append({
            "edit": text,
            "flags": flagged(codes),
            "random": {
                "size": size,
                "in_range": away.in_range,
                "neighbour_after": away.neighbour_after,
                "kept": away.kept,
            },
        })  # fmt: skip
    return records(
        changes, heads, ruler.columns, ruler.real_sd, seed=seed, probes=ruler.probes,
        crosstalk=ruler.crosstalk,
    )  # fmt: skip


def _element_flags(
    subject: Subject, reference: Known, before: Standing, element: int, sd: Array, seed: int
) -> Flags | None:
    """Flags of one sd of an element; None for a dead one, which has no sd."""
    if sd[element] == 0:
        return None
    codes = subject.codes[:FLAGGED]
    moved = codes + effects.element_move(codes, element, sd)
    return flags(subject.encode, subject.decode, codes, moved, reference, before=before, seed=seed)


def _interactions(decode: Decode, base: Centre, sd: Array, order: list[int]) -> dict[str, Any]:
    strongest = [element for element in order if sd[element] > 0][:STRONGEST]
    table = interactions(decode, base, sd, strongest)
    return {"elements": strongest, "table": plain(table)}


def _first_layer(weight: Array | None, sd: Array) -> dict[str, Any] | None:
    """What the decoder's first layer amplifies most (SeFa), where it is a linear layer."""
    if weight is None:
        return None
    found = sefa(weight, sd.astype(np.float64))
    return {
        "gain": plain(found.gain[:DIRECTIONS]),
        "directions": plain(found.directions[:DIRECTIONS]),
        "element_gain": plain(found.element_gain),
    }
