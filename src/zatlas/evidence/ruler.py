"""What pictures are measured with: the attributes, and where labels exist, probes of factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zatlas.evidence import attributes
from zatlas.evidence.crosstalk import responses
from zatlas.evidence.factors import Factor
from zatlas.evidence.measure import Array, Column, Measure, floats, in_batches
from zatlas.evidence.probes import Probe, Probes, train_probes, truth_of


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
    columns = attributes.columns(images_NHWC.shape[-1])
    return Ruler(attributes.measure, columns, values.std(0), {})


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
    read = in_batches(lambda part: probes.measure(floats(part)), labelled.images[rows[whole]])
    return (
        replace(
            ruler,
            measure=attributes.joined(ruler.measure, probes.measure),
            columns=[*ruler.columns, *probes.columns],
            real_sd=np.concatenate([ruler.real_sd, np.nanstd(known, axis=0)]),
            probes=probes.worth,
            crosstalk=responses(read, known[whole]),
        ),
        probes,
    )
