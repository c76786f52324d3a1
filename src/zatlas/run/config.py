"""``config.yaml``: what a run was asked to do, and what it ran with."""

import difflib
import math
import platform
import shlex
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zatlas import __version__
from zatlas.errors import InputError, argument_error
from zatlas.files import read_text
from zatlas.images import ImageSet
from zatlas.models.architecture import Architecture
from zatlas.models.layers import arguments
from zatlas.models.model_file import ModelFile
from zatlas.models.precision import Precision
from zatlas.plain_yaml import parse_yaml
from zatlas.recipes.schedules import RateSchedule
from zatlas.run.paths import RunPaths
from zatlas.syntax import format_call

_LATER_SETTINGS = {"schedule", "ema"}  # of a training, that older configurations do not have
FORMAT = 1  # of the run folder; a run of a newer zatlas is refused, not misread


class TrainConfig(BaseModel):
    """The settings of one training run.

    Parameters
    ----------
    epochs
        The number of times through the training images.
    batch_size
        Images a step, over all processes.
    lr
        The learning rate of Adam.
    schedule
        How the learning rate changes from the first step to the last: ``constant``; ``cosine``,
        half a cosine wave from ``lr`` to 0; or ``one-cycle``, which rises from ``lr`` / 25 to
        ``lr`` in the first 30 % of the steps and then falls to 0. With the last two the epochs of
        a run cannot grow.
    ema
        The decay of an exponential moving average of the weights, as 0.999: the averages are
        measured on held-out images and kept, in place of the weights themselves. None: no average.
    seed
        What the first weights, the order of the images and the noise are drawn by.
    precision
        What the network computes in; ``auto`` takes bfloat16 where the hardware multiplies in it.
    patience
        The number of epochs without a lower held-out loss after which training stops; None: never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=256, ge=1)
    lr: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    schedule: RateSchedule = "constant"
    ema: float | None = Field(default=None, gt=0, lt=1)
    seed: int = Field(default=0, ge=0, lt=2**63)
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    patience: int | None = Field(default=None, ge=1)


def train_config(**settings: object) -> TrainConfig:
    """A checked TrainConfig; InputError names the setting, its value and what was expected.

    >>> train_config(epochs=5).batch_size
    256
    """
    try:
        return TrainConfig.model_validate(settings)
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        if fault["type"] == "extra_forbidden":
            raise InputError(f"unknown training setting {name!r}") from None
        raise InputError(f"{name}={fault['input']!r}: {fault['msg']}", arguments=(name,)) from None


def check_batches(config: TrainConfig, network: Architecture) -> None:
    """Raise InputError where batches of one image meet a layer that takes a batch's statistics."""
    for row in network.rows if config.batch_size == 1 else ():
        by_batch = row.call.name in ("BatchNorm1d", "BatchNorm2d")
        if row.call.name == "Residual":
            by_batch = arguments(row.call)["norm"] == "batch"
        if by_batch and math.prod(row.shape[1:]) == 1:
            layer = f"{row.part} layer {row.index} {format_call(row.call)}"
            fault = f"{layer} takes the mean of a batch; give 2 or more"
            raise argument_error("batch_size", 1, fault)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ImagesRecord(_Frozen):
    """An image set: its file (None where an array was given), and what tells it from others."""

    path: str | None
    count: int = Field(ge=1)
    fingerprint: str


class Computing(_Frozen):
    """What a run computes in: its precision, and the settings of the process that it began in."""

    name: Literal["fp32", "bf16"]
    matmul: str  # torch's float32 matmul precision
    why: str
    compiled: bool = False
    threads: int = Field(ge=1)

    @property
    def precision(self) -> Precision:
        """The precision that was picked."""
        return Precision(self.name, self.why, self.compiled)


