"""What pictures are measured with: the attributes, and where labels exist, probes of factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zatlas.evidence import attributes
from zatlas.evidence.crosstalk import responses
from zatlas.evidence.factors import Factor
from zatlas.evidence.measure import GREY_LEVELS, Array, Column, Measure, floats, in_batches
from zatlas.evidence.probes import Probe, Probes, train_probes, truth_of

_FEW = 64  # images that rounding is tried on
_ENOUGH = 10  # rows a factor, for cross-talk


@dataclass(frozen=True)
class Ruler:
    """``measure`` fills the ``columns`` of a picture; ``real_sd`` (K,) is the sd of each over real
    images, the unit that effects are told in (of a factor, the sd of its label). ``probes`` holds
    what the probe behind each factor is worth, ``crosstalk`` what they read of one another.
    """

    measure: Measure
    columns: Sequence[Column]
    real_sd: Array
    probes: Mapping[str, Probe]
    crosstalk: Array | None = None


@dataclass(frozen=True)
class Labelled:
    """Images (M, H, W, C) uint8 with their factors; probes are judged where ``held_out`` (M,)."""

    images: Array
    factors: Sequence[Factor]
    held_out: Array


def pixel_ruler(images_NHWC: Array) -> Ruler:
    """The attributes, in units of their spread over these real uint8 images."""
    values = in_batches(lambda part: attributes.measure(floats(part)), images_NHWC)
    columns, spread = attributes.columns(images_NHWC.shape[-1]), values.std(0)
    spread[spread <= _resolution(images_NHWC[:_FEW], values[:_FEW])] = 0.0
    return Ruler(attributes.measure, columns, spread, {})


def _resolution(images_NHWC: Array, values_NK: Array) -> Array:
    """What half a grey level in one channel, lost in rounding, does to each attribute, (K,).

    Grey pictures that are stored in three channels spread less than that in their colours.
    """
    moves = np.eye(images_NHWC.shape[-1], dtype=np.float32) / GREY_LEVELS / 2
    changed = [attributes.measure(floats(images_NHWC) + move) for move in moves]
    return np.asarray(np.abs(np.stack(changed) - values_NK).mean(1).max(0))


def with_factors(ruler: Ruler, labelled: Labelled, seed: int = 0) -> tuple[Ruler, Probes]:
    """The ruler with a column for each factor whose probe beats chance; all probes, judged.

    Needs scikit-learn. Raises InputError as ``train_probes`` does.
    """
    probes = train_probes(labelled.images, labelled.factors, held_out=labelled.held_out, seed=seed)
    if not probes.used:
        return ruler, probes
    rows = np.flatnonzero(labelled.held_out)
    by_name = {factor.name: factor.rows(rows) for factor in labelled.factors}
    known = np.stack([truth_of(by_name[p.factor], p.level) for p in probes.used], axis=1)
    whole = ~np.isnan(known).any(1)
    crosstalk = None
    if whole.sum() >= _ENOUGH * known.shape[1]:  # factors that are hardly known together: untold
        images = labelled.images[rows[whole]]
        read = in_batches(lambda part: probes.measure(floats(part)), images)
        crosstalk = responses(read, known[whole], [probe.factor for probe in probes.used])
    return (
        replace(
            ruler,
            measure=attributes.joined(ruler.measure, probes.measure),
            columns=[*ruler.columns, *probes.columns],
            real_sd=np.concatenate([ruler.real_sd, np.nanstd(known, axis=0)]),
            probes=probes.worth,
            crosstalk=crosstalk,
        ),
        probes,
    )
