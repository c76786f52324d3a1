"""Checkpoints: the state of a training run in ``state/``, one folder each.

A checkpoint is written whole; then the pointer to it is renamed, and the one before goes.
"""

import json
import os
import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from zatlas.errors import InputError
from zatlas.files import atomic_folder, read_text, write_text
from zatlas.run.paths import POINTER
from zatlas.training.state import Position, TrainState

TENSORS, BEST, POSITION = "tensors.safetensors", "best.safetensors", "position.json"
Tensors = dict[str, Tensor]  # by name
_NAME = re.compile("[0-9]{6,}-[0-9]{6,}")  # of a checkpoint: epoch and step


def check(folder: Path, resume: bool) -> None:
    """Raises InputError where something in ``folder`` has a checkpoint's name and is none.

    To ``resume``, the pointer must name a checkpoint too.
    """
    if resume:
        _newest(folder)
    for path in folder.glob("*"):
        if _NAME.fullmatch(path.name) and not _is_checkpoint(path):
            raise InputError(f"{path}: is no checkpoint that zatlas wrote; move it away")


def clear(folder: Path, keep: str = "", ignore_errors: bool = False) -> None:
    """Remove the checkpoints in ``folder`` but ``keep``; what zatlas did not write stays."""
    for path in folder.glob("*"):
        if path.name != keep and _is_checkpoint(path):
            shutil.rmtree(path, ignore_errors=ignore_errors)


def _is_checkpoint(path: Path) -> bool:
    """Whether a folder is named as a checkpoint and holds nothing else than one does."""
    if not _NAME.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
        return False
    files = [file for file in path.iterdir() if file.is_file() and not file.is_symlink()]
    return {*path.iterdir()} == {f for f in files if f.name in (TENSORS, BEST, POSITION)}


def save(folder: Path, state: TrainState) -> None:
    """Write a checkpoint into ``folder``, move the pointer to it, remove the one before.

    The best weights are taken from ``state.best``, else from the checkpoint before, where they are
    others than those measured now.
    """
    position, name = state.position, state.position.name
    if _is_checkpoint(folder / name):
        shutil.rmtree(folder / name)  # a run that was stopped here wrote it, and lost the pointer
    with atomic_folder(folder / name) as part:
        save_file(_tensors(state), part / TENSORS)
        if position.best_is_older and state.best is None:
            _carry_best(folder, part)
        elif position.best_is_older:
            save_file(state.best, part / BEST)
        (part / POSITION).write_text(json.dumps(asdict(position)), encoding="utf-8")
    write_text(folder / POINTER, name)
    clear(folder, keep=name, ignore_errors=True)


def load(folder: Path, state: TrainState) -> bool:
    """Put the newest checkpoint into ``state``; False where there is none.

    Raises InputError where the files do not belong to this model.
    """
    place, model = _newest(folder), state.model
    if place is None:
        return False
    try:
        position = Position(**json.loads((place / POSITION).read_text(encoding="utf-8")))
        if place.name != position.name:
            raise ValueError(f"{POSITION} is that of {position.name}")
        tensors = load_file(place / TENSORS)
        model.load_state_dict(_under("model.", tensors))
        if state.average is not None:
            state.average.load_state_dict(_under("average.", tensors))
        if position.best_is_older or (place / BEST).exists():
            _check_best(place / BEST, model)
        for name, optimizer in state.optimizers.items():
            moments = _under(f"optimizer.{name}.", tensors)
            if name == "model" and not moments:  # zatlas 0.1.0 had one optimizer, without a name
                moments = _under("optimizer.", tensors)
            optimizer.load_state_dict(_optimizer_state(model, optimizer, moments))
        state.position = position
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise _unusable(place, str(error).strip().splitlines()[0]) from None
    return True


def _check_best(file: Path, model: nn.Module) -> None:
    """Raises ValueError where the file holds other weights than the model's; reads shapes alone."""
    with safe_open(file, "pt") as weights:
        found = {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118 - no mapping
    if found != {name: list(tensor.shape) for name, tensor in model.state_dict().items()}:
        raise ValueError(f"{BEST} is of another model")


def _unusable(place: Path, reason: str) -> InputError:
    message = f"{place}: cannot be resumed from ({reason}); train anew with overwrite=True"
    return InputError(message, arguments=("overwrite",))


def best_weights(folder: Path) -> Tensors:
    """The best weights so far, read from the newest checkpoint."""
    place = _newest(folder)
    assert place is not None  # a run that has trained has written one
    best = place / BEST
    if best.exists():
        return dict(load_file(best))
    tensors = load_file(place / TENSORS)
    return _under("average.", tensors) or _under("model.", tensors)


def _newest(folder: Path) -> Path | None:
    """The checkpoint that the pointer names; InputError where it is none in this folder."""
    if not (folder / POINTER).exists():
        return None
    name = read_text(folder / POINTER, longest=100).strip()
    if not (_NAME.fullmatch(name) and _is_checkpoint(folder / name)):
        raise _unusable(folder / POINTER, f"it names {name!r}, which is no checkpoint there")
    return folder / name


def epochs_done(folder: Path) -> int:
    """The whole epochs that the newest checkpoint has behind it; 0 where there is none."""
    place = _newest(folder)
    return int(place.name.partition("-")[0]) if place else 0


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


def _tensors(state: TrainState) -> Tensors:
    tensors = _named("model.", state.model)
    if state.average is not None:
        tensors |= _named("average.", state.average)
    for optimizer_name, optimizer in state.optimizers.items():
        for name, parameter in _parameters(state.model, optimizer):
            for key, value in optimizer.state.get(parameter, {}).items():
                tensor = torch.as_tensor(value).detach().contiguous()
                tensors[f"optimizer.{optimizer_name}.{name}.{key}"] = tensor
    return tensors


def _named(prefix: str, model: nn.Module) -> Tensors:
    return {prefix + k: v.detach().contiguous() for k, v in model.state_dict().items()}


def _optimizer_state(model: nn.Module, optimizer: Optimizer, tensors: Tensors) -> dict[str, Any]:
    """What ``optimizer.load_state_dict`` takes; torch.distributed.checkpoint has the same, but
    lays moments out anew and costs a second of imports.
    """
    state = [
        {key: _laid_out_as(parameter, value) for key, value in _under(f"{name}.", tensors).items()}
        for name, parameter in _parameters(model, optimizer)
    ]
    groups = optimizer.state_dict()["param_groups"]
    return {"state": dict(enumerate(state)), "param_groups": groups}


def _parameters(model: nn.Module, optimizer: Optimizer) -> list[tuple[str, nn.Parameter]]:
    """The parameters of an optimizer in its order, with their names in the model."""
    names = {parameter: name for name, parameter in model.named_parameters()}
    return [(names[p], p) for group in optimizer.param_groups for p in group["params"]]


def _laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A moment in its parameter's memory format, in which the optimizer had made it."""
    return torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value


def _under(prefix: str, tensors: Tensors) -> Tensors:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
