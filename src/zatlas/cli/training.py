"""``zatlas train``."""

from pathlib import Path
from typing import Any

import click

from zatlas.cli import options
from zatlas.cli.program import say, wrote
from zatlas.cli.progress import epoch_lines
from zatlas.errors import InputError
from zatlas.plain_yaml import parse_yaml


@click.command()
@click.option("--model", required=True, metavar="MODEL",
              help="A preset, a model file or pasted code.")  # fmt: skip
@options.images
@options.out("RUN", "The run folder to make.")
@click.option("--valid", default="0.1", metavar="FILE|FRACTION",
              help="Held-out images: an image set, or the fraction of --images.")  # fmt: skip
@click.option("--recipe", metavar="RECIPE", help="Another bottleneck and objective, as vae.")
@click.option("--scale", default=1.0, help="All widths times this.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="Anything in the model file, as objective.kl.weight=4.")  # fmt: skip
@click.option("--epochs", default=30, help="Times through the images.")
@click.option("--batch-size", default=256, help="Images a step.")
@click.option("--lr", default=1e-3, help="Adam's learning rate.")
@click.option("--schedule", default="constant", metavar="constant|cosine",
              help="The learning rate over the steps: constant, or falling to 0.")  # fmt: skip
@click.option("--seed", default=0, help="First weights, order and noise.")
@click.option("--precision", default="auto", metavar="auto|fp32|bf16",
              help="The number format of the network.")  # fmt: skip
@click.option("--patience", type=int, help="Stop after this many epochs without a better one.")
@click.option("--resume", is_flag=True, help="Continue RUN, with the same command.")
@click.option("--overwrite", is_flag=True, help="Replace RUN.")
def train(
    out: Path, valid: str, settings: tuple[str, ...], epochs: int, resume: bool, **chosen: Any
) -> None:
    """Train MODEL on images into the folder RUN, then measure it."""
    from zatlas.process import configure_process
    from zatlas.run.config import read_config
    from zatlas.run.evidence import kept_reconstruction
    from zatlas.workflows.train import file_or_fraction
    from zatlas.workflows.train import train as train_run

    if resume and (out / "config.yaml").is_file():
        configure_process(read_config(out).computing.threads)  # those that the run began with
    with epoch_lines(epochs) as callback:
        run = train_run(
            out=out, valid=file_or_fraction(valid), epochs=epochs, resume=resume,
            callback=callback, changes=_changes(settings), **chosen,
        )  # fmt: skip
    record = kept_reconstruction(run)
    for name, metric in record.metrics.items():
        if metric.interval is not None:
            low, high = metric.interval
            value = f"{metric.mean:.4g} [{low:.4g}, {high:.4g}] {metric.unit}"
            say(f"held-out {name} {value}, {record.n} images")
    wrote(run.path)


def _changes(settings: tuple[str, ...]) -> dict[str, Any]:
    """``KEY=VALUE`` words as keys and values, read as YAML."""
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise InputError(f"--set {setting!r}: write KEY=VALUE, as objective.kl.weight=4")
        changes[key] = parse_yaml(value, f"--set {setting!r}")
    return changes
