"""How many seconds until the held-out error that the notebook's loop ends at?

python benchmarks/time_to_quality.py TRAIN.npy VALID.npy OUT.csv
            [--models fcn-10,fcn-64,conv-26m] [--seeds 3] [--rounds 3]

The target is the held-out error after the last of 30 epochs with the notebook's settings: Adam
with a constant 0.001, batches of 256. A network of the same widths is then trained with the
settings that are judged (JUDGED), and the first epoch is found after which its error is no higher
than the target. `conv-26m` is a convolutional network with as many parameters as `fcn-64`. The
settings were chosen on rendered faces (`zatlas images render --framing close --count 4350
--seed 7`, the last 750 held out), seed 0.

Seconds are epochs times images, divided by the images/s of training alone. The speeds of the two
loops are measured in turns, so that other work on the machine does not favour one: that of the
notebook's own loop (loops.py) and that of `zatlas train`. `wall` is the time that the trainings
took here, both in zatlas, with held-out images and checkpoints. A row that the file already has is
not measured again, so that the work can be done in pieces.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

import zatlas
from tables import read, write
from training_speed import loop
from training_speed import zatlas as speed_of_zatlas
from zatlas.models.model_file import ModelFile, model_from, read_model

NOTEBOOK = {"epochs": 30, "batch_size": 256, "lr": 1e-3, "schedule": "constant"}
BATCH_SIZE = 64
SETTINGS = {"batch_size": BATCH_SIZE, "lr": 2e-3, "schedule": "one-cycle"}  # that are judged


class Judged(NamedTuple):
    """What else is judged of a network."""

    epochs: int
    between: str  # the options of its short forms: what stands between layers


JUDGED = {
    "fcn-10": Judged(13, ""),
    "fcn-64": Judged(12, "norm=group, activation=SiLU"),
    "conv-26m": Judged(12, "norm=batch, activation=SiLU"),
}
SPEED_IMAGES, SPEED_EPOCHS = 1536, 2  # the first epoch is left out


def networks(name: str) -> tuple[ModelFile, ModelFile]:
    """The network as the notebook would have it, and as the settings that are judged have it."""
    options = JUDGED[name].between
    if name == "conv-26m":
        return convolutional(), convolutional(f", {options}")
    if not options:
        return read_model(name), read_model(name)
    widths = "1024, 512, 256, 128, 64"  # those of fcn-64
    back = ", ".join(reversed(widths.split(", ")))
    decoder = [f"mlp({back}, {options})", "Tanh()"]
    return read_model(name), model_from(
        {"encoder": f"mlp({widths}, {options})", "decoder": decoder}, name
    )


def convolutional(options: str = "") -> ModelFile:
    """A convolutional network of 26.6 million parameters, with 64 latent elements."""
    encoder = [f"conv(32, 64, 128, 256{options})", "Linear(4096, 3027)", "ReLU()",
               "Linear(3027, 64)"]  # fmt: skip
    decoder = ["Linear(64, 3027)", "ReLU()", "Linear(3027, 4096)", "ReLU()",
               f"conv(256, 128, 64, 32{options})", "Tanh()"]  # fmt: skip
    return model_from({"encoder": encoder, "decoder": decoder}, "conv-26m")


def errors(
    model: ModelFile, asked: argparse.Namespace, seed: int, settings: dict[str, object]
) -> tuple[list[float], list[float]]:
    """The held-out error after each epoch, and the seconds that each took."""
    with tempfile.TemporaryDirectory() as place:
        run = zatlas.train(
            model, asked.train, valid=asked.valid, out=Path(place) / "run", seed=seed,
            progress=False, **settings,
        )  # fmt: skip
        rows = run.history  # before the folder goes
    return [row.valid_loss for row in rows], [row.seconds for row in rows]


def speeds(pair: tuple[ModelFile, ModelFile], asked: argparse.Namespace) -> tuple[float, float]:
    """Median images/s of the notebook's loop and of zatlas, measured in turns."""
    found: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        images = Path(place) / "images.npy"
        np.save(images, np.load(asked.train, mmap_mode="r")[:SPEED_IMAGES])
        files = [Path(place) / f"{i}.yaml" for i in range(2)]
        for file, model in zip(files, pair, strict=True):
            file.write_text(model.to_yaml(), encoding="utf-8")
        for _ in range(asked.rounds):
            theirs = loop("notebook", str(files[0]), images, 256, SPEED_EPOCHS)
            ours = speed_of_zatlas(str(files[1]), images, BATCH_SIZE, SPEED_EPOCHS)[0]
            found.append((theirs, ours))
    return median(theirs for theirs, _ in found), median(ours for _, ours in found)


def measured(name: str, seed: int, asked: argparse.Namespace) -> dict[str, object]:
    """One row of the table."""
    pair = networks(name)
    settings: dict[str, object] = {"epochs": JUDGED[name].epochs, **SETTINGS}
    target_errors, target_wall = errors(pair[0], asked, seed, NOTEBOOK)
    own_errors, own_wall = errors(pair[1], asked, seed, settings)
    theirs, ours = speeds(pair, asked)
    target, images = target_errors[-1], len(np.load(asked.train, mmap_mode="r"))
    needed = next((i for i, error in enumerate(own_errors, 1) if error <= target), None)
    row: dict[str, object] = {
        "model": name, "seed": seed, **settings, "between": JUDGED[name].between,
        "notebook_error": round(target, 5), "error": round(own_errors[-1], 5),
        "epochs_needed": needed, "notebook_images_per_second": round(theirs),
        "images_per_second": round(ours),
        "notebook_seconds": round(NOTEBOOK["epochs"] * images / theirs, 1),
    }  # fmt: skip
    if needed is not None:
        row["seconds"] = round(needed * images / ours, 1)
        row["times_sooner"] = round(NOTEBOOK["epochs"] * ours / (needed * theirs), 2)
        row["wall"] = round(sum(own_wall[:needed]), 1)
    row["wall_with_notebook_settings"] = round(sum(target_wall), 1)
    return row


def main() -> None:
    """A row a model and seed; written after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", default="fcn-10,fcn-64,conv-26m")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    zatlas.configure_process()
    rows = read(asked.out)
    there = {(row["model"], str(row["seed"])) for row in rows}
    for name in asked.models.split(","):
        for seed in range(asked.seeds):
            if (name, str(seed)) not in there:
                rows.append(measured(name, seed, asked))
                print(rows[-1], flush=True)
                write(asked.out, rows)


if __name__ == "__main__":
    main()