class RunConfig(_Frozen):
    """What a run was asked to do, resolved, and what it ran with.

    ``model`` is the name of the model, ``valid`` the held-out fraction of ``images`` or an image
    set of its own, ``command`` the command that was typed, None in Python.
    """

    format: int
    model: str
    images: ImagesRecord
    valid: float | ImagesRecord
    training: TrainConfig
    versions: dict[str, str]
    machine: dict[str, str]
    computing: Computing
    command: str | None

    @property
    def held_out(self) -> ImagesRecord:
        """The image set that holds the held-out images."""
        return self.images if isinstance(self.valid, float) else self.valid

    @property
    def held_out_count(self) -> int:
        """The number of held-out images."""
        valid = self.valid
        return round(valid * self.images.count) if isinstance(valid, float) else valid.count

    def to_yaml(self) -> str:
        """The text of ``config.yaml``."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)


def run_config(
    model: object, images: ImageSet, held_out: float | ImageSet, training: TrainConfig,
    precision: Precision,
) -> RunConfig:  # fmt: skip
    """The configuration of a run that begins now, in this process."""
    device = str(torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu")
    is_program = Path(sys.argv[0]).name in ("zatlas", "__main__.py")
    return RunConfig(
        format=FORMAT,
        model="model file" if isinstance(model, ModelFile) else str(model),
        images=_described(images),
        valid=held_out if isinstance(held_out, float) else _described(held_out),
        training=training,
        versions={"zatlas": __version__, "python": platform.python_version(),
                  "torch": str(torch.__version__), "numpy": np.__version__},
        machine={"processor": platform.processor() or platform.machine(), "device": device},
        computing=Computing(**precision._asdict(), matmul=torch.get_float32_matmul_precision(),
                            threads=torch.get_num_threads()),
        command=shlex.join(["zatlas", *sys.argv[1:]]) if is_program else None,
    )  # fmt: skip


def _described(images: ImageSet) -> ImagesRecord:
    path = None if images.path is None else str(images.path)
    return ImagesRecord(path=path, count=len(images), fingerprint=images.fingerprint())


def own_files(folder: Path) -> list[Path]:
    """The files that zatlas reads and writes in the folder of a run, whether they exist or not."""
    paths = RunPaths(folder)
    return [*paths.asked, *paths.made, *paths.state.glob("*/*")]


def check_own(folder: Path) -> None:
    """Raises InputError where a file of a run is none, or a link, which leads out of the folder."""
    paths = RunPaths(folder)
    for path in (*paths.folders, *paths.asked, *paths.made):
        if path.is_symlink():
            fault = "is a link, and a run may hold none; put the file itself there"
            raise InputError(f"{path}: {fault}")
        if path.exists() and not (path.is_dir() if path in paths.folders else path.is_file()):
            raise InputError(f"{path}: is not of the kind that zatlas makes there; move it away")


def _nearest_run(folder: Path) -> str:
    """The end of an error about a folder that is no run: the run of the most similar name."""
    places = [folder.parent, folder.parent / "runs", folder.parent.parent / "runs"]
    there = [file.parent for place in places for file in sorted(place.glob("*/config.yaml"))]
    named = {run.name: run for run in reversed(there)}
    close = difflib.get_close_matches(folder.name, named, n=1)
    if close:
        return f"did you mean {str(named[close[0]])!r}?"
    return f"give a trained run{f', as {there[0]}' if there else ''}"


def read_config(folder: Path) -> RunConfig:
    """The ``config.yaml`` of a run; InputError where there is none, or a newer zatlas's.

    Whatever is done with a run begins here, so here its folder is searched for links.
    """
    file = folder / "config.yaml"
    check_own(folder)
    if not file.exists():
        missing = "no config.yaml in it" if folder.exists() else "it does not exist"
        raise InputError(f"{folder}: is no run folder ({missing}); {_nearest_run(folder)}")
    config = parse_yaml(read_text(file), str(file))
    if not isinstance(config, dict) or not isinstance(config.get("format"), int):
        raise InputError(f"{file}: is no configuration of a run; give another folder")
    if config["format"] > FORMAT:
        versions = config.get("versions")
        made = versions.get("zatlas", "?") if isinstance(versions, dict) else "?"
        raise InputError(f"{file}: was made by a newer zatlas, {made}; upgrade to open it")
    if isinstance(given := config.get("training"), dict):
        for name in TrainConfig.model_fields.keys() - given.keys() - _LATER_SETTINGS:
            raise InputError(f"{file}: training.{name}: Field required; copy it anew")
    try:
        return RunConfig.model_validate(config, strict=True)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        hint = "it was cut short or changed: copy it anew"
        raise InputError(f"{file}: {where}: {fault['msg']}; {hint}") from None
