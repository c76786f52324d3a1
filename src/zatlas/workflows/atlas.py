"""Measuring a trained run: its atlas."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zatlas.errors import InputError, argument_error
from zatlas.evidence.arrays import LABEL_SUFFIX, Array
from zatlas.evidence.codes.disentanglement import Disentanglement, measure_disentanglement
from zatlas.evidence.codes.stability import measure_stability
from zatlas.evidence.codes.usage import gaussian_kl
from zatlas.evidence.measurements import Maps, Subject, element_atlas
from zatlas.evidence.properties.attributes import ATTRIBUTES
from zatlas.evidence.properties.causes import CAUSES
from zatlas.evidence.properties.factors import Factor, tell_apart
from zatlas.evidence.properties.probes import Probes
from zatlas.evidence.properties.property_set import (
    Labelled,
    add_factors,
    measure_drawn,
    pixel_properties,
)
from zatlas.evidence.records import AtlasRecord, FactorProbes, OtherSeeds
from zatlas.files import similar_name
from zatlas.images import ImageSet
from zatlas.images.labels import read_table, typed
from zatlas.latents import coding, quantised
from zatlas.models.pixels import from_signed, signed_scale
from zatlas.run.config import ImagesRecord
from zatlas.run.evidence import element_names, keep_atlas
from zatlas.run.run import Run, open_run
from zatlas.run.split import Part, whole_set

IMAGES_MEASURED = 512
INFORMATIVE_KL_NATS = 0.01  # of an element of a Gaussian code that enters the stability scores
MOST_LABELLED_IMAGES = 5000  # over which code scores are measured
FEWEST_HELD_OUT_IMAGES = 100  # on which probes are judged
DRAWN_FRACTION = 0.3  # of the labelled images, held out where the run held out fewer than that

PathLike = str | os.PathLike[str]


def measure_atlas(
    run: Run,
    *,
    images: PathLike | NDArray[np.uint8] | ImageSet | None = None,
    count: int = IMAGES_MEASURED,
    seed: int = 0,
    factors: PathLike | None = None,
    others: Sequence[PathLike | Run] = (),
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AtlasRecord:
    """Measure what every latent element of ``run`` does, and keep it in its ``evidence/``.

    Parameters
    ----------
    images : what to measure on; by default the run's held-out images.
    count : the number of images, drawn by ``seed``.
    seed : of that draw and of every bootstrap.
    factors : a CSV with a row for each image of the run's image set, or of its held-out one.
    others : runs of the same model on the same images, each of another seed.
    workers : the number of threads, by default cores divided by torch's threads. No result depends
        on it.
    progress : called with (done, total) elements.

    Raises
    ------
    InputError
        Images, table or runs do not fit.
    """
    record, maps = compute_atlas(
        run, images=images, count=count, seed=seed, factors=factors, others=others,
        workers=workers, progress=progress,
    )  # fmt: skip
    keep_atlas(run, record, maps)
    return record


def compute_atlas(
    run: Run, *, images: PathLike | NDArray[np.uint8] | ImageSet | None, count: int, seed: int,
    factors: PathLike | None, others: Sequence[PathLike | Run], workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[AtlasRecord, Maps]:  # fmt: skip
    """The atlas of ``measure_atlas`` and its maps; the run's own atlas stays as it is."""
    check_count(count)
    image_set, part = _part(run, images)
    file = str(image_set.path or "")
    labelled = None if factors is None else labelled_images(run, Path(factors), seed)
    opened = _other_runs(run, others)
    rows = drawn(part, count, seed)
    if len(rows) < 2:
        raise argument_error("images", file, f"{len(rows)} image to measure on; give 2 or more")
    pictures = part.images[rows]
    subject = subject_of(run, pictures)
    properties, labels = pixel_properties(pictures), None
    if labelled is not None:
        properties, probes = add_factors(properties, labelled, subject.encode, subject.decode, seed)
        labels = _factor_probes(run, labelled, probes, str(factors), seed)
    properties = measure_drawn(properties, pictures, subject.codes, subject.decode)
    seeds = _other_seeds(subject, opened, pictures, seed) if opened else None
    found = element_atlas(
        subject, properties, names=element_names(run), seed=seed,
        stability=seeds.stability if seeds else None,
        workers=workers or _workers(), progress=progress,
    )  # fmt: skip
    record = AtlasRecord(
        run=run.name, images=file, held_out=images is None,
        fingerprint=image_set.fingerprint(), weights=run.fingerprint, seed=seed,
        rows=tuple(rows.tolist()), n=len(rows), properties=tuple(properties.with_real_sd()),
        usage=found.usage, interactions=found.interactions, first_layer=found.first_layer,
        elements=found.elements, factors=labels, stability=seeds, drawn=properties.drawn,
    )  # fmt: skip
    return record, found.maps


