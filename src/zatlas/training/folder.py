"""The folder of a run: what was asked, and whether it is the same that is asked again."""

import platform
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from pydantic import BaseModel, ValidationError

from zatlas import __version__
from zatlas.errors import InputError
from zatlas.files import clear_leftovers, is_free, parse_yaml, read_text, whole
from zatlas.images import ImageSet
from zatlas.models.modelfile import ModelFile, parse_model
from zatlas.models.precision import Precision
from zatlas.training import checkpoint
from zatlas.training.plan import Plan

FORMAT = 1  # of the run folder; a run of a newer zatlas is refused, not misread
EVIDENCE = ("reconstruction.json", "edits.json", "atlas.json", "atlas.npz")
ASKED = ("config.yaml", "model.yaml")
MADE = (  # the other files of a run, but for the checkpoints in state/
    "model.safetensors", "codes.npz", "history.csv", "names.yaml",
    *(f"evidence/{name}" for name in EVIDENCE), f"state/{checkpoint.POINTER}",
)  # fmt: skip
FOLDERS = ("evidence", "state")


class _Images(BaseModel):
    path: str | None
    count: int
    fingerprint: str


class _Config(BaseModel):
    """What ``config.yaml`` must have for a run to be opened and gone on with."""

    model: str
    images: _Images
    valid: float | _Images
    training: Plan
    versions: dict[str, str]
    machine: dict[str, str]
    computing: dict[str, Any]
    command: str | None


def configuration(
    model: object, images: ImageSet, held_out: float | ImageSet, asked: Plan, picked: Precision
) -> dict[str, Any]:
    """What was asked, resolved, and what it ran with."""
    name = "model file" if isinstance(model, ModelFile) else str(model)
    return {
        "format": FORMAT,
        "model": name,
        "images": _described(images),
        "valid": held_out if isinstance(held_out, float) else _described(held_out),
        "training": asked.model_dump(),
        "versions": {
            "zatlas": __version__, "python": platform.python_version(),
            "torch": str(torch.__version__), "numpy": np.__version__,
        },
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "device": str(torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"),
        },
        "computing": {**asdict(picked), "threads": torch.get_num_threads()},
        "command": " ".join(map(shlex.quote, ["zatlas", *sys.argv[1:]])) if _is_program() else None,
    }  # fmt: skip


def _described(images: ImageSet) -> dict[str, Any]:
    path = None if images.path is None else str(images.path)
    return {"path": path, "count": len(images), "fingerprint": images.fingerprint()}


def _is_program() -> bool:
    return Path(sys.argv[0]).name in ("zatlas", "__main__.py")


def check_place(folder: Path, resume: bool, overwrite: bool) -> None:
    """Raises InputError unless a run may be made, or gone on with, in ``folder``."""
    modes = ("resume", "overwrite")
    if resume and overwrite:
        raise InputError(
            "resume=True and overwrite=True: give one of them, not both", arguments=modes
        )
    if is_free(folder):
        return
    if not (folder / "config.yaml").is_file():
        raise InputError(
            f"out={folder}: exists and is no run folder; give another name", arguments=("out",)
        )
    if not (resume or overwrite):
        raise InputError(
            f"out={folder}: exists; go on with resume=True, replace it with overwrite=True, or "
            "give another name",
            arguments=("out", *modes),
        )
    read_config(folder)  # any project may have a config.yaml: only a run's own is written over
    checkpoint.check(folder / "state", resume)
    begun = any((folder / name).exists() for name in MADE)  # by settings that nobody knows now
    if resume and begun and not (folder / "model.yaml").exists():
        raise InputError(
            f"{folder / 'model.yaml'}: missing, and the run has begun; put it back, or train anew "
            "with overwrite=True",
            arguments=("overwrite",),
        )


def own_files(folder: Path) -> list[Path]:
    """The files that zatlas reads and writes in the folder of a run, whether they exist or not."""
    checkpoints = (folder / "state").glob("*/*")
    return [*(folder / name for name in (*ASKED, *MADE)), *checkpoints]


