"""How each kind of direction is learned from a run and its images."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error, nearest
from zatlas.evidence.arrays import Array
from zatlas.evidence.directions.measure import covariance_of
from zatlas.evidence.directions.targets import scale_of
from zatlas.evidence.measurements import Subject
from zatlas.evidence.properties.property_set import (
    PropertySet,
    add_factors,
    measure_drawn,
    pixel_properties,
)
from zatlas.evidence.slopes import SLOPE_IMAGES, mean_slopes
from zatlas.latents.directions import (
    TRANSFORMS,
    bases,
    encoded_differences,
    held,
    labels,
    pattern,
    steepest,
    steepest_holding,
)
from zatlas.run.run import Run
from zatlas.workflows.atlas import subject_of
from zatlas.workflows.direction_images import BETWEEN, LearningImages

GRADIENT = "gradient"  # a method: what a probe reads through the decoder, the other factors held
METHODS = (*labels.METHODS, GRADIENT)
BASES = ("pca", "ica", "sefa", "jacobian")
MEASURED_BY = {  # each transformation, and the property that it changes
    "brighten": "luminance", "shift": "horizontal shift", "rotate": "tilt", "zoom": "zoom",
    "blur": "detail gain",
}  # fmt: skip
HOLD_WEIGHT = 100.0
"""Of the squared effects (sd) on the other factors, beside the squared Mahalanobis length."""


@dataclass(frozen=True)
class Learned:
    """A vector (D,), what it was learned ``of``, and how to learn it again (see ``Candidate``).

    ``learned_from`` is the number of images.
    """

    name: str
    of: str
    vector: Array
    learned_from: int
    target: str | None = None
    learn: Callable[[Array], Array] | None = None
    learn_permuted: Callable[[np.random.Generator], Array] | None = None


@dataclass(frozen=True)
class Wanted:
    """What is learned from; one of the first four is given."""

    factor: str | None = None
    pixel: str | None = None
    transform: str | None = None
    basis: str | None = None
    method: str = "pattern"
    hold: Sequence[str] = ()
    count: int = 10


@dataclass(frozen=True)
class Study:
    """Everything that directions are learned from and measured with.

    ``codes`` (N, D) are of the images to learn from; ``slopes`` (D, K) are the mean slopes of every
    property along every element, over some of them. ``rows`` are those of the images that the
    directions are measured on, the images of ``subject``.
    """

    run: Run
    data: LearningImages
    codes: Array
    rows: NDArray[np.int64]
    subject: Subject
    properties: PropertySet
    slopes: Array
    seed: int

    @property
    def covariance(self) -> Array:
        """The covariance of the codes (D, D)."""
        return covariance_of(self.subject)

    @cached_property
    def factor_slopes(self) -> tuple[PropertySet, Array]:
        """The slopes of factors along every element, by probes that measure no direction.

        They learn from the images that directions are learned from, and not from those of the
        probes of ``properties``.
        """
        data, subject = self.data, self.subject
        pictures = data.images[data.learn[:SLOPE_IMAGES]]
        own, _ = add_factors(
            pixel_properties(pictures, compare=False), data.labelled(data.learn),
            subject.encode, subject.decode, self.seed,
        )  # fmt: skip
        return own, _slopes(subject, own, self.codes, self.seed)

    def without_dead(self, vector_D: Array) -> Array:
        """The vector with 0 at dead elements, which may vary in images that the run has not seen.

        Raises InputError where nothing is left.
        """
        live = np.asarray(self.subject.statistics.sd) > 0
        found = np.where(live, vector_D, 0.0)
        if not found.any():
            raise InputError("the direction is 0: the code does not change with it")
        return found


def prepare_study(run: Run, data: LearningImages, measured: int, seed: int) -> Study:
    """Train the probes, encode the images, and measure the slopes of every property."""
    rows = np.random.default_rng(seed).permutation(data.held_out)[:measured]
    pictures = data.images[rows]
    subject, properties = subject_of(run, pictures), pixel_properties(pictures)
    if data.factors:
        labelled = data.labelled(data.probes)
        properties, _ = add_factors(properties, labelled, subject.encode, subject.decode, seed)
    properties = measure_drawn(properties, pictures, subject.codes, subject.decode)
    codes = run.encode(data.images[data.learn])
    found = _slopes(subject, properties, codes, seed)
    return Study(run, data, codes, rows, subject, properties, found, seed)


def learn(study: Study, wanted: Wanted) -> Iterator[Learned]:
    """The directions that were asked for.

    Raises InputError where an argument does not fit.
    """
    if wanted.factor is not None:
        yield _by_labels(study, wanted.factor, wanted.method, wanted.hold)
    elif wanted.pixel is not None:
        yield _by_pixels(study, wanted.pixel, wanted.hold)
    elif wanted.transform is not None:
        yield _by_transform(study, wanted.transform, wanted.hold)
    else:
        yield from _by_basis(study, str(wanted.basis), wanted.count)


def _slopes(subject: Subject, properties: PropertySet, codes: Array, seed: int) -> Array:
    """The mean slopes (D, K) of the properties of decoded pictures, in units of both."""
    return mean_slopes(subject.decode, properties, codes, covariance_of(subject), seed)


def _by_labels(study: Study, factor: str, method: str, hold: Sequence[str]) -> Learned:
    """A direction for a factor, from its labels."""
    if method not in METHODS:
        raise argument_error("method", repr(method), nearest(method, METHODS))
    name = label_of(study.data, factor)
    names, table = study.data.table(name)
    table = table[study.data.learn]
    target = name if name in {column.name for column in study.properties.columns} else None
    of = "two groups of images" if factor == BETWEEN else name
    if method == GRADIENT:
        vector = study.without_dead(_by_probe(study, name))
        return Learned(name, of, vector, len(table), target)
    at, learning = names.index(name), labels.METHODS[method]

    def learn(rows: Array, values: Array = table) -> Array:
        codes, known = study.codes[rows], values[rows]
        vector = study.without_dead(learning(codes, known, at))
        return _held(study, vector, hold, (names, codes, known))

    def permuted(rng: np.random.Generator) -> Array:
        shuffled = table.copy()
        shuffled[:, at] = rng.permutation(shuffled[:, at])
        return learn(np.arange(len(table)), shuffled)

    vector = learn(np.arange(len(table)))
    return Learned(name, of, vector, len(table), target, learn, permuted)


def label_of(data: LearningImages, factor: str) -> str:
    """The name of the column of a factor, which may be called by its own name.

    Raises InputError where the table has no such factor.
    """
    known: dict[str, str] = {}
    for one in data.factors:
        if one.kind == "categorical":
            known |= {name: name for name in (f"{one.name} = {level}" for level in one.levels)}
        else:
            known |= {one.name: one.label, one.label: one.label}
    if factor not in known:
        hint = nearest(factor, known) if known else "give factors=FILE.csv, a row for each image"
        raise argument_error("factor", repr(factor), f"is no factor of the table; {hint}")
    return known[factor]


def _held(
    study: Study, vector_D: Array, hold: Sequence[str],
    known: tuple[list[str], Array, Array] | None = None,
) -> Array:  # fmt: skip
    """The vector without its part along the directions of the held properties.

    ``known`` has the names of factors, and codes with their values: a held factor's direction is
    its pattern. That of another property is its slope through the decoder.
    """
    others = []
    for name in hold:
        label = _label_or_none(study.data, name)
        if known is not None and label in known[0]:
            others.append(pattern(known[1], known[2], known[0].index(label)))
        else:
            others.append(steepest(study.slopes[:, _column(study, name, "hold")], study.covariance))
    return held(vector_D, np.stack(others), study.covariance) if others else vector_D


def _label_or_none(data: LearningImages, name: str) -> str:
    try:
        return label_of(data, name)
    except InputError:
        return ""


def _column(study: Study, name: str, argument: str) -> int:
    """The place of a measured property. Raises InputError where it is not measured."""
    names = [column.name for column in study.properties.columns]
    called = name if name in names else _label_or_none(study.data, name)
    if called not in names:
        raise argument_error(argument, repr(name), f"is not measured; {nearest(name, names)}")
    return names.index(called)


def _by_probe(study: Study, name: str) -> Array:
    """What raises a factor most, as a probe reads it through the decoder, the others held."""
    own, found = study.factor_slopes
    if name not in own.probes:
        raise argument_error("factor", repr(name), "no probe reads it in reconstructions")
    scale = scale_of(own, name)
    sizes = scale.sizes(found)
    target, others = sizes[:, scale.target], sizes[:, list(scale.others)]
    return steepest_holding(target, others, study.covariance, HOLD_WEIGHT)


def _by_pixels(study: Study, pixel: str, hold: Sequence[str]) -> Learned:
    """A direction for a property of pixels: its slope through the decoder."""
    at = _column(study, pixel, "pixel")
    column = study.properties.columns[at]
    others = [study.slopes[:, _column(study, each, "hold")] for each in hold]
    held_DK = np.stack(others, axis=1) if others else np.zeros((len(study.slopes), 0))
    vector = steepest_holding(study.slopes[:, at], held_DK, study.covariance)
    count = min(len(study.codes), SLOPE_IMAGES)
    return Learned(column.name, f"{column.name} of the pixels", vector, count, column.name)


def _by_transform(study: Study, transform: str, hold: Sequence[str]) -> Learned:
    """A direction for a transformation: the difference that it makes to the codes of images."""
    if transform not in TRANSFORMS:
        raise argument_error("transform", repr(transform), nearest(transform, TRANSFORMS))
    rows = study.data.learn[:: max(1, len(study.data.learn) // SLOPE_IMAGES)][:SLOPE_IMAGES]
    differences = encoded_differences(study.run.encode, study.data.images[rows], transform)

    def learn(some: Array) -> Array:
        return _held(study, study.without_dead(differences[some].mean(0)), hold)

    of, vector = f"the transformation {transform}", learn(np.arange(len(rows)))
    return Learned(transform, of, vector, len(rows), MEASURED_BY[transform], learn)


def _by_basis(study: Study, basis: str, count: int) -> Iterator[Learned]:
    """Directions without labels or targets."""
    if basis not in BASES:
        raise argument_error("basis", repr(basis), nearest(basis, BASES))
    sd = np.asarray(study.subject.statistics.sd, float)
    if basis == "pca":
        vectors = bases.pca(study.codes, count)
    elif basis == "ica":
        vectors = bases.ica(study.codes, count, study.seed)
    elif basis == "sefa":
        if study.subject.first_weight is None:
            raise argument_error("basis", repr(basis), "the decoder's first layer is not linear")
        vectors = bases.sefa_directions(study.subject.first_weight, sd, count)
    else:
        vectors = bases.jacobian(_pushforward(study.subject), study.codes, sd, count, study.seed)
    for i, vector in enumerate(vectors):
        yield Learned(
            f"{basis} {i}", f"the basis {basis}", study.without_dead(vector), len(study.codes)
        )


def _pushforward(subject: Subject) -> Callable[[Array, Array], Array]:
    """The derivative of the pictures of codes along a direction, (B, pixels)."""

    def push(codes: Array, direction: Array) -> Array:
        if subject.jvp is None:
            raise InputError("this decoder has no derivative; take another basis")
        along = np.tile(direction.astype(np.float32), (len(codes), 1))
        slope = subject.jvp(codes.astype(np.float32), along)
        return np.asarray(slope.reshape(len(codes), -1))

    return push
