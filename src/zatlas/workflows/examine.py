"""Repeat a published report: train its network, draw its edits, measure its claims."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zatlas.errors import argument_error
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
from zatlas.report.assemble import report_data
from zatlas.report.build import write_report
from zatlas.report.sections import examination
from zatlas.run.config import own_files
from zatlas.run.evidence import keep_edits, learned_nothing
from zatlas.run.paths import RunPaths
from zatlas.run.run import Run
from zatlas.training.callbacks import Callback
from zatlas.workflows.atlas import IMAGES_MEASURED, measure_edits, read_factors
from zatlas.workflows.edits import Plate, draw_plate
from zatlas.workflows.examine_files import FIGURES, PAGE, SETS, check_files, check_folder
from zatlas.workflows.train import parts, train

PathLike = str | os.PathLike[str]
Box = tuple[int, int, int, int]


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
    images: PathLike,
    out: PathLike,
    valid: PathLike | float = 0.1,
    index: Sequence[int] = (0, 1),
    crop: Box | None = None,
    says: Sequence[str] = (),
    factors: PathLike | None = None,
    count: int = IMAGES_MEASURED,
    epochs: int = 30,
    seed: int = 0,
    resume: bool = False,
    overwrite: bool = False,
    command: str = "",
    callback: Callback | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Examination:
    """Train the network of a report, draw its edits, answer its claims, write the page.

    Parameters
    ----------
    source : pasted class source or a printed model, or any model that ``train`` takes.
    edits : the edits as their author typed them.
    images, valid, epochs, seed, resume, overwrite, callback : as in ``train``.
    out : the folder to make.
    index : the held-out images to draw, from 0.
    crop : (top, left, height, width) in pixels; the images are cropped first.
    says : claims such as ``"element 1 turns the head"``.
    factors : a CSV with a row for each image.
    count : the number of held-out images to measure edits and claims on.
    command : the command that is written under the figures.
    progress : called with (done, total) pictures while images are cropped.

    Raises InputError before training where an argument does not fit.
    """
    folder = Path(out)
    read = [source, factors, *with_table(images), *with_table(valid), *own_files(folder / "run")]
    check_folder(folder, resume, overwrite)
    made = (*(FIGURES if edits else ()), *(SETS if crop else ()))
    check_files(folder, made, read, resume=resume, overwrite=overwrite)
    network = _network(source, edits, says, None if overwrite else folder / "run")
    for note in assumed(source):
        (callback or Callback()).note(f"assumed: {note}")
    replaced = resume or overwrite
    if crop is not None:
        options = {"crop": crop, "to": network.image[1:], "progress": progress}
        images, valid = _cropped(images, valid, folder, overwrite=replaced, **options)
    opened, held_out, shown, rows = _opened(images, valid, network, index, factors)
    run = train(
        source, opened, valid=held_out, out=folder / "run", epochs=epochs, seed=seed,
        resume=resume, overwrite=overwrite, callback=callback,
    )  # fmt: skip
    return examine_run(
        run, edits, says=says, images=shown, rows=rows, index=index, factors=factors,
        count=count, out=folder, source=source, command=command, overwrite=replaced,
    )  # fmt: skip


def _network(
    source: PathLike, edits: Sequence[str], says: Sequence[str], run: Path | None
) -> Architecture:
    """Read the network. Raises InputError unless the edits and claims fit it.

    Edits may use the names of elements in the folder ``run``.
    """
    network = read_model(source).architecture()
    named = names.read(RunPaths(run).names, network.latent) if run else {}
    for text in edits:
        check(text, network.code_shape, named)
    for claim in says:
        element_of(claim, network.latent)
    return network


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
    if not all(0 <= row < len(rows) for row in index):
        shown = ",".join(map(str, index))
        raise argument_error("index", shown, f"there are {len(rows)} held-out images, from 0")
    return opened, held_out, held_out if isinstance(held_out, ImageSet) else opened, rows


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
    folder = Path(out)
    if not overwrite:
        check_files(folder, FIGURES if edits else (), own_files(run.path))
    if images is None:
        images, part = run.held_out_set()
        rows = part.rows.tolist()
    rows = range(len(images)) if rows is None else rows
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
        plate = draw_plate(run, edits, images, drawn, measured=made, command=command)
        keep_edits(run, plate.record)
        both = (plate.figure, displays(plate.results, drawn, command))
        figures = dict(zip(FIGURES, both, strict=True))
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