def check_own(folder: Path) -> None:
    """Raises InputError where a file of a run is none, or a link, which leads out of the folder."""
    for name in (*FOLDERS, *ASKED, *MADE):
        path = folder / name
        if path.is_symlink():
            raise InputError(
                f"{path}: is a link, and a run may hold none; put the file itself there"
            )
        if path.exists() and not (path.is_dir() if name in FOLDERS else path.is_file()):
            raise InputError(f"{path}: is not of the kind that zatlas makes there; move it away")


def make_folder(
    folder: Path, config: dict[str, Any], model_file: ModelFile, resume: bool
) -> dict[str, Any]:
    """Make the run's folder, or go on with the one that is there; the configuration in force.

    ``check_place`` has let the folder pass. Without ``resume`` the parts of the run before are
    removed, once the new one's files are sure to be written; other files are left alone.
    """
    before = (folder / "config.yaml").is_file()
    for place in (folder, *(folder / name for name in FOLDERS)):
        clear_leftovers(place)
    if before and resume and (folder / "model.yaml").is_file():  # it comes second
        _check_same(folder, config, model_file)
        config = config | {"computing": read_config(folder)["computing"]}  # not chosen anew
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    with whole(folder / "model.yaml") as model, whole(folder / "config.yaml") as asked:
        asked.write_text(text, encoding="utf-8")
        model.write_text(model_file.long_form().to_yaml(), encoding="utf-8")
        if before and not resume:
            _clear(folder)
    return config


def _clear(folder: Path) -> None:
    """Remove what a run has made beside what was asked, and its folders where they are empty."""
    checkpoint.clear(folder / "state")
    for name in MADE:
        (folder / name).unlink(missing_ok=True)
    for name in FOLDERS:
        with suppress(OSError):  # a user's file stands in it
            (folder / name).rmdir()


@contextmanager
def computing_as(config: dict[str, Any]) -> Iterator[Precision]:
    """The precision and the threads that a run began with; the caller's threads again behind it."""
    recorded = dict(config["computing"])
    before, threads = torch.get_num_threads(), recorded.pop("threads")
    torch.set_num_threads(threads)
    try:
        yield Precision(**recorded)
    finally:
        torch.set_num_threads(before)


def _check_same(folder: Path, config: dict[str, Any], model_file: ModelFile) -> None:
    """Resuming another run's folder is refused, with the first difference named."""
    before = read_config(folder)
    was = parse_model(read_text(folder / "model.yaml"), str(folder / "model.yaml"))
    if was != model_file.long_form():
        raise InputError(f"--resume {folder}: its model is another one than {config['model']!r}")
    for part in ("images", "valid"):
        then, now = before[part], config[part]
        if isinstance(then, dict) and isinstance(now, dict):
            then, now = then["fingerprint"], now["fingerprint"]
        if then != now:
            raise InputError(f"--resume {folder}: --{part} are other images than it began with")
    for key, now in config["training"].items():
        then = before["training"].get(key)
        if key == "epochs" and now >= then:
            continue
        if then != now:
            mend = "may grow, not shrink" if key == "epochs" else "cannot change"
            option = "--" + key.replace("_", "-")
            raise InputError(f"--resume {folder}: {option} was {then}, and is {now} now; it {mend}")


def read_config(folder: Path) -> dict[str, Any]:
    """The ``config.yaml`` of a run; InputError where there is none, or a newer zatlas's.

    Whatever is done with a run begins here, so here its folder is searched for links.
    """
    file = folder / "config.yaml"
    check_own(folder)
    if not file.exists():
        raise InputError(f"{folder}: is no run folder (no config.yaml in it); give a trained run")
    config = parse_yaml(read_text(file), str(file))
    if not isinstance(config, dict) or not isinstance(config.get("format"), int):
        raise InputError(f"{file}: is no configuration of a run; give another folder")
    if config["format"] > FORMAT:
        versions = config.get("versions")
        made = versions.get("zatlas", "?") if isinstance(versions, dict) else "?"
        raise InputError(f"{file}: was made by a newer zatlas, {made}; upgrade to open it")
    try:
        _Config.model_validate(config)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise InputError(
            f"{file}: {where}: {fault['msg']}; it was cut short or changed: copy it anew"
        ) from None
    return config
