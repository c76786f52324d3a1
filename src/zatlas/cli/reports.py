"""``zatlas report`` and ``zatlas demo``."""

from pathlib import Path

import click

from zatlas.cli.program import console, out_option, overwrite_option, typed_command, wrote
from zatlas.cli.progress import epoch_lines, progress_bar
from zatlas.errors import InputError
from zatlas.files import make_folder


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...",
                type=click.Path(path_type=Path))  # fmt: skip
@out_option("REPORT.html", "The page; .md, .json and the pictures go beside it.")
@overwrite_option
def report(runs: tuple[Path, ...], out: Path, overwrite: bool) -> None:
    """Write one page about one or more runs, which opens offline."""
    from zatlas.report.assemble import report_data
    from zatlas.report.build import pages, write_report
    from zatlas.run import open_run
    from zatlas.training.folder import own_files

    opened = [open_run(run) for run in runs]
    read = [file for run in opened for file in (*own_files(run.path), *run.image_files)]
    pages(out, read, overwrite=overwrite)  # before everything is drawn
    for path in write_report(report_data(opened), out, overwrite=overwrite):
        wrote(path)


@click.command()
@out_option("DIR", "The folder to make.")
@click.option("--count", default=8000, show_default=True, type=click.IntRange(min=200),
              help="Faces to render.")  # fmt: skip
@click.option("--epochs", default=30, show_default=True, type=click.IntRange(min=1))
def demo(out: Path, count: int, epochs: int) -> None:
    """Go the whole way on rendered faces: images, a trained run, edits, a report."""
    from zatlas.training.heap import keep_freed_blocks

    keep_freed_blocks()
    from zatlas.images.faces import render_faces
    from zatlas.latents.trial import try_edits
    from zatlas.pictures.plate import trial_plate
    from zatlas.pictures.style import save
    from zatlas.report.assemble import report_data
    from zatlas.report.build import write_report
    from zatlas.run import train

    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"--out {out}: exists and is not empty; give another name, or remove it")
    make_folder(out)
    shown = console()
    faces, folder = out / "faces.npy", out / "fcn-64"
    shown.print(f"1/4  rendering {count:,} faces")
    with progress_bar("faces") as advance:
        render_faces(faces, count, seed=0, progress=lambda done: advance(done, count))
    wrote(faces)
    shown.print("2/4  training fcn-64")
    with epoch_lines(epochs) as watcher:
        run = train("fcn-64", faces, out=folder, epochs=epochs, watcher=watcher)
    wrote(folder)
    shown.print("3/4  turning latent elements")
    index = [int(row) for row in run.held_out().rows[:3]]
    images = run.held_out().pictures(3)
    trial = try_edits(run.model, run.space, images, ["z[0] *= 2", "z[2] += 5", "z[3] += 2*sd"])
    save(trial_plate(trial, index, typed_command()), out / "plate.png")
    run.keep_edits(trial.record(str(faces), run.held_out_fingerprint, index, typed_command()))
    wrote(out / "plate.png")
    shown.print("4/4  writing the report")
    for path in write_report(report_data([run]), out / "report.html"):
        wrote(path)
