"""``zatlas train``."""

from pathlib import Path
from typing import Any

import click

from zatlas.cli.program import console, images_option, out_option, wrote
from zatlas.cli.progress import epoch_lines
from zatlas.errors import InputError
from zatlas.files import parse_yaml


@click.command()
@click.option(
    "--model", required=True, metavar="MODEL", help="A preset, a model file or pasted code."
)
@images_option
@out_option("RUN", "The run folder to make.")
@click.option(
    "--valid",
    default="0.1",
    show_default=True,
    metavar="FILE|SHARE",
    help="Held-out images: an image set, or the share of --images to hold out.",
)
@click.option("--recipe", metavar="RECIPE", help="Another bottleneck and objective, as vae.")
@click.option("--scale", default=1.0, show_default=True, help="All widths times this.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Anything in the model file, as objective.kl_weight=4.",
)
@click.option("--epochs", default=30, show_default=True, help="Times through the images.")
@click.option("--batch-size", default=256, show_default=True, help="Images a step.")
@click.option("--lr", default=1e-3, show_default=True, help="Adam's step size.")
@click.option("--seed", default=0, show_default=True, help="First weights, order and noise.")
@click.option(
    "--precision",
    default="auto",
    show_default=True,
    metavar="auto|fp32|bf16",
    help="What the network computes in.",
)
@click.option("--patience", type=int, help="Stop after this many epochs without a better one.")
@click.option("--resume", is_flag=True, help="Go on with RUN, by the same command.")
@click.option("--overwrite", is_flag=True, help="Replace RUN.")
def train(
    model: str, images: str, out: Path, valid: str, recipe: str | None, scale: float,
    settings: tuple[str, ...], epochs: int, batch_size: int, lr: float,
    seed: int, precision: str, patience: int | None, resume: bool, overwrite: bool,
) -> None:  # fmt: skip
    """Train MODEL on images into the folder RUN, then measure it."""
    from zatlas.training.heap import keep_freed_blocks

    keep_freed_blocks()  # before torch takes its first large block
    from zatlas.run import file_or_share
    from zatlas.run import train as train_run

    with epoch_lines(epochs) as watcher:
        run = train_run(
            model, images, out=out, valid=file_or_share(valid), epochs=epochs,
            batch_size=batch_size, lr=lr, seed=seed, precision=precision, patience=patience,
            resume=resume, overwrite=overwrite, watcher=watcher, recipe=recipe, scale=scale,
            changes=_changes(settings),
        )  # fmt: skip
    shown = console()
    record = run.evidence("reconstruction")
    for name, metric in record["metrics"].items():
        if metric["interval"] is None:
            continue
        low, high = metric["interval"]
        shown.print(
            f"held-out {name} {metric['mean']:.4g} [{low:.4g}, {high:.4g}] {metric['unit']}, "
            f"{record['n']} images",
            markup=False,
        )
    wrote(run.path)


def _changes(settings: tuple[str, ...]) -> dict[str, Any]:
    """``KEY=VALUE`` words as keys and values, read as YAML."""
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise InputError(f"--set {setting!r}: write KEY=VALUE, as objective.kl_weight=4")
        changes[key] = parse_yaml(value, f"--set {setting!r}")
    return changes
