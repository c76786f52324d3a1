"""The folder of a run before it is trained: where it may be made, and what goes from it."""

from contextlib import ExitStack, suppress
from pathlib import Path

from zatlas.errors import InputError
from zatlas.files import atomic_write, clear_leftovers, folder_for, is_free, read_text
from zatlas.locks import one_writer
from zatlas.models.model_file import ModelFile, parse_model
from zatlas.run.config import RunConfig, TrainConfig, read_config
from zatlas.run.paths import RunPaths
from zatlas.training import checkpoint


def check_place(folder: Path, resume: bool, overwrite: bool) -> None:
    """Raises InputError unless a run may be made, or gone on with, in ``folder``."""
    if resume and overwrite:
        raise _refused("resume=True and overwrite=True: give one of them, not both")
    if is_free(folder):
        return
    paths = RunPaths(folder)
    if not paths.config.is_file():
        raise _refused(f"out={folder}: exists and is no run folder; give another name")
    if not (resume or overwrite):
        choices = "go on with resume=True, replace it with overwrite=True, or give another name"
        raise _refused(f"out={folder}: exists; {choices}")
    read_config(folder)  # any project may have a config.yaml: only a run's own is written over
    checkpoint.check(paths.state, resume)
    begun = any(file.exists() for file in paths.made)  # by settings that nobody knows now
    if resume and begun and not paths.model.exists():
        fault = "missing, and the run has begun; put it back, or train anew with overwrite=True"
        raise _refused(f"{paths.model}: {fault}")


def _refused(message: str) -> InputError:
    return InputError(message, arguments=("out", "resume", "overwrite", *TrainConfig.model_fields))


def take_place(folder: Path, resume: bool, overwrite: bool, held: ExitStack) -> None:
    """Make the folder, and lock it until ``held`` is closed.

    Raises InputError where another process writes in it, or has made a run in the meantime.
    """
    held.enter_context(folder_for(RunPaths(folder).config))
    held.enter_context(one_writer(folder))
    check_place(folder, resume, overwrite)


def make_folder(folder: Path, config: RunConfig, model_file: ModelFile, resume: bool) -> RunConfig:
    """Make the run's folder, or go on with the one that is there; the configuration in force.

    ``check_place`` has let the folder pass. Without ``resume`` the parts of the run before are
    removed, once the new one's files are sure to be written; other files are left alone.
    """
    paths = RunPaths(folder)
    before = paths.config.is_file()
    for place in (folder, *paths.folders):
        clear_leftovers(place)
    if before and resume and paths.model.is_file():  # it comes second
        _check_same(paths, config, model_file)
        config = config.model_copy(update={"computing": read_config(folder).computing})
    with atomic_write(paths.model) as model, atomic_write(paths.config) as asked:
        asked.write_text(config.to_yaml(), encoding="utf-8")
        model.write_text(model_file.long_form().to_yaml(), encoding="utf-8")
        if before and not resume:
            _clear(paths)
    return config


def _clear(paths: RunPaths) -> None:
    """Remove what a run has made beside what was asked, and its folders where they are empty."""
    checkpoint.clear(paths.state)
    for file in paths.made:
        file.unlink(missing_ok=True)
    for folder in paths.folders:
        with suppress(OSError):  # a user's file stands in it
            folder.rmdir()


def _check_same(paths: RunPaths, config: RunConfig, model_file: ModelFile) -> None:
    """Refuse to resume the run of another command; the first difference is named."""
    folder, before = paths.folder, read_config(paths.folder)
    was = parse_model(read_text(paths.model), str(paths.model))
    if was != model_file.long_form():
        raise _refused(f"resume=True: {folder} holds a different model than {config.model!r}")
    for name in ("images", "valid"):
        then, now = (getattr(one, name) for one in (before, config))
        if getattr(then, "fingerprint", then) != getattr(now, "fingerprint", now):
            raise _refused(f"resume=True: {name} differ from those that {folder} began with")
    for name, given in config.training.model_dump().items():
        began = getattr(before.training, name)
        rule = "cannot change"
        if name == "epochs":
            rule = _rule_of_epochs(before, given, checkpoint.epochs_done(paths.state))
        if began != given and rule:
            change = f"{name}={began}, and {name}={given} is given; it {rule}"
            raise _refused(f"resume=True: {folder} began with {change}")


def _rule_of_epochs(before: RunConfig, given: int, done: int) -> str:
    """What forbids another number of epochs, or nothing. A run may always end where it stands."""
    schedule = before.training.schedule
    if given == done or (given > done and schedule == "constant"):
        return ""
    if schedule == "constant":
        return f"may not shrink below the {done} done"
    return f"cannot change with schedule={schedule}, except to the {done} done"
