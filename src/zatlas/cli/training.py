"""``zatlas train``."""

from pathlib import Path
from typing import Any

import click

from zatlas.cli import options
from zatlas.cli.program import say, wrote
from zatlas.cli.progress import epoch_lines


@click.command()
@click.option("--model", required=True, metavar="MODEL",
              help="A preset of `zatlas models list`, a model file, pasted code or a run.",
)  # fmt: skip
@options.images
@options.out("RUN", "The run folder to make.")
@options.network
@options.training
@click.option("--resume", is_flag=True, help="Continue RUN, with the same command.")
@click.option("--overwrite", is_flag=True, help="Replace RUN.")
def train(out: Path, valid: str, epochs: int, resume: bool, **chosen: Any) -> None:
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
            callback=callback, **chosen,
        )  # fmt: skip
    record = kept_reconstruction(run)
    say(
        f"mean of {record.n} held-out images [95 % interval over images]; "
        "compare models by these numbers: losses of two objectives have two scales"
    )
    for name, metric in record.metrics.items():
        if metric.interval is not None:
            low, high = metric.interval
            say(f"held-out {name} {metric.mean:.4g} [{low:.4g}, {high:.4g}] {metric.unit}")
    wrote(run.path)
