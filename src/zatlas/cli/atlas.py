"""``zatlas atlas``."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from click.core import ParameterSource

from zatlas.cli import options
from zatlas.cli.program import answering, check_outputs, console, say, wrote
from zatlas.cli.progress import progress_bar
from zatlas.errors import InputError, argument_error

if TYPE_CHECKING:
    from rich.console import Console

    from zatlas.evidence.records import AtlasRecord

_MEASURING = ("images", "count", "seed", "factors", "runs")  # options that ask for a measurement


@click.command()
@options.run
@click.option("--images", metavar="FILE",
              help="Images to measure on; by default the held-out ones.")  # fmt: skip
@click.option("--count", default=512, type=click.IntRange(min=2), help="Images to measure on.")
@click.option("--factors", metavar="FILE.csv", help="Labels, a row for each image of the run.")
@click.option("--runs", metavar="RUN,RUN", help="The same model and images, other seeds.")
@click.option("--name", "names", multiple=True, metavar='N="NAME"',
              help="Your own name for an element.")  # fmt: skip
@click.option("--pages", default=8, type=click.IntRange(min=0),
              help="How many elements have figures of their own, the strongest first.")  # fmt: skip
@click.option("--elements", type=options.Numbers(all=True),
              help="Which elements have them instead, as in 0,3 or 0-3 or all.")  # fmt: skip
@click.option("--out", metavar="ATLAS.html", type=options.OutFile(".html", ".htm"),
              help="A trial: another page than RUN/atlas.html.")  # fmt: skip
@options.seed
@options.json
@options.overwrite
def atlas(
    run: Path, images: str | None, count: int, factors: str | None, runs: str | None,
    names: tuple[str, ...], pages: int, elements: tuple[int, ...] | Literal["all"] | None,
    out: Path | None, seed: int, answer: str | None, overwrite: bool,
) -> None:  # fmt: skip
    """Measure what every latent element of RUN does, over many images.

    With --name and no other option, a measured run is not measured again; its page is written again
    with the new names. With --out, the page is a trial: the atlas in RUN, which its report shows,
    stays as it is.
    """
    from zatlas.images.labels import with_table
    from zatlas.report.atlas_sections import Trial, atlas_page
    from zatlas.report.build import made_before, write_report
    from zatlas.report.build import pages as files_of
    from zatlas.report.data import ReportData, RunReport
    from zatlas.run.config import own_files
    from zatlas.run.evidence import keep_atlas, kept_atlas, training_warnings
    from zatlas.run.paths import RunPaths
    from zatlas.run.run import open_run
    from zatlas.workflows.atlas import compute_atlas

    opened, paths = open_run(run), RunPaths(run)
    figures = pages if elements is None else _checked(elements, opened.model.latent)
    warnings = training_warnings(opened)
    page, others = out or paths.page, runs.split(",") if runs else []
    folders = [run, *map(Path, others)]
    read = [
        *with_table(images), factors, *opened.image_files,
        *(file for folder in folders for file in own_files(folder)),
    ]  # fmt: skip
    replaced = overwrite or (out is None and made_before(page))
    check_outputs([*read, *files_of(page, read, overwrite=replaced)], overwrite, json=answer)
    asked = click.get_current_context().get_parameter_source
    typed = [key for key in _MEASURING if asked(key) is ParameterSource.COMMANDLINE]
    for warning in warnings:
        say(warning, answer)
    measuring = bool(typed) or not (names and paths.atlas.exists())
    trial = None
    with opened.naming([_named(text) for text in names]):
        if measuring:
            several = f"{opened.model.latent} element{'s' * (opened.model.latent > 1)}"
            held_out = "" if images else "held-out "
            say(f"measuring {several} on up to {count} {held_out}images", answer)
            with progress_bar("elements") as advance:
                found = compute_atlas(
                    opened, images=images, count=count, seed=seed, factors=factors,
                    others=others, progress=advance,
                )  # fmt: skip
            trial = None if out is None else Trial(*found, out)
        if measuring and trial is None:
            keep_atlas(opened, *found)
        record = trial.atlas if trial else kept_atlas(opened)
        say("drawing the page", answer)
        title = f"Atlas of {run.resolve().name}"
        with answering(record.plain(), answer):
            report = RunReport(run.name, atlas_page(opened, figures, trial), "", warnings)
            written = write_report(ReportData(title, [report]), page, overwrite=replaced)
    _show(console(answer), record)
    for path in (*(() if trial else (paths.atlas,)), *written):
        wrote(path, answer)
    if trial:
        say(f"{run} keeps the atlas that it has", answer)


def _checked(elements: tuple[int, ...] | Literal["all"], latent: int) -> tuple[int, ...]:
    """The elements of a code, each counted from 0."""
    if elements == "all":
        return tuple(range(latent))
    for element in elements:
        if not -latent <= element < latent:
            hint = f"the code has {latent} elements, 0 to {latent - 1}"
            raise argument_error("elements", element, hint)
    return tuple(element % latent for element in elements)


def _named(text: str) -> tuple[int, str]:
    """``N=NAME`` as typed."""
    found = re.fullmatch(r"(-?\d{1,9})=(.+)", text, re.DOTALL)
    if not found:
        raise InputError(f'--name {text!r}: write N="NAME", as in 1="turns the head"')
    return int(found[1]), found[2].strip()


def _show(shown: "Console", record: "AtlasRecord") -> None:
    """Print the table, the largest effect first."""
    from rich.table import Table
    from rich.text import Text

    from zatlas.evidence.account.naming import motion_or_shade
    from zatlas.evidence.account.remarks import match_words, seeds_words
    from zatlas.evidence.account.sentences import label, summary

    table = Table(box=None, pad_edge=False)
    seeds = ["other seeds"] if record.stability else []
    for heading in ("element", "grey levels", "95 % interval", "share", "change", *seeds):
        words = heading in ("element", "change")
        table.add_column(heading, justify="left" if words else "right", no_wrap=True)
    table.add_column("what it does", overflow="fold")
    for effect in record.elements:
        table.add_row(*map(Text, (
            label(effect), f"{effect.size:.3g}", f"{effect.size_low:.3g} to {effect.size_high:.3g}",
            f"{100 * effect.share:.1f} %", motion_or_shade(effect) or "–",
            *(match_words(effect) for _ in seeds), summary(effect),
        )))  # fmt: skip
    shown.soft_wrap = False
    if not shown.is_terminal:
        shown.width = 160
    shown.print(table)
    shown.print(
        f"{record.n} images of {record.images}; grey levels: mean change of a pixel for 1 sd",
        markup=False,
    )
    shown.print(record.usage.verdict, markup=False)
    shown.print(seeds_words(record), markup=False)
