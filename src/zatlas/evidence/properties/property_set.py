"""The properties that pictures are measured by: attributes and, with labels, probes of factors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from zatlas.evidence.arrays import (
    GREY_LEVELS,
    Array,
    Compare,
    Decode,
    Encode,
    Measure,
    Property,
    floats,
    in_batches,
)
from zatlas.evidence.properties import attributes, causes
from zatlas.evidence.properties.crosstalk import own_part
from zatlas.evidence.properties.drawn import FEWEST_IMAGES, DrawnProperty, drawn_by_network
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.properties.probes import Probe, Probes, train_probes

_ROUNDED_IMAGES = 64  # over which the effect of rounding is measured


@dataclass(frozen=True)
class PropertySet:
    """K properties of pictures.

    ``columns`` names them: first those of ``compare`` (none where it is None), which are measured
    on a picture and on what it was before, then those of ``measure``, which are measured on one
    picture, (B, K).
    ``real`` holds the values of each over real images, one row an image in the order of the images;
    of a factor its known labels. Their sd ``real_sd`` (K,) is what effects are reported in.
    ``probes`` holds the scores of the probe of each factor by its name, ``crosstalk`` the slopes of
    the probes on each other's factors (``crosstalk.py``), ``drawn`` how well the network draws each
    property; None where it was not measured. ``drawn_factors`` says it of factors: first of those
    with a column, then of those that have none.
    """

    measure: Measure
    columns: Sequence[Property]
    real: tuple[Array, ...]
    probes: Mapping[str, Probe]
    crosstalk: Array | None = None
    drawn: tuple[DrawnProperty, ...] | None = None
    drawn_factors: tuple[DrawnProperty, ...] = ()
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


def pixel_properties(images_NHWC: Array, *, compare: bool = True) -> PropertySet:
    """Causes and attributes, in units of their spread over these real uint8 images.

    Without ``compare`` there are no causes. What varies by no more than rounding to grey levels
    does has an sd of 0: the colours of grey pictures that are stored in three channels.
    """
    channels = images_NHWC.shape[-1]
    values = _of_images(images_NHWC)
    few = images_NHWC[:_ROUNDED_IMAGES]
    moves = np.eye(channels, dtype=np.float32) / GREY_LEVELS / 2
    rounding = np.max([_of_moved(few, move) for move in moves], axis=0)
    values[:, values.std(0) <= rounding] = 0.0
    columns = [*causes.columns(channels), *attributes.columns(channels)]
    first = 0 if compare else len(causes.columns(channels))
    return PropertySet(
        nothing if compare else attributes.measure,
        columns[first:],
        tuple(np.ascontiguousarray(values.T[first:])),
        {},
        compare=partial(causes.compare, beside=attributes.of_planes) if compare else None,
    )


def nothing(x_BHWC: Array) -> Array:
    """No property of pictures, (B, 0)."""
    return np.zeros((len(x_BHWC), 0))


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
    with the change between their reconstructions. Factors keep what :func:`add_factors` has
    measured. Below 4 images nothing is measured.
    """
    if len(images_NHWC) < FEWEST_IMAGES:
        return properties
    original = measured_alone(properties, floats(images_NHWC))
    original[:, properties.real_sd == 0] = 0.0  # what varies there is rounding
    decoded = measured_alone(properties, in_batches(decode, codes_ND))
    names = [column.name for column in properties.columns]
    found = drawn_by_network(names, original, decoded)
    pixels = [one for one, c in zip(found, properties.columns, strict=True) if c.kind != "factor"]
    return replace(properties, drawn=(*pixels, *properties.drawn_factors))


def measured_alone(properties: PropertySet, x_NHWC: Array) -> Array:
    """Every property of pictures in [-1, 1], (N, K); of each picture the next one's, if two are
    compared.
    """
    measured = in_batches(properties.measure, x_NHWC)
    if properties.compare is None:
        return measured
    following = np.roll(x_NHWC, -1, axis=0)
    compared = properties.compare(x_NHWC).measure(following)
    return np.concatenate([compared, np.roll(measured, -1, axis=0)], axis=1)


def add_factors(
    properties: PropertySet, labelled: Labelled, encode: Encode, decode: Decode, seed: int = 0
) -> tuple[PropertySet, Probes]:
    """The properties with a column for each factor that is read in reconstructions; all probes.

    Raises InputError as ``train_probes`` does.
    """
    probes = train_probes(
        labelled.images, labelled.factors, lambda x: decode(encode(x)),
        held_out=labelled.held_out, seed=seed,
    )  # fmt: skip
    used = [k for k, probe in enumerate(probes.in_reconstructions) if probe.passed]
    known = probes.read.known[:, used].T
    return (
        replace(
            properties,
            measure=attributes.joined(properties.measure, probes.measure),
            columns=[*properties.columns, *probes.columns],
            real=(*properties.real, *(values[~np.isnan(values)] for values in known)),
            probes=probes.by_name,
            crosstalk=probes.crosstalk,
            drawn_factors=_drawn_factors(probes),
        ),
        probes,
    )


def _drawn_factors(probes: Probes) -> tuple[DrawnProperty, ...]:
    """How well the network draws each factor: first those with a column, then those it loses.

    The correlation of what the probe estimates of held-out images and of their reconstructions,
    less what the other factors add to both, where enough images have all their labels. A factor
    that is lost is read in images and not in reconstructions.
    """
    used = [k for k, probe in enumerate(probes.in_reconstructions) if probe.passed]
    lost = [k for k, probe in enumerate(probes.judged) if probe.passed and k not in used]
    shown = [*used, *lost]
    names, read = [probes.judged[k].name for k in shown], probes.read
    own = read.of(shown)
    if own is None:
        return drawn_by_network(names, read.originals[:, shown], read.reconstructions[:, shown])
    parts = (
        own_part(part, own.known, own.factors) for part in (own.originals, own.reconstructions)
    )
    return drawn_by_network(names, *parts)
