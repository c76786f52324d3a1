"""The images of a direction, in three parts: to learn it, to learn probes, to measure it."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError, argument_error
from zatlas.evidence.arrays import Array
from zatlas.evidence.properties.factors import Factor
from zatlas.evidence.properties.probes import truth_of
from zatlas.evidence.properties.property_set import Labelled
from zatlas.images import ImageSet
from zatlas.run.run import Run
from zatlas.run.split import hold_out
from zatlas.workflows.atlas import DRAWN_FRACTION, labelled_images, read_factors

PathLike = str | os.PathLike[str]
Images = PathLike | NDArray[np.uint8] | ImageSet
Group = Images | list[int] | tuple[int, ...]
BETWEEN = "between"  # the name of the factor that tells two groups of images apart


@dataclass(frozen=True)
class LearningImages:
    """Images (N, H, W, C) with their factors, and the rows of three disjoint parts.

    Directions are learned from ``learn``, probes from ``probes``; both are measured on
    ``held_out``. ``file`` and ``fingerprint`` are those of the images.
    """

    images: Array
    factors: tuple[Factor, ...]
    learn: NDArray[np.int64]
    probes: NDArray[np.int64]
    held_out: NDArray[np.int64]
    file: str
    fingerprint: str

    def labelled(self, part: NDArray[np.int64]) -> Labelled:
        """The images that a probe learns from, which is ``part``, and the held-out ones."""
        rows = np.concatenate([part, self.held_out])
        factors = [factor.rows(rows) for factor in self.factors]
        return Labelled(self.images[rows], factors, np.arange(len(rows)) >= len(part))

    def table(self, target: str = "") -> tuple[list[str], Array]:
        """Names of K columns and their values (N, K): factors, and 0 or 1 for each level.

        One level of a factor of several follows from the others and is left out; ``target`` is not
        the one.
        """
        names, columns = [], []
        for factor in self.factors:
            if factor.kind != "categorical":
                names.append(factor.label)
                columns.append(factor.values)
                continue
            levels = [(f"{factor.name} = {level}", level) for level in factor.levels]
            first = next(i for i, (name, _) in enumerate(levels) if name != target)
            for i, (name, level) in enumerate(levels):
                if i != first:
                    names.append(name)
                    columns.append(truth_of(factor, level))
        return names, np.stack(columns, axis=1) if columns else np.zeros((len(self.images), 0))


def learning_images(
    run: Run, images: Images | None, factors: PathLike | None,
    seed: int,
) -> LearningImages:  # fmt: skip
    """The three parts of the run's images, or of others.

    The images that the run held out are held out here too. Of others, and where the run held out
    fewer than 100, a part of 0.3 is drawn. With factors, half of the rest is for probes.

    Parameters
    ----------
    images : by default those of the run.
    factors : a CSV with a row for each image.
    """
    if images is not None:
        opened = run.fitting(images)
        if opened.fingerprint() not in (run.config.images.fingerprint,):
            found = _factors(factors, len(opened))
            return _parts(opened, found, _drawn(len(opened), seed), seed)
    if factors is not None:
        labelled = labelled_images(run, Path(factors), seed)
        place = 0 if len(labelled.images) == run.config.images.count else 1
        record = [run.config.images, run.config.held_out][place]
        opened = run.opened(record.path, record.fingerprint)
        return _parts(opened, tuple(labelled.factors), labelled.held_out, seed)
    record = run.config.images
    opened = run.opened(record.path, record.fingerprint)
    held_out = _drawn(len(opened), seed)
    if isinstance(run.config.valid, float):
        held_out = np.zeros(len(opened), bool)
        held_out[hold_out(opened.array, run.config.valid)[1].rows] = True
    return _parts(opened, (), held_out, seed)


def between_images(
    run: Run, first: Group, second: Group, seed: int, images: Images | None = None
) -> LearningImages:
    """The images of two groups, with a factor that is 1 for the first of them.

    Parameters
    ----------
    first, second : each a folder, an image set, an array, or rows of ``images``.
    images : by default those of the run.

    Raises
    ------
    InputError
        A group has fewer than 2 images, or images of another size, or a row is not there.
    """
    groups = [_group(run, group, images) for group in (first, second)]
    for group, given in zip(groups, (first, second), strict=True):
        if len(group) < 2:
            raise argument_error("between", given, f"{len(group)} image; give 2 or more")
    joined = ImageSet(np.concatenate([group.array for group in groups]))
    values = np.repeat([1.0, 0.0], [len(group) for group in groups])
    factor = Factor(BETWEEN, "binary", values, ("no", "yes"))
    found = _parts(joined, (factor,), _drawn(len(joined), seed), seed)
    file = " and ".join(str(group.path or "an array") for group in groups)
    return replace(found, file=file)


def _group(run: Run, given: Group, images: Images | None) -> ImageSet:
    """The images of a group; rows are a list of whole numbers."""
    rows = np.asarray(given) if isinstance(given, list | tuple) else None
    if rows is None or rows.dtype.kind not in "iu":
        return run.fitting(given)  # type: ignore[arg-type]  # it names what does not fit
    of = run.config.images
    whole = run.opened(of.path, of.fingerprint) if images is None else run.fitting(images)
    return ImageSet(whole.array[whole.rows(rows.tolist())])


def _factors(table: PathLike | None, count: int) -> tuple[Factor, ...]:
    return () if table is None else read_factors(table, [count])[1]


def _drawn(count: int, seed: int) -> NDArray[np.bool_]:
    held_out = np.zeros(count, bool)
    order = np.random.default_rng(seed).permutation(count)
    held_out[order[: round(DRAWN_FRACTION * count)]] = True
    return held_out


def _parts(
    images: ImageSet, factors: tuple[Factor, ...], held_out: NDArray[np.bool_], seed: int
) -> LearningImages:
    rest = np.random.default_rng(seed).permutation(np.flatnonzero(~held_out))
    learn, probes = (rest, rest[:0]) if not factors else np.array_split(rest, 2)
    if min(len(learn), held_out.sum()) < 2:
        raise InputError(f"{len(images)} images; directions need more")
    return LearningImages(
        images.array, factors, np.sort(learn), np.sort(probes), np.flatnonzero(held_out),
        str(images.path or ""), images.fingerprint(),
    )  # fmt: skip
