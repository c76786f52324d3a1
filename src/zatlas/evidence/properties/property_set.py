"""The properties that pictures are measured by: attributes and, with labels, probes of factors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from zatlas.evidence.arrays import (
    GREY_LEVELS,
    Array,
    Compare,
    Decode,
    Measure,
    Property,
    floats,
    in_batches,
)
from zatlas.evidence.properties import attributes, causes
from zatlas.evidence.properties.crosstalk import responses
from zatlas.evidence.properties.drawn import FEWEST_IMAGES, DrawnProperty, drawn_by_network
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.properties.probes import Probe, Probes, train_probes, truth_of

_ROUNDED_IMAGES = 64  # over which the effect of rounding is measured
_CROSSTALK_IMAGES_PER_FACTOR = 10


@dataclass(frozen=True)
class PropertySet:
    """K properties of pictures.

    ``columns`` names them: first those of ``compare``, which are measured between two pictures
    (none where it is None), then those of ``measure``, which are measured on one, (B, K).
    ``real`` holds the values of each over real images, one row an image in the order of the images;
    of a factor its known labels. Their sd ``real_sd`` (K,) is what effects are reported in.
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
    compare: Compare | None = None

    @cached_property
    def real_sd(self) -> Array:
        """The sd of each property over real images, (K,); 0 where it does not vary."""
        return np.array([np.std(values) for values in self.real])

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
    """Causes and attributes, in units of their spread over these real uint8 images.

    What varies by no more than rounding to grey levels does has an sd of 0: the colours of grey
    pictures that are stored in three channels.
    """
    channels = images_NHWC.shape[-1]
    values = _of_images(images_NHWC)
    few = images_NHWC[:_ROUNDED_IMAGES]
    moves = np.eye(channels, dtype=np.float32) / GREY_LEVELS / 2
    rounding = np.max([_of_moved(few, move) for move in moves], axis=0)
    values[:, values.std(0) <= rounding] = 0.0
    return PropertySet(
        attributes.measure,
        [*causes.columns(channels), *attributes.columns(channels)],
        tuple(np.ascontiguousarray(values.T)),
        {},
        compare=causes.compare,
    )


def _of_images(images_NHWC: Array) -> Array:
    """Every cause and attribute of uint8 images, (N, K)."""
    return np.concatenate([causes.of_images(images_NHWC), _attributes(images_NHWC)], axis=1)


def _attributes(images_NHWC: Array) -> Array:
    return in_batches(lambda part: attributes.measure(floats(part)), images_NHWC)


def _of_moved(images_NHWC: Array, move: Array) -> Array:
    """How far each cause and attribute goes when every pixel moves by ``move`` (C,): (K,)."""
    before = floats(images_NHWC)
    changes = [
        causes.causes(before, before + move),
        attributes.measure(before + move) - attributes.measure(before),
    ]
    return np.asarray(np.abs(np.concatenate(changes, axis=1)).mean(0))


def measure_drawn(
    properties: PropertySet, images_NHWC: Array, codes_ND: Array, decode: Decode
) -> PropertySet:
    """The properties, with how well each comes back when the codes of uint8 images are decoded.

    A cause is measured between two images: the change from each image to the next one is compared
    with the change between their reconstructions. Below 4 images it is not measured.
    """
    if len(images_NHWC) < FEWEST_IMAGES:
        return properties
    original = measured_alone(properties, floats(images_NHWC))
    original[:, properties.real_sd == 0] = 0.0  # what varies there is rounding
    decoded = measured_alone(properties, in_batches(decode, codes_ND))
    names = [column.name for column in properties.columns]
    return replace(properties, drawn=drawn_by_network(names, original, decoded))


def measured_alone(properties: PropertySet, x_NHWC: Array) -> Array:
    """Every property of pictures in [-1, 1], (N, K); where two are compared, each with the next."""
    measured = in_batches(properties.measure, x_NHWC)
    if properties.compare is None:
        return measured
    changes = properties.compare(x_NHWC).changes(np.roll(x_NHWC, -1, axis=0))
    return np.concatenate([changes, measured], axis=1)


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
            real=(*properties.real, *(column[~np.isnan(column)] for column in known.T)),
            probes=probes.by_name,
            crosstalk=crosstalk,
        ),
        probes,
    )
