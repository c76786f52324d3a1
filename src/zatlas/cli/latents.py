"""``zatlas encode``, ``edit``, ``traverse``, ``interpolate`` and ``sample``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from zatlas.cli.program import (
    answering,
    check_outputs,
    console,
    images_option,
    json_option,
    numbers,
    out_option,
    overwrite_option,
    run_argument,
    seed_option,
    typed_command,
    wrote,
)  # fmt: skip
from zatlas.errors import InputError

if TYPE_CHECKING:
    from zatlas.images import ImageSet
    from zatlas.run import Pictures, Run

picture_out = out_option("FILE", "The picture: .png, .svg, .pdf (or .gif for a strip).")
steps_option = click.option(
    "--steps", default=9, show_default=True, type=click.IntRange(max=999),
    help="Pictures in a strip.",
)  # fmt: skip


@click.command()
@run_argument
@images_option
@out_option("CODES.npz", "The table of codes.")
@overwrite_option
def encode(run: Path, images: str, out: Path, overwrite: bool) -> None:
    """Encode images: codes (N, D), and sd (N, D) of a Gaussian bottleneck, into an .npz."""
    from zatlas.files import whole

    if out.suffix != ".npz":
        raise InputError(f"--out {out}: give it a name that ends in .npz")
    opened, image_set = _open(run, images, overwrite, out=out)
    codes, sd = opened.posterior(image_set)
    arrays = {"codes": codes} if sd is None else {"codes": codes, "sd": sd}
    with whole(out) as part:
        np.savez_compressed(part, **arrays)  # type: ignore[arg-type]  # numpy's stub
    wrote(out)


@click.command()
@run_argument
@click.argument("edits", nargs=-1, required=True, metavar="EDIT...")
@images_option
@click.option("--index", default="0", show_default=True, help="Which images, as in 0,5.")
@click.option("--count", default=512, show_default=True, type=click.IntRange(min=0),
              help="Images to measure each edit on; 0 for none.")  # fmt: skip
@picture_out
@json_option
@overwrite_option
def edit(
    run: Path, edits: tuple[str, ...], images: str, index: str, count: int, out: Path,
    answer: str | None, overwrite: bool,
) -> None:  # fmt: skip
    """Apply each EDIT to the codes of some images, draw the plate, and measure what it does.

    An EDIT reads like "z[0] *= 2", "z[2] += 5", "z[4] += 2*sd" or "z[3] = 2; z[1000] = 8".
    """
    from zatlas.latents.trial import try_edits
    from zatlas.measured import measure_edits
    from zatlas.pictures.plate import trial_plate
    from zatlas.pictures.style import save

    opened, image_set = _open(run, images, overwrite, out=out, json=answer)
    rows = _rows(index, image_set)
    trial = try_edits(opened.model, opened.space, image_set[rows], list(edits))
    opened.edits_tried()  # where its file is damaged, before the plate is written
    enough = min(count, len(image_set)) >= 2
    measured = measure_edits(opened, edits, image_set, count=count) if enough else []
    sentences = [found["sentence"] for found in measured]
    record = trial.record(images, image_set.fingerprint(), rows, typed_command(), measured)
    with answering(record, answer):
        save(trial_plate(trial, rows, typed_command(), sentences), out, overwrite=overwrite)
        opened.keep_edits(record)
    shown = console(answer)
    for tried in trial.edits:
        shown.print(f"{tried.text}: {'; '.join(tried.notes)}", markup=False)
    for sentence in sentences:
        shown.print(sentence, markup=False)
    wrote(out, answer)


@click.command()
@run_argument
@images_option
@click.option("--index", default="0", show_default=True, help="Which image.")
@click.option("--elements", required=True, help="Which latent elements, as in 0,3.")
@click.option("--span", default=3.0, show_default=True, help="How far to each side, in sd.")
@steps_option
@picture_out
@overwrite_option
def traverse(
    run: Path, images: str, index: str, elements: str, span: float, steps: int, out: Path,
    overwrite: bool,
) -> None:  # fmt: skip
    """Sweep single latent elements through an image's own code, a strip each."""
    opened, image_set = _open(run, images, overwrite, out=out)
    (row,) = _rows(index, image_set, exactly=1)
    code = opened.encode(image_set[[row]])[0]
    names, strips, offsets = [], [], np.empty(0)
    for element in numbers(elements, "--elements"):
        codes, offsets = opened.traverse(code, element, span, steps)
        names.append(f"z[{element}]")
        strips.append(opened.decode(codes))
    labels = [f"{offset:+.3g} sd" if offset else "0 sd" for offset in offsets]
    marked = (steps // 2,)
    _draw_strip(np.stack(strips), labels, names, f"image {row}", out, marked, overwrite)


@click.command()
@run_argument
@images_option
@click.option("--index", required=True, help="From which image to which, as in 0,5.")
@click.option("--spherical", is_flag=True, help="Along the great circle instead of straight.")
@steps_option
@picture_out
@overwrite_option
def interpolate(
    run: Path, images: str, index: str, spherical: bool, steps: int, out: Path, overwrite: bool
) -> None:
    """Go from one image's code to another's."""
    opened, image_set = _open(run, images, overwrite, out=out)
    first, second = _rows(index, image_set, exactly=2)
    start, end = opened.encode(image_set[[first, second]])
    codes, shares = opened.interpolate(start, end, steps, spherical)
    labels = [f"{share:.0%}" for share in shares]
    way = "spherical" if spherical else "straight"
    title = f"image {first} to image {second}, {way}"
    marked = (0, len(codes) - 1)
    _draw_strip(opened.decode(codes)[None], labels, [""], title, out, marked, overwrite)


@click.command()
@run_argument
@click.option("--count", default=64, show_default=True, type=click.IntRange(1, 4096))
@click.option("--sampler", help="prior (Gaussian bottlenecks' default) or normal.")
@seed_option
@picture_out
@overwrite_option
def sample(
    run: Path, count: int, sampler: str | None, seed: int, out: Path, overwrite: bool
) -> None:
    """Decode codes drawn at random."""
    from zatlas.pictures.strip import sheet
    from zatlas.pictures.style import save
    from zatlas.run import open_run
    from zatlas.training.folder import own_files

    check_outputs(own_files(run), overwrite, out=out)
    opened = open_run(run)
    pictures = opened.decode(opened.sample(count, seed, sampler))
    save(sheet(pictures, command=typed_command()), out, overwrite=overwrite)
    wrote(out)


def _open(
    run: Path, images: str, overwrite: bool, **outputs: Path | str | None
) -> "tuple[Run, ImageSet]":
    """The run and the images, once the command's outputs, by their options, may be written."""
    from zatlas.images.labels import with_table
    from zatlas.latents.coding import open_fitting
    from zatlas.run import open_run
    from zatlas.training.folder import own_files

    check_outputs([*own_files(run), *with_table(images)], overwrite, **outputs)
    opened = open_run(run)
    return opened, open_fitting(images, opened.model.architecture.image)


def _rows(text: str, images: "ImageSet", exactly: int | None = None) -> list[int]:
    rows = numbers(text, "--index")
    if exactly is not None and len(rows) != exactly:
        raise InputError(f"--index {text!r}: names {len(rows)} images; give {exactly}")
    for row in rows:
        if not -len(images) <= row < len(images):
            raise InputError(
                f"--index {row}: there are {len(images)} images, 0 to {len(images) - 1}"
            )
    return [row % len(images) for row in rows]


def _draw_strip(
    pictures: "Pictures", labels: list[str], names: list[str], title: str, out: Path,
    marked: tuple[int, ...], overwrite: bool,
) -> None:  # fmt: skip
    from zatlas.pictures.strip import animation, strip
    from zatlas.pictures.style import save

    if out.suffix == ".gif":
        if len(pictures) > 1:
            raise InputError(f"--out {out}: a .gif shows one element; give one, or a .png")
        animation(pictures[0], out, overwrite=overwrite)
    else:
        save(strip(pictures, labels, marked=marked, names=names, title=title,
                   command=typed_command()), out, overwrite=overwrite)  # fmt: skip
    wrote(out)
