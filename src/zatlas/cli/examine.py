"""``zatlas examine``: repeat a published report."""

from typing import Any

import click

from zatlas.cli import options
from zatlas.cli.program import say, typed_command, wrote
from zatlas.cli.progress import epoch_lines


@click.command()
@click.argument("source", metavar="SOURCE")
@click.argument("edits", nargs=-1, metavar="[EDIT...]")
@options.images
@options.out("DIR", "The folder to make: the run, the plates, report.html.")
@click.option("--valid", default="0.1", metavar="FILE|FRACTION",
              help="Held-out images: an image set, or the fraction of --images.")  # fmt: skip
@click.option("--index", default="0,1", type=options.Numbers(),
              help="Which held-out images to edit.")  # fmt: skip
@options.crop
@click.option("--says", multiple=True, metavar="CLAIM",
              help='A claim about an element, as "element 1 turns the head".')  # fmt: skip
@click.option("--factors", metavar="FILE.csv", help="Labels, a row for each image of --images.")
@click.option("--count", default=512, type=click.IntRange(min=2),
              help="Held-out images to measure edits and claims on.")  # fmt: skip
@click.option("--epochs", default=30, help="Passes through the images.")
@click.option("--seed", default=0, help="First weights, order and noise.")
@click.option("--resume", is_flag=True, help="Continue DIR, with the same command.")
@click.option("--overwrite", is_flag=True, help="Replace DIR.")
def examine(
    source: str, edits: tuple[str, ...], valid: str, epochs: int, **chosen: Any
) -> None:  # fmt: skip
    """Repeat a report: train its network, draw its edits, measure its claims.

    SOURCE is a file with class source or a printed model (or any MODEL). Where the network cannot
    run, its faults are listed. Otherwise it is trained, every EDIT is drawn on held-out images, and
    a report is written.
    """
    from zatlas.workflows.examine import examine as examine_report
    from zatlas.workflows.train import file_or_fraction

    with epoch_lines(epochs) as callback:
        done = examine_report(
            source, edits, valid=file_or_fraction(valid), epochs=epochs, command=typed_command(),
            callback=callback, progress=callback.counter("pictures"), **chosen,
        )  # fmt: skip
    for answer in done.claims:
        say(f"{answer.claim}: {answer.verdict}")
        if answer.stands_for:
            say(f"  {answer.stands_for}")
    measured = [edit.sentence for edit in done.edits]
    measured += [answer.sentence for answer in done.claims]
    for sentence in dict.fromkeys(measured):  # claims may share a move
        say(sentence)
    for path in (done.run.path, *done.written):
        wrote(path)
