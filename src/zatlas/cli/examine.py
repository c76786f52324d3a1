"""``zatlas examine``: somebody's report, done again."""

from pathlib import Path
from typing import Any

import click

from zatlas.cli.program import console, images_option, numbers, out_option, typed_command, wrote
from zatlas.cli.progress import epoch_lines, progress_bar
from zatlas.errors import InputError

SETS, FIGURES, PAGE = ("images.npy", "held-out.npy"), ("plate.png", "displays.png"), "report.html"


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("edits", nargs=-1, metavar="[EDIT...]")
@images_option
@out_option("DIR", "The folder to make: the run, the plates, report.html.")
@click.option(
    "--valid",
    default="0.1",
    show_default=True,
    metavar="FILE|SHARE",
    help="Held-out images, or the share of --images to hold out.",
)
@click.option("--index", default="0,1", show_default=True, help="Which held-out images to edit.")
@click.option("--crop", metavar="TOP,LEFT,HEIGHT,WIDTH", help="Crop the images first, in pixels.")
@click.option("--says", multiple=True, metavar="CLAIM",
              help='What it says of an element, as "element 1 turns the head".')  # fmt: skip
@click.option("--factors", metavar="FILE.csv", help="Labels, a row for each image of --images.")
@click.option("--count", default=512, show_default=True, type=click.IntRange(min=2),
              help="Held-out images to measure edits and claims on.")  # fmt: skip
@click.option("--epochs", default=30, show_default=True, help="Times through the images.")
@click.option("--seed", default=0, show_default=True, help="First weights, order and noise.")
@click.option("--resume", is_flag=True, help="Go on where the same command was stopped.")
@click.option("--overwrite", is_flag=True, help="Train anew in DIR.")
def examine(
    source: str, edits: tuple[str, ...], images: str, out: Path, valid: str, index: str,
    crop: str | None, says: tuple[str, ...], factors: str | None, count: int, epochs: int,
    seed: int, resume: bool, overwrite: bool,
) -> None:  # fmt: skip
    """Do a report again: its network as pasted, its edits as typed, its claims measured.

    SOURCE is a file of class source or of a printed model (or any MODEL). Its faults are named, or
    it is trained; then every EDIT is drawn on held-out images, and a report is written.
    """
    from zatlas.training.heap import keep_freed_blocks

    keep_freed_blocks()
    from zatlas.evidence.claims import element_of, judged
    from zatlas.images.labels import with_table
    from zatlas.latents import names
    from zatlas.latents.coding import open_fitting
    from zatlas.latents.edits import check
    from zatlas.latents.trial import try_edits
    from zatlas.measured import measure_edits, read_factors
    from zatlas.models.modelfile import assumed, read_model
    from zatlas.pictures.atlas import claim_page
    from zatlas.pictures.plate import displays, trial_plate
    from zatlas.pictures.style import save
    from zatlas.report.assemble import report_data
    from zatlas.report.build import write_report
    from zatlas.report.sections import examination
    from zatlas.run import file_or_share, parts, train
    from zatlas.training.folder import check_place, own_files

    _check_folder(out, resume, overwrite)
    check_place(out / "run", resume, overwrite)
    read = [source, factors, *with_table(images), *with_table(valid), *own_files(out / "run")]
    _check_files(out, FIGURES if edits else (), SETS if crop else (), read, resume, overwrite)
    replaced = resume or overwrite
    network = read_model(source).architecture()
    named = {} if overwrite else names.read(out / "run" / "names.yaml", network.latent)
    for text in edits:
        check(text, network.code_shape, named)
    about = [f"z[{element_of(claim, network.latent)}] += sd" for claim in says]
    rows = numbers(index, "--index")
    held_out = file_or_share(valid)
    if crop is not None:
        images, held_out = _cropped(crop, images, held_out, out, network.image[1:], replaced)
    opened = open_fitting(images, network.image)
    shut = held_out if isinstance(held_out, float) else open_fitting(held_out, network.image)
    part = parts(opened, shut)[1]
    if factors is not None:  # before an hour is spent on training
        read_factors(factors, [len(one) for one in (opened, shut) if not isinstance(one, float)])
    if not all(0 <= row < len(part) for row in rows):
        raise InputError(f"--index {index}: there are {len(part)} held-out images, from 0")
    shown, command, notes = console(), typed_command(), assumed(source)
    for note in notes:
        shown.print(f"assumed: {note}", markup=False)
    with epoch_lines(epochs) as watcher:
        run = train(source, opened, valid=shut, out=out / "run", epochs=epochs, seed=seed,
                    resume=resume, overwrite=overwrite, watcher=watcher)  # fmt: skip
    wrote(run.path)
    trial = try_edits(run.model, run.space, part.pictures()[rows], list(edits))
    rows = part.rows[rows].tolist()  # as the file counts them, like everything else does
    measured = measure_edits(run, [*edits, *about], part.pictures(), count=count, factors=factors)
    tried, claimed = measured[: len(edits)], measured[len(edits) :]
    answers = [judged(claim, found) for claim, found in zip(says, claimed, strict=True)]
    for answer in answers:
        shown.print(f"{answer['claim']}: {answer['verdict']}", markup=False)
    for found in measured:
        shown.print(found["sentence"], markup=False)
    if edits:
        sentences = [found["sentence"] for found in tried]
        figures = (trial_plate(trial, rows, command, sentences), displays(trial, rows, command))
        for figure, name in zip(figures, FIGURES, strict=True):
            save(figure, out / name, overwrite=replaced)
            wrote(out / name)
        of = (run.held_out_path, run.held_out_fingerprint)
        run.keep_edits(trial.record(*of, rows, command, measured=tried))
    pictures = {
        f"claim-{i}": claim_page(*pair) for i, pair in enumerate(zip(answers, claimed, strict=True))
    }
    if edits:
        pictures["displays"] = displays(trial, rows)
    opening = examination(source, notes, edits, pictures, command, answers)
    for path in write_report(report_data([run], opening), out / PAGE, overwrite=replaced):
        wrote(path)


