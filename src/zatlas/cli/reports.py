"""``zatlas report`` and ``zatlas demo``."""

from pathlib import Path

import click

from zatlas.cli.program import out_option, run_argument, wrote


@click.command()
@run_argument
@out_option("REPORT.html", "The page; REPORT.md and REPORT.json go beside it.")
def report(run: Path, out: Path) -> None:
    """Write one page about a run that opens offline."""
    wrote(out)


@click.command()
@out_option("DIR", "The folder to make.")
def demo(out: Path) -> None:
    """Go the whole way on rendered faces: images, a trained run, edits, a report."""
