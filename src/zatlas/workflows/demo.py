"""Every step on rendered faces: images, a trained run, its atlas, edits, a report."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zatlas.errors import argument_error
from zatlas.evidence.account.sentences import label, summary
from zatlas.evidence.records import AtlasRecord
from zatlas.files import make_folder
from zatlas.images import open_images
from zatlas.images.faces import render_faces
from zatlas.report.assemble import report_data
from zatlas.report.build import write_report
from zatlas.report.data import command
from zatlas.run.evidence import keep_edits, kept_reconstruction
from zatlas.run.run import Run
from zatlas.training.callbacks import Callback
from zatlas.workflows.atlas import measure_atlas
from zatlas.workflows.edits import draw_plate
from zatlas.workflows.progress import default_progress
from zatlas.workflows.train import train

MODEL = "conv-bn-64"
# on two cores: to render a face, to train on it once, and the rest of the demo
SECONDS_A_FACE, SECONDS_A_STEP_OF_A_FACE, SECONDS_BESIDE = 0.003, 0.0031, 130
_IMAGES_MEASURED = 256  # for the atlas: half of the usual number, in half of the time
_SHOWN = 3  # elements that are edited and named, the strongest; images of the plate


@dataclass(frozen=True)
class DemoResult:
    """What a demo made: the trained run, the files, and what was found, a sentence each.

    ``next_commands`` are two that go on from there.
    """

    run: Run
    written: list[Path]
    found: list[str]
    next_commands: list[str]


def demo(
    out: str | os.PathLike[str], *, count: int = 10_000, epochs: int = 9,
    counter: Callable[[str], Callable[[int, int], None] | None] = default_progress,
    callback: Callback | None = None, step: Callable[[str], None] = lambda _: None,
) -> DemoResult:  # fmt: skip
    """Render faces, train ``conv-bn-64`` on them, measure its elements, edit three, write a report.

    Parameters
    ----------
    out : the folder to make.
    count : the number of faces.
    epochs : of the training.
    counter : gives, for the name of what is counted, a function of (done, total), or None.
    callback : called while training.
    step : called with a line of text before each step.

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
    faces, factors = folder / "faces.npy", folder / "faces.csv"
    seconds = count * (SECONDS_A_FACE + epochs * SECONDS_A_STEP_OF_A_FACE) + SECONDS_BESIDE
    step(f"The whole demo takes about {math.ceil(seconds / 60)} minutes on two cores.")
    step(f"1/5  rendering {count:,} faces with known factors")
    shown = counter("faces")
    render_faces(
        faces, count, seed=0, framing="close",
        progress=lambda done: shown(done, count) if shown else None,
    )  # fmt: skip
    step(f"2/5  training {MODEL}, {epochs} epoch{'s' * (epochs != 1)}")
    run = train(
        MODEL, faces, out=folder / MODEL, epochs=epochs, batch_size=16, lr=4e-3,
        schedule="one-cycle", callback=callback,
    )  # fmt: skip
    step(f"3/5  measuring what each of {run.model.latent} latent elements does")
    atlas = measure_atlas(
        run, factors=factors, count=_IMAGES_MEASURED, progress=counter("elements")
    )
    step("4/5  editing the strongest elements")
    typed = _edit(run, faces, atlas, folder / "plate.png")
    step("5/5  writing the report")
    written = [folder / "plate.png", *write_report(report_data([run]), folder / "report.html")]
    return DemoResult(run, written, _found(run, atlas), [typed, command("atlas", run.path)])


def _edit(run: Run, faces: Path, atlas: AtlasRecord, out: Path) -> str:
    """Draw edits of the strongest elements; the command that edits the next one."""
    edits = [f"z[{effect.element}] += 2*sd" for effect in atlas.elements]
    rows = [int(row) for row in run.held_out().rows[:_SHOWN]]
    index = ",".join(map(str, rows))

    def typed(texts: list[str], to: Path) -> str:
        return command("edit", run.path, "--images", faces, "--index", index, *texts, "--out", to)

    made = edits[:_SHOWN]
    plate = draw_plate(run, made, open_images(faces), rows, command=typed(made, out))
    plate.save(out)
    keep_edits(run, plate.record)
    return typed(edits[_SHOWN : _SHOWN + 1], out.with_name("plate-2.png"))


def _found(run: Run, atlas: AtlasRecord) -> list[str]:
    """How well the network reconstructs, and what its strongest elements do."""
    measured = kept_reconstruction(run)
    scores = {name: metric.mean for name, metric in measured.metrics.items()}
    strongest = "; ".join(f"{label(one)}: {summary(one)}" for one in atlas.elements[:_SHOWN])
    return [
        f"{measured.n:,} faces that it was not trained on are reconstructed with a PSNR of "
        f"{scores['psnr']:.1f} dB and an SSIM of {scores['ssim']:.2f}.",
        f"{atlas.usage.used} of {len(atlas)} latent elements are used.",
        f"The strongest elements, moved up by one standard deviation: {strongest}.",
    ]
