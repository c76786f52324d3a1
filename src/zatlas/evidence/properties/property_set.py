"""The properties that pictures are measured by: attributes and, with labels, probes of factors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zatlas.evidence.arrays import GREY_LEVELS, Array, Decode, Measure, Property, floats, in_batches
from zatlas.evidence.properties import attributes
from zatlas.evidence.properties.crosstalk import responses
from zatlas.evidence.properties.drawn import FEWEST_IMAGES, DrawnProperty, drawn_by_network
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.properties.probes import Probe, Probes, train_probes, truth_of

_ROUNDED_IMAGES = 64  # over which the effect of rounding is measured
_CROSSTALK_IMAGES_PER_FACTOR = 10


@dataclass(frozen=True)
class PropertySet:
    """K properties of pictures.

    ``measure`` gives (B, K) values, ``columns`` the property of each column. ``real`` has for each
    column its values over real images: of an attribute those of the images whose codes are
    measured, in their order; of a factor its known labels. Their sd is the unit of effects.
    ``probes`` holds the scores of the probe of each factor by its name, ``crosstalk`` the slopes of
    the probes on each other's factors (``crosstalk.py``), ``drawn`` how well the network draws each
    property; None where it was not measured.
    """

    measure: Measure
    columns: Sequence[Property]
    real: tuple[Array, ...]
    probes: Mapping[str, Probe]
    crosstalk: Array | None = None
    drawn: tuple[DrawnProperty, ...] | None = None

    @property
    def real_sd(self) -> Array:
        """The sd (K,) of each property over real images; of a factor, the sd of its label."""
        return np.array([values.std() for values in self.real])

    def with_real_sd(self) -> Iterator[Property]:
        """The columns, with the sd of each over real images."""
        for column, spread in zip(self.columns, self.real_sd, strict=True):
            yield Property(**{**dict(column), "real_sd": spread})


@dataclass(frozen=True)
class Labelled:
    """Images (M, H, W, C) uint8 with their factors; probes are judged where ``held_out`` (M,)."""

    images: Array
    factors: Sequence[Factor]
    held_out: Array


def pixel_properties(images_NHWC: Array) -> PropertySet:
    """The attributes, in units of their spread over these real uint8 images."""
    values = in_batches(lambda part: attributes.measure(floats(part)), images_NHWC)
    columns, spread = attributes.columns(images_NHWC.shape[-1]), values.std(0)
    flat = spread <= _resolution(images_NHWC[:_ROUNDED_IMAGES], values[:_ROUNDED_IMAGES])
    values[:, flat] = 0.0  # what varies there is rounding
    return PropertySet(attributes.measure, columns, tuple(values.T), {})


def _resolution(images_NHWC: Array, values_NK: Array) -> Array:
    """How far each attribute moves, (K,), when one channel changes by half a grey level.

    The colours of grey pictures that are stored in three channels vary by less.
    """
    moves = np.eye(images_NHWC.shape[-1], dtype=np.float32) / GREY_LEVELS / 2
    changed = [attributes.measure(floats(images_NHWC) + move) for move in moves]
    return np.asarray(np.abs(np.stack(changed) - values_NK).mean(1).max(0))


def measure_drawn(
    properties: PropertySet, images_NHWC: Array, codes_ND: Array, decode: Decode
) -> PropertySet:
    """The properties, with how well each comes back when the codes of uint8 images are decoded.

    Below 4 images it is not measured.
    """
    if len(images_NHWC) < FEWEST_IMAGES:
        return properties
    original = in_batches(lambda part: properties.measure(floats(part)), images_NHWC)
    original[:, properties.real_sd == 0] = 0.0  # what varies there is rounding
    decoded = in_batches(lambda part: properties.measure(decode(part)), codes_ND)
    names = [column.name for column in properties.columns]
    return replace(properties, drawn=drawn_by_network(names, original, decoded))


def add_factors(
    properties: PropertySet, labelled: Labelled, seed: int = 0
) -> tuple[PropertySet, Probes]:
    """The properties with a column for each factor whose probe beats chance; and all probes.

    Raises InputError as ``train_probes`` does.
    """
    probes = train_probes(labelled.images, labelled.factors, held_out=labelled.held_out, seed=seed)
    if not probes.used:
        return properties, probes
    rows = np.flatnonzero(labelled.held_out)
    by_name = {factor.name: factor.rows(rows) for factor in labelled.factors}
    known = np.stack([truth_of(by_name[p.factor], p.level) for p in probes.used], axis=1)
    all_known = ~np.isnan(known).any(1)
    crosstalk = None
    if all_known.sum() >= _CROSSTALK_IMAGES_PER_FACTOR * known.shape[1]:
        images = labelled.images[rows[all_known]]
        estimates = in_batches(lambda part: probes.measure(floats(part)), images)
        crosstalk = responses(estimates, known[all_known], [p.factor for p in probes.used])
    return (
        replace(
            properties,
            measure=attributes.joined(properties.measure, probes.measure),
            columns=[*properties.columns, *probes.columns],
            real=(*properties.real, *(values[~np.isnan(values)] for values in known.T)),
            probes=probes.by_name,
            crosstalk=crosstalk,
        ),
        probes,
    )
