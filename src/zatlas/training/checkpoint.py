"""The state of a training run: one folder a checkpoint, one pointer renamed last.

A checkpoint holds everything that the rest of the run depends on; the order of images and all
noise are functions of seed, epoch and step, so their place is two numbers.
"""

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from zatlas.errors import InputError
from zatlas.files import read_text, whole_folder, write_text

POINTER, POSITION = "latest", "position.json"
TENSORS, BEST = "tensors.safetensors", "best.safetensors"
_NAME = re.compile("[0-9]{6,}-[0-9]{6,}")  # of a checkpoint: epoch and step


@dataclass
class Position:
    """How far a run has come: ``step`` batches of ``epoch`` are done (both from 0).

    ``sums`` are the running sums of the epoch's loss record over its images; ``best_loss`` and
    ``best_epoch`` belong to the best held-out epoch so far, -1 for none.
    """

    epoch: int = 0
    step: int = 0
    sums: list[float] | None = None
    best_loss: float | None = None
    best_epoch: int = -1

    @property
    def name(self) -> str:
        """The name of its checkpoint."""
        return f"{self.epoch:06d}-{self.step:06d}"

    @property
    def best_is_older(self) -> bool:
        """Whether the best weights are others than the model's own."""
        return self.best_epoch >= 0 and (self.best_epoch, 0) != (self.epoch, self.step)


def check(folder: Path, resume: bool) -> None:
    """Raises InputError where something in ``folder`` has a checkpoint's name and is none.

    To ``resume``, the pointer must name a checkpoint too.
    """
    if resume:
        _newest(folder)
    for path in folder.iterdir() if folder.is_dir() else ():
        if _NAME.fullmatch(path.name) and not _is_checkpoint(path):
            raise InputError(f"{path}: is no checkpoint that zatlas wrote; move it away")


def clear(folder: Path) -> None:
    """Remove the checkpoints in ``folder``; what zatlas did not write stays."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if _is_checkpoint(path):
            shutil.rmtree(path)


def _is_checkpoint(path: Path) -> bool:
    """Whether a folder is named as a checkpoint and holds nothing else than one does."""
    if not _NAME.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
        return False
    files = [file for file in path.iterdir() if file.is_file() and not file.is_symlink()]
    return {*path.iterdir()} == {f for f in files if f.name in (TENSORS, BEST, POSITION)}


def save(
    folder: Path, model: nn.Module, optimizer: Optimizer, position: Position,
    best: dict[str, Tensor] | None,
) -> None:  # fmt: skip
    """Write a checkpoint into ``folder``, move the pointer to it, remove the one before.

    ``best`` are the best weights where they are held in memory; None where they are the model's
    own, or those of the checkpoint before.
    """
    name = position.name
    if _is_checkpoint(folder / name):
        shutil.rmtree(folder / name)  # a run that was stopped here wrote it, and lost the pointer
    with whole_folder(folder / name) as part:
        save_file(_tensors(model, optimizer), part / TENSORS)
        if position.best_is_older:
            if best is None:
                _carry_best(folder, part)
            else:
                save_file(best, part / BEST)
        (part / POSITION).write_text(json.dumps(asdict(position)), encoding="utf-8")
    write_text(folder / POINTER, name)
    for old in folder.iterdir():
        if old.name != name and _is_checkpoint(old):
            shutil.rmtree(old, ignore_errors=True)


def load(folder: Path, model: nn.Module, optimizer: Optimizer) -> Position | None:
    """Put the newest checkpoint into model and optimizer; its position, None where there is none.

    Raises InputError where the files do not belong to this model.
    """
    place = _newest(folder)
    if place is None:
        return None
    try:
        position = Position(**json.loads((place / POSITION).read_text(encoding="utf-8")))
        if place.name != position.name:
            raise ValueError(f"{POSITION} is that of {position.name}")
        tensors = load_file(place / TENSORS)
        model.load_state_dict(_under("model.", tensors))
        if position.best_is_older or (place / BEST).exists():
            _check_best(place / BEST, model)
        state = _optimizer_state(model, optimizer, tensors)
        optimizer.load_state_dict(state)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise _unusable(place, str(error).strip().splitlines()[0]) from None
    return position


def _check_best(file: Path, model: nn.Module) -> None:
    """Raises ValueError where the file holds other weights than the model's; reads shapes alone."""
    with safe_open(file, "pt") as weights:
        found = {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118 - no mapping
    if found != {name: list(tensor.shape) for name, tensor in model.state_dict().items()}:
        raise ValueError(f"{BEST} is of another model")


def _unusable(place: Path, reason: str) -> InputError:
    return InputError(
        f"{place}: cannot be resumed from ({reason}); train anew with overwrite=True",
        arguments=("overwrite",),
    )


def best_weights(folder: Path) -> dict[str, Tensor]:
    """The best weights so far, read from the newest checkpoint."""
    place = _newest(folder)
    assert place is not None  # a run that has trained has written one
    tensors: dict[str, Tensor]
    if (place / BEST).exists():
        tensors = load_file(place / BEST)
        return tensors
    tensors = load_file(place / TENSORS)
    return _under("model.", tensors)


def weights(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the model's weights, on the CPU, in their own memory format's contiguous form."""
    return {
        name: tensor.detach().to("cpu", copy=True).contiguous()
        for name, tensor in model.state_dict().items()
    }


def _newest(folder: Path) -> Path | None:
    """The checkpoint that the pointer names; InputError where it is none in this folder."""
    if not (folder / POINTER).exists():
        return None
    name = read_text(folder / POINTER, longest=100).strip()
    if not (_NAME.fullmatch(name) and _is_checkpoint(folder / name)):
        raise _unusable(folder / POINTER, f"it names {name!r}, which is no checkpoint there")
    return folder / name


def _carry_best(folder: Path, part: Path) -> None:
    """The best weights of the checkpoint before, into a new one; the same file where it can be."""
    before = _newest(folder)
    if before is None or not (before / BEST).exists():
        save_file(best_weights(folder), part / BEST)
        return
    try:
        os.link(before / BEST, part / BEST)
    except OSError:  # not every file system has links
        shutil.copyfile(before / BEST, part / BEST)


def _tensors(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    tensors = {f"model.{k}": v.detach().contiguous() for k, v in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer.{name}.{key}"] = torch.as_tensor(value).detach().contiguous()
    return tensors


def _optimizer_state(
    model: nn.Module, optimizer: Optimizer, tensors: dict[str, Tensor]
) -> dict[str, Any]:
    groups = optimizer.state_dict()["param_groups"]
    state = {
        index: {
            key: _laid_out_as(parameter, value)
            for key, value in _under(f"optimizer.{name}.", tensors).items()
        }
        for index, (name, parameter) in enumerate(model.named_parameters())
    }
    return {"state": state, "param_groups": groups}


def _laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A moment in its parameter's memory format, in which the optimizer had made it."""
    return torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
