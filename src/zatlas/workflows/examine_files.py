"""The files of an examination: which of them may be replaced."""

from collections.abc import Iterable
from pathlib import Path

from zatlas.errors import InputError, argument_error
from zatlas.files import check_output, is_free, leftovers
from zatlas.images import open_images
from zatlas.report.build import made_before, made_by_zatlas, pages
from zatlas.training.folder import check_place

SETS, FIGURES, PAGE = ("images.npy", "held-out.npy"), ("plate.png", "displays.png"), "report.html"


def check_folder(out: Path, resume: bool, overwrite: bool) -> None:
    """Raise InputError unless ``out`` and its run are free, or made by the same workflow before."""
    if out.is_dir() and not is_free(out):
        if not (resume or overwrite):
            fault = f"out={out}: is not empty; give another name, resume=True or overwrite=True"
            raise InputError(fault, arguments=("out", "resume", "overwrite"))
        own = {file for name in SETS if _prepared(out / name) for file in _set(out / name)}
        only_own = {*out.iterdir()} <= own | {*leftovers(out)}  # cropped, and not trained yet
        if not (only_own or (out / "run" / "config.yaml").is_file()):
            raise argument_error("out", out, "exists and holds no run; give another name")
    check_place(out / "run", resume, overwrite)


def check_files(
    out: Path, names: Iterable[str], read: Iterable[object], *, resume: bool = False,
    overwrite: bool = False,
) -> None:  # fmt: skip
    """Raise InputError unless the files may be written; ``resume`` replaces only zatlas's files."""
    read = list(read)
    for made in (out / name for name in names):
        is_set = made.name in SETS
        own = resume and (_prepared(made) if is_set else made_by_zatlas(made))
        for file in _set(made) if is_set else [made]:
            check_output(file, read, overwrite=overwrite or own)
    pages(out / PAGE, read, overwrite=overwrite or (resume and made_before(out / PAGE)))


def _set(images: Path) -> tuple[Path, Path]:
    """The two files of an image set."""
    return images, images.with_suffix(".csv")


def _prepared(images: Path) -> bool:
    """Whether it is an image set with a table, as zatlas writes them."""
    try:
        labels = open_images(images).labels
    except InputError:
        return False
    return "source" in labels and not any(file.is_symlink() for file in _set(images))
