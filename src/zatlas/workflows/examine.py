"""Repeat a published report, or judge claims about a run: draw edits, measure claims."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

from zatlas.errors import InputError, argument_error, as_list
from zatlas.evidence.account.claims import answer_claim, element_of, not_judged
from zatlas.evidence.records import ClaimAnswer, EditEffect
from zatlas.figures.elements import claim_page
from zatlas.figures.plate import displays
from zatlas.figures.style import NotebookFigure, save
from zatlas.files import together
from zatlas.images import ImageSet, prepare_images
from zatlas.images.labels import with_table
from zatlas.latents import names
from zatlas.latents.coding import open_fitting
from zatlas.latents.edits import check
from zatlas.models.architecture import Architecture
from zatlas.models.model_file import assumed, read_model
from zatlas.models.scaling import changed
from zatlas.report.assemble import report_data
from zatlas.report.build import write_report
from zatlas.report.sections import examination
from zatlas.run.config import own_files
from zatlas.run.evidence import keep_edits, learned_nothing
from zatlas.run.paths import RunPaths
from zatlas.run.run import Run, open_run
from zatlas.training.callbacks import Callback
from zatlas.workflows.atlas import IMAGES_MEASURED, read_factors
from zatlas.workflows.edits import Plate, draw_plate, measure_edits
from zatlas.workflows.examine_files import FIGURES, PAGE, SETS, check_files, check_folder
from zatlas.workflows.train import parts, train

PathLike = str | os.PathLike[str]
Box = tuple[int, int, int, int]
HELD_OUT = 0.1  # of the images, by default


@dataclass(frozen=True)
class Examination:
    """The trained run, the plate of the edits (None without edits), the claims, the files."""

    run: Run
    plate: Plate | None
    edits: list[EditEffect]
    claims: list[ClaimAnswer]
    written: list[Path]


def examine(
    source: PathLike,
    edits: Sequence[str] = (),
    *,
    out: PathLike,
    images: PathLike | None = None,
    valid: PathLike | float = HELD_OUT,
    index: Sequence[int] = (0, 1),
    crop: Box | None = None,
    says: Sequence[str] = (),
    factors: PathLike | None = None,
    count: int = IMAGES_MEASURED,
    resume: bool = False,
    overwrite: bool = False,
    command: str = "",
    callback: Callback | None = None,
    progress: Callable[[int, int], None] | None = None,
    **training: Any,
) -> Examination:
    """Train the network of a report, draw its edits, answer its claims, write the page.

    Parameters
    ----------
    source
        Pasted class source or a printed model, or any model that ``train`` takes. The folder of a
        trained run is not trained again; it is measured on its held-out images, or on ``images``.
    edits : the edits as their author typed them.
    out : the folder to make.
    images, valid, resume, overwrite, callback : as in ``train``.
    index : the held-out images to draw, from 0.
    crop : (top, left, height, width) in pixels; the images are cropped first.
    says : claims such as ``"element 1 turns the head"``.
    factors : a CSV with a row for each image.
    count : the number of held-out images to measure edits and claims on.
    command : the command that is written under the figures.
    progress : called with (done, total) pictures while images are cropped.
    **training : other arguments of ``train``, such as ``latent``, ``epochs`` and ``batch_size``.

    Raises InputError before training where an argument does not fit.
    """
    folder, edits, says = Path(out), as_list("edits", edits), as_list("says", says)
    if RunPaths(Path(source)).config.is_file():
        other = None if valid == HELD_OUT else valid
        _refuse_training(source, crop=crop, valid=other, resume=resume or None, **training)
        return _examine_trained(
            open_run(source), edits, images=images, says=says, index=index, factors=factors,
            count=count, out=folder, command=command, overwrite=overwrite,
        )  # fmt: skip
    if images is None:
        fault = f"images=FILE is missing; {source} is trained on it"
        raise InputError(fault, arguments=("images",))
    read = [source, factors, *with_table(images), *with_table(valid), *own_files(folder / "run")]
    check_folder(folder, resume, overwrite)
    made = (*(FIGURES if edits else ()), *(SETS if crop else ()))
    check_files(folder, made, read, resume=resume, overwrite=overwrite)
    model = {key: training[key] for key in training.keys() & signature(changed).parameters}
    network = changed(read_model(source), **model).architecture()
    _check_texts(network, edits, says, None if overwrite else folder / "run")
    for note in assumed(source):
        (callback or Callback()).note(f"assumed: {note}")
    replaced = resume or overwrite
    if crop is not None:
        options = {"crop": crop, "to": network.image[1:], "progress": progress}
        images, valid = _cropped(images, valid, folder, overwrite=replaced, **options)
    opened, held_out, shown, rows = _opened(images, valid, network, index, factors)
    run = train(
        source, opened, valid=held_out, out=folder / "run", resume=resume, overwrite=overwrite,
        callback=callback, **training,
    )  # fmt: skip
    return examine_run(
        run, edits, says=says, images=shown, rows=rows, index=index, factors=factors,
        count=count, out=folder, source=source, command=command, overwrite=replaced,
    )  # fmt: skip


def _refuse_training(run: PathLike, **given: object) -> None:
    """Raise InputError for an argument that changes the training of a run."""
    for name, value in given.items():
        if value is not None:
            raise argument_error(name, value, f"{run} is trained already; leave it out")


def _examine_trained(
    run: Run, edits: Sequence[str], *, images: PathLike | None, overwrite: bool, out: Path,
    factors: PathLike | None, **options: Any,
) -> Examination:  # fmt: skip
    """Examine a run on ``images``; of those that it was trained on, only held-out ones are used."""
    read = [*with_table(images), factors, *own_files(run.path), *run.image_files]
    check_files(out, FIGURES if edits else (), read, overwrite=overwrite)
    opened = None if images is None else run.fitting(images)
    if opened is not None and opened.fingerprint() == run.config.held_out.fingerprint:
        opened = None  # the run knows which of them were held out
    return examine_run(
        run, edits, images=opened, out=out, factors=factors, source=run.path,
        overwrite=overwrite, **options,
    )  # fmt: skip


def _check_texts(
    network: Architecture, edits: Sequence[str], says: Sequence[str], run: Path | None
) -> None:
    """Raise InputError unless the edits and claims fit the network.

    Edits may use the names of elements in the folder ``run``.
    """
    named = names.read(RunPaths(run).names, network.latent) if run else {}
    for text in edits:
        check(text, network.code_shape, named)
    for claim in says:
        element_of(claim, network.latent)


def _opened(
    images: PathLike, valid: PathLike | float, network: Architecture, index: Sequence[int],
    factors: PathLike | None,
) -> tuple[ImageSet, ImageSet | float, ImageSet, list[int]]:  # fmt: skip
    """The images, what is held out, the set of the held-out images and their rows in it."""
    opened = open_fitting(images, network.image)
    held_out = (
        float(valid) if isinstance(valid, int | float) else open_fitting(valid, network.image)
    )
    if factors is not None:
        labelled = [one for one in (opened, held_out) if isinstance(one, ImageSet)]
        read_factors(factors, [len(one) for one in labelled])
    rows = parts(opened, held_out)[1].rows.tolist()
    _check_index(index, len(rows))
    return opened, held_out, held_out if isinstance(held_out, ImageSet) else opened, rows


def _check_index(index: Sequence[int], count: int) -> None:
    if not all(0 <= row < count for row in index):
        shown = ",".join(map(str, index))
        raise argument_error("index", shown, f"there are {count} held-out images, from 0")


def examine_run(
    run: Run,
    edits: Sequence[str] = (),
    *,
    out: PathLike,
    says: Sequence[str] = (),
    images: ImageSet | None = None,
    rows: Sequence[int] | None = None,
    index: Sequence[int] = (0, 1),
    factors: PathLike | None = None,
    count: int = IMAGES_MEASURED,
    source: PathLike = "",
    command: str = "",
    overwrite: bool = False,
) -> Examination:
    """Draw edits of a trained run, answer claims about it, write the page into ``out``.

    The ``rows`` of ``images`` are measured and drawn; by default they are the held-out images.
    ``index`` counts these rows. The other arguments are those of :func:`examine`.
    """
    folder, edits, says = Path(out), as_list("edits", edits), as_list("says", says)
    if not overwrite:
        check_files(folder, FIGURES if edits else (), own_files(run.path))
    if images is None:
        images, part = run.held_out_set()
        rows = part.rows.tolist()
    rows = range(len(images)) if rows is None else rows
    _check_index(index if edits else (), len(rows))
    about = [f"z[{element_of(claim, run.model.latent)}] += sd" for claim in says]
    measured = measure_edits(
        run, [*edits, *about], images.array[list(rows)], count=count, factors=factors
    )
    made, claimed = measured[: len(edits)], measured[len(edits) :]
    answers = [answer_claim(claim, effect) for claim, effect in zip(says, claimed, strict=True)]
    if nothing := learned_nothing(run):
        answers = [not_judged(answer, nothing) for answer in answers]
    plate, written = None, list[Path]()
    figures: dict[str, NotebookFigure] = {}
    shown: dict[str, Any] = {
        f"claim-{i}": claim_page(*pair) for i, pair in enumerate(zip(answers, claimed, strict=True))
    }
    if edits:
        drawn = [rows[row] for row in index]
        plate = draw_plate(
            run, edits, images, drawn, measured=made, command=command, out=str(folder / FIGURES[0])
        )
        keep_edits(run, plate.record)
        figures = {FIGURES[0]: plate.figure}
        if run.model.pixel_range == (-1, 1):  # else no library clips half of the range
            figures[FIGURES[1]] = displays(plate.results, drawn, command)
            shown["displays"] = displays(plate.results, drawn)
    opening = examination(str(source), assumed(source), edits, shown, command, answers)
    data = report_data([run], opening)
    with together():
        for name, figure in figures.items():
            save(figure, folder / name, overwrite=overwrite)
            written.append(folder / name)
        written += write_report(data, folder / PAGE, overwrite=overwrite)
    return Examination(run, plate, made, answers, written)


def _cropped(
    images: PathLike, valid: PathLike | float, out: Path, **options: Any
) -> tuple[PathLike, PathLike | float]:
    """Crop the images, and the held-out ones where they are a file, into the folder."""
    held_out = valid
    if not isinstance(valid, int | float):
        held_out = prepare_images(valid, out / SETS[1], **options).out
    return prepare_images(images, out / SETS[0], **options).out, held_out
