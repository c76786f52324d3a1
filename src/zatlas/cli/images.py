"""``zatlas images``: make image sets and show them."""

from pathlib import Path
from typing import Any

import click

from zatlas.cli import options
from zatlas.cli.program import check_outputs, say, wrote
from zatlas.cli.progress import progress_bar

SOURCE = click.argument("source", metavar="SOURCE")
OUT = click.argument("out", metavar="OUT.npy", type=options.OutFile(".npy"))


@click.group()
def images() -> None:
    """Make image sets from any pictures, render faces, show a set."""


@images.command()
@SOURCE
@OUT
@click.option("--to", metavar="SIDE|HEIGHT,WIDTH", type=options.Numbers(1, 2),
              help="Resize, in pixels.")  # fmt: skip
@options.crop
@click.option("--gray", is_flag=True, help="One channel instead of three.")
@options.overwrite
def prepare(source: str, out: Path, to: tuple[int, ...] | None, **chosen: Any) -> None:
    """Convert SOURCE to an image set OUT.npy with a table OUT.csv.

    SOURCE is a folder of pictures (any depth), a .npy or .npz array, IDX files (.gz too), a
    .parquet file, or a zip or tar of pictures. Unreadable pictures are listed and left out.
    """
    from zatlas.images import prepare_images
    from zatlas.images.stream import remarks

    size: Any = to[0] if to and len(to) == 1 else to
    with progress_bar("pictures") as advance:
        made = prepare_images(source, out, progress=advance, to=size, **chosen)
    for remark in remarks(made.notes, made.skipped):
        say(remark)
    say(f"{made.count:,} pictures, {'x'.join(map(str, made.shape))} (height, width, channels)")
    wrote(made.out)
    wrote(made.out.with_suffix(".csv"))


@images.command()
@OUT
@click.option("--count", default=20000, type=click.IntRange(min=1))
@options.seed
@click.option("--framing", default="shoulders", metavar="shoulders|close",
              help="Head and shoulders, or head and hair that fill the picture.")  # fmt: skip
@options.overwrite
def render(out: Path, count: int, seed: int, framing: str, overwrite: bool) -> None:
    """Render faces with known factors into OUT.npy, every factor in OUT.csv."""
    from zatlas.images.faces import render_faces

    with progress_bar("faces") as advance:

        def rendered(done: int) -> None:
            advance(done, count)

        render_faces(out, count, seed, progress=rendered, overwrite=overwrite, framing=framing)
    wrote(out)
    wrote(out.with_suffix(".csv"))


@images.command()
@click.argument("file", metavar="FILE")
@options.out("SHEET.png", "The picture.", ".png")
@click.option("--count", default=64, type=click.IntRange(min=1), help="Images at most.")
@click.option("--index", type=options.Numbers(), help="Which images, as in 0,5 or 100-163.")
@click.option("--scale", default=2, type=click.IntRange(1, 16), help="The side of a pixel.")
@click.option("--plain", is_flag=True, help="Leave out the indexes below the images.")
@options.overwrite
def show(
    file: str, out: Path, count: int, index: tuple[int, ...] | None, scale: int, plain: bool,
    overwrite: bool,
) -> None:  # fmt: skip
    """Draw a contact sheet of an image set, with the index of every image."""
    from PIL import Image

    from zatlas.files import atomic_write
    from zatlas.images import open_images
    from zatlas.images.sheet import contact_sheet

    check_outputs([file], overwrite, out=out)
    image_set = open_images(file)
    rows = image_set.rows(range(min(count, len(image_set))) if index is None else index)
    labels = [] if plain else [str(row) for row in rows]
    with atomic_write(out) as part:
        sheet = contact_sheet(image_set[rows], scale=scale, labels=labels)
        Image.fromarray(sheet).save(part)
    if len(rows) < len(image_set):
        first = "" if index else "the first "
        say(f"{first}{len(rows):,} of {len(image_set):,} images; --count or --index for others")
    wrote(out)
