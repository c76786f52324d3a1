"""Every step on rendered faces: images, a trained run, edits, a report."""

import os
from collections.abc import Callable
from pathlib import Path

from zatlas.errors import argument_error
from zatlas.files import make_folder
from zatlas.images import open_images
from zatlas.images.faces import render_faces
from zatlas.report.assemble import report_data
from zatlas.report.build import write_report
from zatlas.run.evidence import keep_edits
from zatlas.training.callbacks import Callback
from zatlas.workflows.edits import draw_plate
from zatlas.workflows.train import train

EDITS = ("z[0] *= 2", "z[2] += 5", "z[3] += 2*sd")


def demo(
    out: str | os.PathLike[str], *, count: int = 8000, epochs: int = 30, command: str = "",
    progress: Callable[[int, int], None] | None = None, callback: Callback | None = None,
    step: Callable[[str], None] | None = None,
) -> list[Path]:  # fmt: skip
    """Render faces, train ``fcn-64`` on them, draw three edits, write the report.

    Parameters
    ----------
    out : the folder to make.
    count : the number of faces.
    epochs : of the training.
    command : the command that is written under the plate.
    progress : called with (done, total) faces.
    callback : called while training.
    step : called with a line of text before each step.

    Returns
    -------
    The plate, the page, its Markdown and its JSON file.

    Raises
    ------
    InputError
        ``out`` exists and is not empty.
    """
    folder = Path(out)
    if folder.is_dir() and any(folder.iterdir()):
        fault = "exists and is not empty; give another name, or remove it"
        raise argument_error("out", folder, fault)
    make_folder(folder)
    step = step or (lambda _: None)
    faces = folder / "faces.npy"
    step(f"1/4  rendering {count:,} faces")
    render_faces(faces, count, seed=0, progress=lambda done: progress and progress(done, count))
    step("2/4  training fcn-64")
    run = train("fcn-64", faces, out=folder / "fcn-64", epochs=epochs, callback=callback)
    step("3/4  editing latent elements")
    index = [int(row) for row in run.held_out().rows[:3]]
    plate = draw_plate(run, EDITS, open_images(faces), index, count=0, command=command)
    plate.save(folder / "plate.png")
    keep_edits(run, plate.record)
    step("4/4  writing the report")
    return [folder / "plate.png", *write_report(report_data([run]), folder / "report.html")]
