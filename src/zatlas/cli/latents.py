"""``zatlas encode``, ``edit``, ``traverse``, ``interpolate`` and ``sample``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from zatlas.cli import options
from zatlas.cli.hints import check_edits
from zatlas.cli.program import answering, check_outputs, say, typed_command, wrote
from zatlas.errors import InputError

if TYPE_CHECKING:
    from zatlas.images import ImageSet
    from zatlas.run.run import Run

_EXAMPLE = 'zatlas edit runs/a "z[0] *= 2" --images faces.npy --out plate.png'

steps_option = click.option(
    "--steps", default=9, type=click.IntRange(max=999),
    help="Pictures in a strip.",
)  # fmt: skip

project_option = click.option(
    "--project", is_flag=True, help="Decode the nearest codes that the bottleneck can give.",
)  # fmt: skip


@click.command()
@options.run
@options.images
@options.out("CODES.npz", "The table of codes.", ".npz")
@options.overwrite
def encode(run: Path, images: str, out: Path, overwrite: bool) -> None:
    """Encode images: codes (N, D), and sd (N, D) of a Gaussian bottleneck, into an .npz."""
    from zatlas.files import atomic_write

    opened, image_set = _open(run, images, overwrite, out=out)
    codes, sd = opened.posterior(image_set)
    arrays = {"codes": codes} if sd is None else {"codes": codes, "sd": sd}
    with atomic_write(out) as part:
        np.savez_compressed(part, **arrays)  # type: ignore[arg-type]  # numpy's stub
    wrote(out)


@click.command()
@options.run
@click.argument("edits", nargs=-1, metavar="EDIT...")
@options.images
@click.option("--index", default="0", type=options.Numbers(),
              help="Which images, counted from 0 among all of FILE, as in 0,5.")  # fmt: skip
@click.option("--note", default="", metavar="TEXT", help="Your own words, for the report.")
@click.option("--count", default=512, type=click.IntRange(min=0),
              help="Images to measure each edit on; 0 for none.")  # fmt: skip
@click.option("--factors", metavar="FILE.csv",
              help="Labels, a row for each image, for an EDIT that asks for a factor.")  # fmt: skip
@click.option("--hold", default="", metavar="NAME,NAME",
              help="Properties that an EDIT with a target does not change.")  # fmt: skip
@project_option
@options.figure_out
@options.json
@options.overwrite
def edit(
    run: Path, edits: tuple[str, ...], images: str, out: Path, answer: str | None, overwrite: bool,
    hold: str, **chosen: Any,
) -> None:  # fmt: skip
    """Apply each EDIT to the codes of some images, draw the plate, and measure what it does.

    An EDIT reads like "z[0] *= 2", "z[2] += 5", "z[4] += 2*sd" or "z[3] = 2; z[1000] = 8". It may
    ask for a property of the pictures, as "luminance = +10" or "yaw = 20" of --factors: then the
    shortest edit that reaches it is solved for each image.
    """
    from zatlas.run.evidence import keep_edits, kept_edits
    from zatlas.workflows.edits import draw_plate

    check_edits(str(run), edits, "RUN", _EXAMPLE)
    if not edits:
        raise InputError(f"EDIT is missing: write one in quotes, as in {_EXAMPLE}")
    table = [chosen["factors"]] if chosen["factors"] else []
    opened, image_set = _open(run, images, overwrite, *table, out=out, json=answer)
    kept_edits(opened)  # an error of a damaged file comes before the plate is written
    plate = draw_plate(
        opened, edits, image_set, command=typed_command(), out=str(out),
        hold=[name.strip() for name in hold.split(",") if name.strip()],
        notify=lambda text: say(text, answer), **chosen,
    )  # fmt: skip
    with answering(plate.record.plain(), answer):
        plate.save(out, overwrite=overwrite)
        keep_edits(opened, plate.record)
    for result in plate.results.edits:
        say(f"{result.text}: {'; '.join(result.notes)}", answer)
    for effect in plate.record.edits:
        if effect.measured is not None:
            say(effect.measured.sentence, answer)
    wrote(out, answer)


@click.command()
@options.run
@click.argument("plates", nargs=-1, required=True, metavar="EDIT|FILE...")
def forget(run: Path, plates: tuple[str, ...]) -> None:
    """Leave plates out of the reports of RUN: all with an EDIT, or the one drawn to a FILE.

    The picture itself stays. The same `zatlas edit` brings the plate back.
    """
    from zatlas.run.evidence import forget_edits
    from zatlas.run.run import open_run

    check_edits(str(run), plates, "RUN", 'zatlas forget runs/a "z[0] *= 2"')
    for plate in forget_edits(open_run(run), plates):
        say(f"left out: {plate.command or '; '.join(edit.edit for edit in plate.edits)}")


@click.command()
@options.run
@options.images
@click.option("--index", default="0", type=options.Numbers(),
              help="Which images, counted from 0 among all of FILE, as in 0,5.")  # fmt: skip
@click.option("--elements", required=True, type=options.Numbers(all=True),
              help="Which latent elements, as in 0,3 or 0-3 or all.")  # fmt: skip
@click.option("--span", default=3.0, help="How far to each side, in sd.")
@project_option
@steps_option
@options.strip_out
@options.overwrite
def traverse(run: Path, images: str, out: Path, overwrite: bool, **chosen: Any) -> None:
    """Sweep single latent elements of the codes of some images, a row for each element."""
    from zatlas.workflows.strips import draw_traversals

    opened, image_set = _open(run, images, overwrite, out=out)
    strip = draw_traversals(opened, image_set, command=typed_command(), **chosen)
    strip.save(out, overwrite=overwrite)
    wrote(out)


@click.command()
@options.run
@options.images
@click.option("--index", required=True, type=options.Numbers(2, of="images"),
              help="From which image to which, as in 0,5.")  # fmt: skip
@click.option("--spherical", is_flag=True, help="Along the great circle, not the straight line.")
@steps_option
@options.strip_out
@options.overwrite
def interpolate(run: Path, images: str, out: Path, overwrite: bool, **chosen: Any) -> None:
    """Decode codes between the codes of two images."""
    from zatlas.workflows.strips import draw_interpolation

    opened, image_set = _open(run, images, overwrite, out=out)
    strip = draw_interpolation(opened, image_set, command=typed_command(), **chosen)
    strip.save(out, overwrite=overwrite)
    wrote(out)


@click.command()
@options.run
@click.option("--count", default=64, type=click.IntRange(1, 4096))
@click.option("--sampler", metavar="NAME",
              help="prior (default where there is one), or fitted to the run's codes: normal, "
              "mixture, kernel, second-stage.")  # fmt: skip
@options.seed
@options.figure_out
@options.overwrite
def sample(run: Path, out: Path, overwrite: bool, **chosen: Any) -> None:
    """Decode codes drawn at random."""
    from zatlas.figures.style import save
    from zatlas.run.config import own_files
    from zatlas.run.run import open_run
    from zatlas.workflows.strips import draw_samples

    check_outputs(own_files(run), overwrite, out=out)
    figure = draw_samples(open_run(run), command=typed_command(), **chosen)
    save(figure, out, overwrite=overwrite)
    wrote(out)


def _open(
    run: Path, images: str, overwrite: bool, *inputs: str, **outputs: Path | str | None
) -> "tuple[Run, ImageSet]":
    """Open the run and the images, after a check of the outputs of the command."""
    from zatlas.images.labels import with_table
    from zatlas.run.config import own_files
    from zatlas.run.run import open_run

    check_outputs([*own_files(run), *with_table(images), *inputs], overwrite, **outputs)
    opened = open_run(run)
    return opened, opened.fitting(images)
