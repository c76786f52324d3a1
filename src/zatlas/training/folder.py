"""The folder of a run before it is trained: where it may be made, and what goes from it."""

from contextlib import suppress
from pathlib import Path

from zatlas.errors import InputError
from zatlas.files import atomic_write, clear_leftovers, is_free, read_text
from zatlas.models.model_file import ModelFile, parse_model
from zatlas.run.config import FOLDERS, MADE, ImagesRecord, RunConfig, read_config
from zatlas.training import checkpoint


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


def make_folder(folder: Path, config: RunConfig, model_file: ModelFile, resume: bool) -> RunConfig:
    """Make the run's folder, or go on with the one that is there; the configuration in force.

    ``check_place`` has let the folder pass. Without ``resume`` the parts of the run before are
    removed, once the new one's files are sure to be written; other files are left alone.
    """
    before = (folder / "config.yaml").is_file()
    for place in (folder, *(folder / name for name in FOLDERS)):
        clear_leftovers(place)
    if before and resume and (folder / "model.yaml").is_file():  # it comes second
        _check_same(folder, config, model_file)
        config = config.model_copy(update={"computing": read_config(folder).computing})
    with (
        atomic_write(folder / "model.yaml") as model,
        atomic_write(folder / "config.yaml") as asked,
    ):
        asked.write_text(config.to_yaml(), encoding="utf-8")
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


def _check_same(folder: Path, config: RunConfig, model_file: ModelFile) -> None:
    """Refuse to resume the run of another command; the first difference is named."""
    before = read_config(folder)
    was = parse_model(read_text(folder / "model.yaml"), str(folder / "model.yaml"))
    if was != model_file.long_form():
        raise InputError(
            f"resume=True: {folder} holds a different model than {config.model!r}",
            arguments=("resume",),
        )
    pairs = {"images": (before.images, config.images), "valid": (before.valid, config.valid)}
    for name, (then, now) in pairs.items():
        if _identity(then) != _identity(now):
            raise InputError(
                f"resume=True: {name} differ from those that {folder} began with",
                arguments=("resume",),
            )
    for name, given in config.training.model_dump().items():
        began = getattr(before.training, name)
        if began != given and not (name == "epochs" and given > began):
            rule = "may grow, not shrink" if name == "epochs" else "cannot change"
            raise InputError(
                f"resume=True: {folder} began with {name}={began}, and {name}={given} is given; "
                f"it {rule}",
                arguments=("resume", name),
            )


def _identity(images: float | ImagesRecord) -> float | str:
    return images if isinstance(images, float) else images.fingerprint
