"""``zatlas report`` and ``zatlas demo``."""

from pathlib import Path

import click

from zatlas.cli import options
from zatlas.cli.program import say, wrote
from zatlas.cli.progress import epoch_lines


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=options.PATH)
@options.out("REPORT.html", "The page; .md, .json and the pictures are written next to it.",
             ".html", ".htm")  # fmt: skip
@click.option("--note", "notes", metavar="FILE.md", type=options.PATH, multiple=True,
              help="Your own words, with tables and lists. For several runs: one above all, or one "
              "for each, in their order.")  # fmt: skip
@options.overwrite
def report(runs: tuple[Path, ...], out: Path, notes: tuple[Path, ...], overwrite: bool) -> None:
    """Write one page about one or more runs, which opens offline."""
    from zatlas.run.run import open_run
    from zatlas.workflows.report import report as write

    for path in write([open_run(run) for run in runs], out, note=notes, overwrite=overwrite):
        wrote(path)


@click.command()
@options.out("DIR", "The folder to make.")
@click.option("--count", default=10000, type=click.IntRange(min=200), help="Faces to render.")
@click.option("--epochs", default=9, type=click.IntRange(min=1))
def demo(out: Path, count: int, epochs: int) -> None:
    """Run every step on rendered faces: images, a trained run, its atlas, edits, a report."""
    from zatlas.workflows.demo import demo as run_demo

    with epoch_lines(epochs) as callback:
        done = run_demo(
            out, count=count, epochs=epochs, callback=callback, counter=callback.counter, step=say
        )
    for path in (done.run.path, *done.written):
        wrote(path)
    for sentence in ("", "What was found:", *done.found):
        say(sentence)
    for line in ("", f"Open {out / 'report.html'}. Then try:", *done.next_commands):
        say(line)
