"""``zatlas examine``: repeat a published report, or judge claims about a run."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from zatlas.cli import options
from zatlas.cli.hints import check_edits
from zatlas.cli.program import say, typed_command, wrote
from zatlas.cli.progress import epoch_lines


@click.command()
@click.argument("source", metavar="SOURCE|RUN")
@click.argument("edits", nargs=-1, metavar="[EDIT...]")
@click.option("--images", metavar="FILE",
              help="An image set, or a folder of pictures; RUN has its own.")  # fmt: skip
@options.out("DIR", "The folder to make: the run, the plates, report.html.")
@click.option("--index", default="0,1", type=options.Numbers(),
              help="Which images to edit, counted from 0 among the held-out ones.")  # fmt: skip
@options.crop
@click.option("--says", multiple=True, metavar="CLAIM",
              help='A claim about an element, as "element 1 turns the head".')  # fmt: skip
@click.option("--factors", metavar="FILE.csv", help="Labels, a row for each image of --images.")
@click.option("--count", default=512, type=click.IntRange(min=2),
              help="Held-out images to measure edits and claims on.")  # fmt: skip
@options.network
@options.training
@click.option("--resume", is_flag=True, help="Continue DIR, with the same command.")
@click.option("--overwrite", is_flag=True, help="Replace DIR.")
def examine(source: str, edits: tuple[str, ...], epochs: int, **chosen: Any) -> None:
    """Repeat a report: train its network, draw its edits, measure its claims.

    SOURCE is a file with class source or a printed model (or any MODEL). Where the network cannot
    run, its faults are listed. Otherwise it is trained, every EDIT is drawn on held-out images, and
    a report is written. A trained RUN is not trained again.
    """
    from zatlas.workflows.examine import examine as examine_report
    from zatlas.workflows.train import file_or_fraction

    check_edits(
        source, edits, "SOURCE", 'zatlas examine net.py "z[0] *= 2" --images faces.npy --out seen'
    )
    asked = click.get_current_context().get_parameter_source
    given = {"epochs": epochs, **chosen, "valid": file_or_fraction(chosen["valid"])}
    typed = {key: given[key] for key in given if asked(key) is ParameterSource.COMMANDLINE}
    with epoch_lines(epochs) as callback:
        done = examine_report(
            source, edits, command=typed_command(), callback=callback,
            progress=callback.counter("pictures"), **typed,
        )  # fmt: skip
    for answer in done.claims:
        say(f"{answer.claim}: {answer.verdict}")
        if answer.stands_for:
            say(f"  {answer.stands_for}")
    measured = [edit.sentence for edit in done.edits]
    measured += [answer.sentence for answer in done.claims]
    for sentence in dict.fromkeys(measured):  # claims may share a move
        say(sentence)
    trained = [] if done.run.path == Path(source) else [done.run.path]
    for path in (*trained, *done.written):
        wrote(path)
