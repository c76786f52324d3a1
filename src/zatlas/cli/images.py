"""``zatlas images``: make image sets and look at them."""

from pathlib import Path

import click

from zatlas.cli.program import check_outputs, console, numbers, overwrite_option, seed_option, wrote
from zatlas.cli.progress import progress_bar
from zatlas.errors import InputError

SOURCE = click.argument("source", metavar="SOURCE")
OUT = click.argument("out", metavar="OUT.npy", type=click.Path(path_type=Path))


@click.group()
def images() -> None:
    """Make image sets from any pictures, render faces, look at a set."""


@images.command()
@SOURCE
@OUT
@click.option("--to", metavar="SIDE", help="Resize to SIDE or HEIGHT,WIDTH pixels.")
@click.option("--crop", metavar="TOP,LEFT,HEIGHT,WIDTH", help="Crop first, in pixels.")
@click.option("--gray", is_flag=True, help="One channel instead of three.")
@overwrite_option
def prepare(
    source: str, out: Path, to: str | None, crop: str | None, gray: bool, overwrite: bool
) -> None:
    """Turn SOURCE into an image set OUT.npy, with a table OUT.csv beside it.

    SOURCE is a folder of pictures (any depth), a .npy or .npz array, IDX files (.gz too), a
    .parquet file, or a zip or tar of pictures. Unreadable pictures are listed and skipped.
    """
    from zatlas.images import prepare_images
    from zatlas.images.stream import remarks

    size = _exactly(to, "--to", 1, 2)
    box = _exactly(crop, "--crop", 4)
    with progress_bar("pictures") as advance:
        made = prepare_images(
            source, out, progress=advance, gray=gray, overwrite=overwrite,
            to=None if size is None else (size[0], size[-1]) if len(size) == 2 else size[0],
            crop=None if box is None else (box[0], box[1], box[2], box[3]),
        )  # fmt: skip
    shown = console()
    for remark in remarks(made.notes, made.skipped):
        shown.print(remark, markup=False)
    size_text = "x".join(map(str, made.shape))
    shown.print(f"{made.count:,} pictures, {size_text} (height, width, channels)")
    wrote(made.out)
    wrote(made.out.with_suffix(".csv"))


@images.command()
@OUT
@click.option("--count", default=20000, show_default=True, type=click.IntRange(min=1))
@seed_option
@overwrite_option
def render(out: Path, count: int, seed: int, overwrite: bool) -> None:
    """Render faces with known factors into OUT.npy, every factor in OUT.csv."""
    from zatlas.images.faces import render_faces

    with progress_bar("faces") as advance:
        render_faces(
            out, count, seed, progress=lambda done: advance(done, count), overwrite=overwrite
        )
    wrote(out)
    wrote(out.with_suffix(".csv"))


@images.command()
@click.argument("file", metavar="FILE")
@click.option("--out", required=True, metavar="SHEET.png", type=click.Path(path_type=Path))
@click.option("--count", default=64, show_default=True, type=click.IntRange(min=1))
@click.option("--scale", default=2, show_default=True, type=click.IntRange(1, 16))
@overwrite_option
def show(file: str, out: Path, count: int, scale: int, overwrite: bool) -> None:
    """Draw a contact sheet of an image set."""
    from PIL import Image

    from zatlas.files import whole
    from zatlas.images import open_images
    from zatlas.images.sheet import contact_sheet

    if out.suffix != ".png":
        raise InputError(f"--out {out}: give it a name that ends in .png")
    check_outputs([file], overwrite, out=out)
    image_set = open_images(file)
    with whole(out) as part:
        sheet = contact_sheet(image_set[: min(count, len(image_set))], scale=scale)
        Image.fromarray(sheet.squeeze()).save(part)
    wrote(out)


def _exactly(text: str | None, option: str, *counts: int) -> list[int] | None:
    if text is None:
        return None
    values = numbers(text, option)
    if len(values) not in counts:
        raise InputError(f"{option} {text!r}: takes {' or '.join(map(str, counts))} numbers")
    return values
