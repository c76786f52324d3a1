"""``zatlas directions`` and ``zatlas find``."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zatlas.cli import options
from zatlas.cli.program import answering, check_outputs, console, say, typed_command, wrote
from zatlas.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zatlas.run.directions import Direction
    from zatlas.workflows.find import Found


@click.command()
@options.run
@click.option("--factor", metavar="NAME", help="A column of --factors, or COLUMN = LEVEL.")
@click.option("--factors", metavar="FILE.csv", help="Labels, a row for each image.")
@click.option("--pixel", metavar="PROPERTY", help="A property of pixels, as luminance: no labels.")
@click.option("--transform", metavar="brighten|shift|rotate|zoom|blur",
              help="What this does to images, as a direction.")  # fmt: skip
@click.option("--basis", metavar="pca|ica|sefa|jacobian", help="Directions without a target.")
@click.option("--between", nargs=2, metavar="WITH WITHOUT",
              help="Two folders, image sets or rows as 0,5-9: with and without.")  # fmt: skip
@click.option("--method", default="pattern", metavar="METHOD",
              help="From labels: pattern, mean, ridge, logistic, svm or gradient.")  # fmt: skip
@click.option("--hold", default="", metavar="NAME,NAME", help="Properties that stay the same.")
@click.option("--name", default="", metavar="NAME", help='Your name for it: z["NAME"] += 1*sd.')
@click.option("--count", default=10, type=click.IntRange(min=1), help="Directions of a basis.")
@click.option("--images", metavar="FILE", help="Other images than those of the run.")
@click.option("--forget", metavar="NAME", help="Remove this direction.")
@options.seed
@options.json
@options.overwrite
def directions(
    run: Path, between: tuple[str, str] | None, hold: str, forget: str | None, answer: str | None,
    overwrite: bool, **asked: Any,
) -> None:  # fmt: skip
    """Learn directions of the code of RUN, measure what each does, and keep them.

    Without options, the directions that RUN has are listed, the largest effect over spill first.
    """
    from zatlas.report.build import made_before, pages, write_report
    from zatlas.report.data import ReportData, RunReport
    from zatlas.report.direction_sections import direction_section
    from zatlas.run.directions import forget_direction, kept_directions
    from zatlas.run.evidence import training_warnings
    from zatlas.run.run import open_run
    from zatlas.workflows.directions import learn_directions

    opened = open_run(run)
    page = opened.paths.directions_page
    pages(page, overwrite=made_before(page))
    check_outputs([asked["factors"], asked["images"]], overwrite, json=answer)
    if forget is not None:
        forget_direction(opened, forget)
        say(f"removed the direction {forget!r}")
        return
    wanted = ("factor", "pixel", "transform", "basis")
    if between is None and not any(asked[key] is not None for key in wanted):
        known = kept_directions(opened)
        with answering([one.record.plain() for one in known], answer):
            _show(known, answer)
        if not known:
            say(f"{run} has no directions yet; `zatlas directions --help` shows how", answer)
        return
    held = [name.strip() for name in hold.split(",") if name]
    say("learning, then measuring on images that nothing was learned from", answer)
    with progress_bar("moves") as advance:
        made = learn_directions(
            opened, between=between and _groups(between), hold=held,
            command=typed_command(), progress=advance, **asked,
        )  # fmt: skip
    say("drawing the page", answer)
    with answering([one.record.plain() for one in made], answer):
        section = direction_section(opened, kept_directions(opened))
        report = RunReport(run.name, [section], "", training_warnings(opened))
        title = f"Directions of {run.resolve().name}"
        written = write_report(ReportData(title, [report]), page, overwrite=made_before(page))
    _show(made, answer)
    for one in made:
        say(one.sentence, answer)
    for path in (opened.paths.directions, *written):
        wrote(path, answer)
    say(f"""try: zatlas edit {run} 'z["{made[0].name}"] += 1*sd' --images ... --out plate.png""",
        answer)  # fmt: skip


def _groups(between: tuple[str, str]) -> tuple[Any, Any]:
    """Two sources of images, or two lists of rows."""
    if all(re.fullmatch(r"[\d, -]+", text) and not Path(text).exists() for text in between):
        rows = options.Numbers()
        return tuple(list(rows.convert(text, None, None)) for text in between)  # type: ignore[return-value]
    return between


def _show(found: "Sequence[Direction]", answer: str | None) -> None:
    """A line for each direction."""
    from rich.table import Table
    from rich.text import Text

    from zatlas.evidence.account.target_words import reach_words

    if not found:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("direction", "method", "target", "effect, sd", "spill", "effect / spill",
                    "1 sd at", "beside it"):  # fmt: skip
        words = heading in ("direction", "method", "target", "beside it")
        table.add_column(heading, justify="left" if words else "right", overflow="fold")
    for one in found:
        effect, target = one.effect, one.effect.target
        beside = effect.element
        of_target = (
            [target.property, f"{target.size:+.2f}",
             "–" if target.spill is None else f"{target.spill:.2f}",
             "–" if effect.ratio is None else f"{effect.ratio:.1f}", reach_words(target)]
            if target else ["–"] * 5
        )  # fmt: skip
        element = "–" if beside is None else (
            f"z[{beside.element}] {beside.target.size:+.2f}, spill "
            + ("–" if beside.target.spill is None else f"{beside.target.spill:.2f}")
        )  # fmt: skip
        table.add_row(*map(Text, (one.name, one.record.method, *of_target, element)))
    shown = console(answer)
    shown.soft_wrap = False
    if not shown.is_terminal:
        shown.width = 160
    shown.print(table)


@click.command()
@options.run
@click.argument("words")
@options.json
@options.overwrite
def find(run: Path, words: str, answer: str | None, overwrite: bool) -> None:
    """Which element or direction of RUN does what WORDS say, as in "turns the head"?

    It reads what was measured: the atlas of RUN, and its directions.
    """
    from zatlas.run.run import open_run
    from zatlas.workflows.find import find as search

    opened = open_run(run)
    check_outputs([], overwrite, json=answer)
    found = search(opened, words)
    with answering(found.plain(), answer):
        _show_found(found, answer)


def _show_found(found: "Found", answer: str | None) -> None:
    say(found.stands_for, answer)
    if not found.answers:
        say(f"none: {found.reason}", answer)
        return
    for one in found.answers:
        spill = "" if one.spill is None else f", spill {one.spill:.2f}"
        say(f"{one.edit}: {one.words}{spill}", answer)