def _check_folder(out: Path, resume: bool, overwrite: bool) -> None:
    """A folder with anything in it must be one that the command made before."""
    from zatlas.files import is_free, leftovers

    if is_free(out) or not out.is_dir():
        return
    if not (resume or overwrite):
        raise InputError(f"--out {out}: is not empty; give another name, --resume or --overwrite")
    own = {file for name in SETS if _prepared(out / name) for file in _set(out / name)}
    alone = {*out.iterdir()} <= own | {*leftovers(out)}  # cropped, and not trained yet
    if not (alone or (out / "run" / "config.yaml").is_file()):
        raise InputError(f"--out {out}: exists and holds no run; give another name")


def _check_files(
    out: Path, figures: tuple[str, ...], sets: tuple[str, ...], read: list[Any], resume: bool,
    overwrite: bool,
) -> None:  # fmt: skip
    """With ``resume``, only files of the command's own making are written over."""
    from zatlas.files import check_output
    from zatlas.report.build import made_before, made_by_zatlas, pages

    for figure in (out / name for name in figures):
        check_output(figure, read, overwrite=overwrite or (resume and made_by_zatlas(figure)))
    for images in (out / name for name in sets):
        for file in _set(images):
            check_output(file, read, overwrite=overwrite or (resume and _prepared(images)))
    pages(out / PAGE, read, overwrite=overwrite or (resume and made_before(out / PAGE)))


def _set(images: Path) -> tuple[Path, Path]:
    """The two files of an image set."""
    return images, images.with_suffix(".csv")


def _prepared(images: Path) -> bool:
    """Whether it is an image set with a table beside it as zatlas writes them."""
    from zatlas.images import open_images

    try:
        labels = open_images(images).labels
    except InputError:
        return False
    return "source" in labels and not any(file.is_symlink() for file in _set(images))


def _cropped(
    crop: str, images: str, held_out: str | float, out: Path, to: tuple[int, int], overwrite: bool
) -> tuple[str, str | float]:
    """The images (and the held-out ones, where they are a file) cropped into the folder."""
    from zatlas.images import prepare_images

    box = numbers(crop, "--crop")
    if len(box) != 4:
        raise InputError(f"--crop {crop!r}: takes 4 numbers, TOP,LEFT,HEIGHT,WIDTH")
    made: list[str | float] = []
    for name, file in zip(SETS, (images, held_out), strict=True):
        if isinstance(file, float):
            made.append(file)
            continue
        with progress_bar("pictures") as advance:
            prepared = prepare_images(
                file, out / name, crop=(box[0], box[1], box[2], box[3]),
                to=to, progress=advance, overwrite=overwrite,
            )  # fmt: skip
        made.append(str(prepared.out))
    return str(made[0]), made[1]
