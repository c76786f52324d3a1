"""``zatlas atlas``."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zatlas.cli.program import (
    answering,
    check_outputs,
    console,
    json_option,
    overwrite_option,
    run_argument,
    seed_option,
    wrote,
)  # fmt: skip
from zatlas.cli.progress import progress_bar
from zatlas.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

_MEASURING = ("images", "count", "seed", "factors", "runs")  # options that ask for a measurement


@click.command()
@run_argument
@click.option("--images", metavar="FILE", help="What to measure on; by default the held-out ones.")
@click.option("--count", default=512, show_default=True, type=click.IntRange(min=20),
              help="Images to measure on.")  # fmt: skip
@click.option("--factors", metavar="FILE.csv", help="Labels, a row for each image of the run.")
@click.option("--runs", metavar="RUN,RUN", help="The same model from other seeds.")
@click.option("--name", "names", multiple=True, metavar='N="NAME"',
              help="A name of your own for an element.")  # fmt: skip
@click.option("--pages", default=8, show_default=True, type=click.IntRange(min=0),
              help="Elements with figures of their own.")  # fmt: skip
@click.option("--out", metavar="ATLAS.html", type=click.Path(path_type=Path),
              help="The page; by default RUN/atlas.html.")  # fmt: skip
@seed_option
@json_option
@overwrite_option
def atlas(
    run: Path, images: str | None, count: int, factors: str | None, runs: str | None,
    names: tuple[str, ...], pages: int, out: Path | None, seed: int, answer: str | None,
    overwrite: bool,
) -> None:  # fmt: skip
    """Measure what every latent element of RUN does, over many images.

    With --name alone, of a run that has been measured, only the names and the page are made anew.
    """
    from zatlas.training.heap import keep_freed_blocks

    keep_freed_blocks()
    from zatlas.images.labels import with_table
    from zatlas.measured import kept_atlas, measure_atlas
    from zatlas.report.atlas import atlas_sections
    from zatlas.report.build import made_before, write_report
    from zatlas.report.build import pages as files_of
    from zatlas.report.records import ReportData, RunReport
    from zatlas.run import open_run
    from zatlas.training.folder import own_files

    opened = open_run(run)
    page, others = out or run / "atlas.html", runs.split(",") if runs else []
    folders = [run, *map(Path, others)]
    read = [
        *with_table(images), factors, *opened.image_files,
        *(file for folder in folders for file in own_files(folder)),
    ]  # fmt: skip
    replaced = overwrite or (out is None and made_before(page))
    check_outputs([*read, *files_of(page, read, overwrite=replaced)], overwrite, json=answer)
    measured = (run / "evidence" / "atlas.json").exists()
    asked = click.get_current_context().get_parameter_source
    typed = [key for key in _MEASURING if asked(key) is ParameterSource.COMMANDLINE]
    with opened.naming([_named(text) for text in names]):
        if typed or not (names and measured):
            with progress_bar("elements") as advance:
                measure_atlas(
                    opened, images=images, count=count, seed=seed, factors=factors,
                    others=others, progress=advance,
                )  # fmt: skip
        record = kept_atlas(opened)
        title = f"Atlas of {opened.name}"
        with answering(record, answer):
            report = RunReport(run.name, atlas_sections(opened, pages), "")
            written = write_report(ReportData(title, [report]), page, overwrite=replaced)
    _show(console(answer), record)
    for path in (run / "evidence" / "atlas.json", *written):
        wrote(path, answer)


def _named(text: str) -> tuple[int, str]:
    """``N=NAME`` as typed."""
    found = re.fullmatch(r"(-?\d{1,9})=(.+)", text, re.DOTALL)
    if not found:
        raise InputError(f'--name {text!r}: write N="NAME", as in 1="turns the head"')
    return int(found[1]), found[2].strip()


def _show(shown: "Console", record: dict[str, Any]) -> None:
    """The table, the strongest element first."""
    from rich.table import Table
    from rich.text import Text

    from zatlas.evidence.sentences import how, label, summary

    table = Table(box=None, pad_edge=False)
    for heading in ("element", "grey levels", "95 % interval", "share", "change"):
        words = heading in ("element", "change")
        table.add_column(heading, justify="left" if words else "right", no_wrap=True)
    table.add_column("what it does", overflow="fold")
    for element in record["elements"]:
        table.add_row(*map(Text, (
            label(element), f"{element['size']:.3g}",
            f"{element['size_low']:.3g} to {element['size_high']:.3g}",
            f"{100 * element['share']:.1f} %", how(element) or "–", summary(element),
        )))  # fmt: skip
    shown.soft_wrap = False
    if not shown.is_terminal:
        shown.width = 160
    shown.print(table)
    shown.print(
        f"{record['n']} images of {record['images']}; grey levels: mean change of a pixel for 1 sd",
        markup=False,
    )
    shown.print(record["usage"]["verdict"], markup=False)