def _workers() -> int:
    """Threads of Python, at most 8: the number of cores divided by the threads of torch."""
    return min(8, max(1, (os.cpu_count() or 1) // torch.get_num_threads()))


def check_count(count: int) -> None:
    """Raise InputError for fewer than 2 images."""
    if count < 2:
        raise argument_error("count", count, "give 2 or more")


def _factor_probes(
    run: Run, labelled: Labelled, probes: Probes, file: str, seed: int
) -> FactorProbes:
    """The probes, and the scores of the codes of held-out images."""
    held_out = np.flatnonzero(labelled.held_out)
    rows = np.sort(np.random.default_rng(seed).permutation(held_out)[:MOST_LABELLED_IMAGES])
    codes = run.encode(labelled.images[rows])
    factors = [factor.rows(rows) for factor in labelled.factors]
    return FactorProbes(
        file=file,
        judged=probes.judged,
        in_reconstructions={probe.name: probe for probe in probes.in_reconstructions},
        untrained=probes.untrained,
        disentanglement=_code_scores(codes, factors, seed),
    )


def _code_scores(codes: Array, factors: Sequence[Factor], seed: int) -> Disentanglement | None:
    """Scores of the codes against factors; None where too few of the images are labelled."""
    try:
        return measure_disentanglement(codes, factors, seed)
    except InputError:
        return None


def drawn(part: Part, count: int, seed: int) -> NDArray[np.int64]:
    """The rows of ``count`` of a part's images, or of all, in an order drawn by the seed."""
    order = np.random.default_rng(seed).permutation(len(part))[:count]
    return np.asarray(part.rows[order])


def subject_of(run: Run, images: NDArray[np.uint8]) -> Subject:
    """The functions of a run that measurements call, and the codes of these images."""
    model = run.model

    def decode(codes: Array) -> Array:
        return coding.decode_floats(model, codes)

    @torch.inference_mode()
    def encode(pictures: Array) -> Array:
        x = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        return model.encode(from_signed(x, model.pixel_range)).numpy()

    def jvp(codes: Array, direction: Array) -> Array:
        z, v = torch.from_numpy(codes), torch.from_numpy(direction)
        slope: Tensor = torch.func.jvp(model.decode, (z,), (v,))[1]
        slope = slope * signed_scale(model.pixel_range)
        return np.asarray(slope.permute(0, 2, 3, 1).numpy())

    codes, sds = run.posterior(images)
    first = model.decoder[0] if len(model.decoder) else None
    linear = isinstance(first, nn.Linear) and first.in_features == model.latent
    weight = first.weight.numpy() if isinstance(first, nn.Linear) and linear else None
    subject = Subject(encode, decode, run.statistics, codes, sds, weight, jvp)
    if quantised.gives_any(model):
        return subject
    return replace(
        subject, can_give=partial(quantised.can_give, model), grid_step=run.space.grid_step
    )


def _part(
    run: Run, images: PathLike | NDArray[np.uint8] | ImageSet | None
) -> tuple[ImageSet, Part]:
    """The image set to measure on, and the part of it."""
    if images is None:
        return run.held_out_set()
    opened = run.fitting(images)
    return opened, whole_set(opened.array)


def read_factors(table: PathLike, counts: Sequence[int]) -> tuple[int, tuple[Factor, ...]]:
    """The factors in a CSV, and which of several image sets, of these ``counts``, it belongs to.

    A factor that has the name of an attribute is called "NAME (label)". Raises InputError where no
    image set has as many images as the table has rows, or no column is a factor.
    """
    path, faults = Path(table), []
    taken = {property_.name for property_ in (*ATTRIBUTES, *CAUSES)}
    if not path.is_file():
        hint = similar_name(path) or "; give a CSV with a row for each image"
        raise argument_error("factors", path, f"no such file{hint}")
    for place, count in enumerate(counts):
        try:
            columns = read_table(path, count)
        except InputError as fault:
            faults.append(str(fault))
            continue
        named = {k + LABEL_SUFFIX * (k in taken): typed(column) for k, column in columns.items()}
        factors, left_out = tell_apart(named)
        if not factors:
            reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
            raise argument_error("factors", path, f"no column is a factor ({reasons})")
        return place, factors
    meant = "the pictures are those of the run's own image set"
    raise InputError(f"factors={faults[0]}; {meant}", arguments=("factors",))


def labelled_images(run: Run, table: Path, seed: int) -> Labelled:
    """The labelled images of a run: those of its image set, or its held-out ones."""
    valid = run.config.valid
    sets = [run.config.images, *([] if isinstance(valid, float) else [valid])]
    place, factors = read_factors(table, [one.count for one in sets])
    images = run.opened(sets[place].path, sets[place].fingerprint).array
    held_out = np.zeros(len(images), bool)
    own = run.held_out().rows if isinstance(valid, float) else np.empty(0, np.int64)
    if len(own) >= FEWEST_HELD_OUT_IMAGES:
        held_out[own] = True
    else:
        rng = np.random.default_rng(seed)
        held_out[rng.permutation(len(images))[: round(DRAWN_FRACTION * len(images))]] = True
    return Labelled(images, factors, held_out)


def _other_runs(run: Run, others: Sequence[PathLike | Run]) -> list[Run]:
    """Open runs that differ from ``run`` in the seed alone; InputError names another difference."""
    opened: list[Run] = []
    for other in others:
        new = other if isinstance(other, Run) else open_run(other)
        fault = _difference(run, new) or _same_seed([run, *opened], new)
        if fault:
            raise InputError(f"{new.path}: {fault}")
        opened.append(new)
    return opened


def _difference(run: Run, other: Run) -> str:
    """What the training of two runs differs in, and how to mend it; empty where in nothing."""
    untitled = [one.model.model_file.model_copy(update={"title": ""}) for one in (other, run)]
    if untitled[0] != untitled[1]:
        return f"has another model ({other.name}) than {run.path} ({run.name}); train that one"
    theirs, own = (one.config for one in (other, run))
    if theirs.images.fingerprint != own.images.fingerprint:
        return f"was trained on {_file(theirs.images)}, and not on {_file(own.images)}; train on it"
    valid = [
        held if isinstance(held, float) else held.fingerprint for held in (theirs.valid, own.valid)
    ]
    if valid[0] != valid[1]:
        return f"held out {_file(theirs.valid)}, and not {_file(own.valid)}; hold out the same"
    return ""


def _same_seed(runs: Sequence[Run], other: Run) -> str:
    seed = other.config.training.seed
    same = next((run for run in runs if run.config.training.seed == seed), None)
    return "" if same is None else f"has seed {seed}, as {same.path}; train it with another seed"


def _file(images: ImagesRecord | float) -> str:
    """A held-out fraction, or the file of an image set."""
    if isinstance(images, float):
        return f"a fraction of {images:g}"
    return images.path or "an array"


def _other_seeds(
    subject: Subject, others: Sequence[Run], images: NDArray[np.uint8], seed: int
) -> OtherSeeds:
    """Encode the same images with other runs, and compare the elements with theirs."""
    codes = [(subject.codes, subject.sds), *(other.posterior(images) for other in others)]
    informative = [
        (z.max(0) != z.min(0)) & (sd is None or gaussian_kl(z, sd) >= INFORMATIVE_KL_NATS)
        for z, sd in codes
    ]
    return OtherSeeds(
        runs=tuple(str(other.path) for other in others),
        stability=measure_stability([z for z, _ in codes], informative=informative, seed=seed),
    )
