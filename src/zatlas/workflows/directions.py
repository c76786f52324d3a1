"""Learn directions of a run's code, measure them, and keep them in the run."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.evidence.directions.measure import Candidate, MeasuredDirection, measure_directions
from zatlas.evidence.directions.records import DirectionRecord
from zatlas.evidence.measurements import Maps
from zatlas.images import ImageSet
from zatlas.latents.moves import step_along
from zatlas.run.directions import Direction, keep_direction, kept_directions
from zatlas.run.run import Run
from zatlas.workflows.atlas import IMAGES_MEASURED
from zatlas.workflows.direction_images import (
    BETWEEN,
    Group,
    between_images,
    learning_images,
)
from zatlas.workflows.direction_learning import Learned, Study, Wanted, learn, prepare_study

PathLike = str | os.PathLike[str]
Images = PathLike | NDArray[np.uint8] | ImageSet


def directions(run: Run, images: Images | None = None, **options: Any) -> list[Direction]:
    """Learn directions as :func:`learn_directions`; without options, those that the run has."""
    return learn_directions(run, images, **options) if options else kept_directions(run)


def learn_directions(
    run: Run,
    images: Images | None = None,
    *,
    factors: PathLike | None = None,
    between: tuple[Group, Group] | None = None,
    name: str = "",
    measured: int = IMAGES_MEASURED,
    seed: int = 0,
    command: str = "",
    progress: Callable[[int, int], None] | None = None,
    **wanted: Any,
) -> list[Direction]:
    """Learn directions, measure each on other images, and keep them in the run.

    Exactly one of ``factor``, ``pixel``, ``transform``, ``basis`` and ``between`` is given.

    Parameters
    ----------
    images : to learn from and to measure on; by default those of the run.
    factors : a CSV with a row for each image. With it, effects on all its factors are measured.
    between : two groups of images, with and without: each a folder, an image set, an array, or a
        list of rows of ``images``.
    name : by default what the direction was learned for.
    measured : the number of images to measure on, at most.
    seed : of every draw.
    command : kept with the directions.
    progress : called with (done, total) moves.
    **wanted
        ``factor``: a column of ``factors``, or "column = level". ``pixel``: a property of pixels,
        such as "luminance", which needs no labels. ``transform``: "brighten", "shift", "rotate",
        "zoom" or "blur": the difference in the code that it makes to images. ``basis``: "pca",
        "ica", "sefa" or "jacobian", ``count`` directions (10) without a target. ``method`` of a
        factor or of groups: "pattern" (balanced over all factors), "mean", "ridge", "logistic",
        "svm" or "gradient". ``hold``: properties or factors that stay the same.

    Returns
    -------
    list of Direction
        One, or ``count`` of a basis.

    Raises
    ------
    InputError
        An argument does not fit; the message names it.
    """
    asked = _asked(wanted, between)
    if between is not None:
        data = between_images(run, *between, seed, images)
        wanted["factor"] = BETWEEN
    else:
        data = learning_images(run, images, factors, seed)
    study = prepare_study(run, data, measured, seed)
    chosen = Wanted(**wanted)
    found = _named([*learn(study, chosen)], name)
    results = measure_directions(
        study.subject, study.properties, [_candidate(study, one) for one in found], study.slopes,
        seed=seed, progress=progress,
    )  # fmt: skip
    method = chosen.method if chosen.factor else asked
    made = [
        _direction(study, one, result, method, tuple(chosen.hold), command)
        for one, result in zip(found, results, strict=True)
    ]
    for direction in made:
        keep_direction(run, direction)
    return made


def _asked(wanted: Mapping[str, object], between: object) -> str:
    """What is learned from. Raises InputError unless it is one thing, and known."""
    sources = ("factor", "pixel", "transform", "basis")
    if unknown := [key for key in wanted if key not in {field.name for field in fields(Wanted)}]:
        raise InputError(f"{unknown[0]}: is no argument of directions", arguments=(unknown[0],))
    given = [key for key in sources if wanted.get(key) is not None]
    given += ["between"] if between is not None else []
    if len(given) != 1:
        fault = f"{' and '.join(given)}: are given together" if given else "nothing to learn from"
        hint = "give one of factor, pixel, transform, basis and between"
        raise InputError(f"{fault}; {hint}", arguments=(*sources, "between"))
    return given[0]


def _named(found: Sequence[Learned], name: str) -> list[Learned]:
    """With the user's name; several are counted from 0."""
    if not name:
        return [*found]
    many = len(found) > 1
    return [replace(one, name=f"{name} {i}" if many else name) for i, one in enumerate(found)]


def _candidate(study: Study, one: Learned) -> Candidate:
    """A direction whose step is one sd of the codes along it."""
    codes = study.run.statistics.codes

    return Candidate(
        one.name,
        step_along(one.vector, codes),
        one.target,
        one.learn,
        one.learned_from,
        one.learn_permuted,
    )


def _direction(
    study: Study, one: Learned, result: MeasuredDirection, method: str, held: tuple[str, ...],
    command: str,
) -> Direction:  # fmt: skip
    """A measured direction with its record."""
    data, properties = study.data, study.properties
    record = DirectionRecord(
        name=one.name, method=method, of=one.of, held=held, learned_from=one.learned_from,
        command=command, images=data.file, fingerprint=data.fingerprint,
        weights=study.run.fingerprint, seed=study.seed, rows=tuple(study.rows.tolist()),
        properties=tuple(properties.with_real_sd()), drawn=properties.drawn,
        probes=tuple(properties.probes.values()), effect=result.effect,
    )  # fmt: skip
    maps = Maps(result.change.map[None], result.change.signed[None])
    return Direction(step_along(one.vector, study.run.statistics.codes), record, maps)
