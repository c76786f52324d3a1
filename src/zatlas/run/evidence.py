"""The records in the ``evidence/`` folder of a run: each is written and read here."""

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.measurements import Maps
from zatlas.evidence.reconstruction import Reconstruction
from zatlas.evidence.records import AtlasRecord, EditsRecord, PlateRecord
from zatlas.files import atomic_write, write_json
from zatlas.run.learning import LearningCheck
from zatlas.run.paths import RunPaths
from zatlas.run.run import Run
from zatlas.schema import read_record


def keep_atlas(run: Run, record: AtlasRecord, maps: Maps) -> None:
    """Write ``atlas.json``, and the maps beside it (``atlas.npz``) for the figures."""
    paths = RunPaths(run.path)
    write_json(paths.atlas, record.plain())
    with atomic_write(paths.maps) as part:
        np.savez_compressed(part, **{k: v.astype(np.float16) for k, v in vars(maps).items()})


def kept_atlas(run: Run) -> AtlasRecord:
    """The atlas of a run, with the names that its elements have now.

    Raises InputError where it is missing or damaged.
    """
    hint = "`zatlas atlas` measures it again"
    record = read_record(RunPaths(run.path).atlas, AtlasRecord, hint)
    names = element_names(run)
    elements = tuple(
        effect.model_copy(update={"name": names.get(effect.element)}) for effect in record.elements
    )
    return record.model_copy(update={"elements": elements})


def element_names(run: Run) -> dict[int, str]:
    """The user's names of single elements, by index."""
    return {v % run.model.latent: k for k, v in run.names.items() if isinstance(v, int)}


def kept_maps(run: Run) -> Maps:
    """The maps of the run's atlas. Raises InputError where they are missing or damaged."""
    file = RunPaths(run.path).maps
    try:
        with np.load(file, allow_pickle=False) as arrays:
            maps = Maps(*(arrays[key].astype(np.float32) for key in ("absolute", "signed")))
        if maps.absolute.ndim != 3 or len(maps.absolute) != run.model.latent:
            raise ValueError(f"maps of shape {maps.absolute.shape}")
    except Exception as error:  # damaged archives raise nearly every kind
        raise InputError(
            f"{file}: holds no maps of this run ({error}); measure them with `zatlas atlas "
            f"{run.path}`"
        ) from None
    return maps


def keep_edits(run: Run, plate: PlateRecord) -> None:
    """Add a plate to ``edits.json``; one with the same edits of the same images is replaced."""

    def identity(one: PlateRecord) -> tuple[str, tuple[int, ...], list[str]]:
        return one.images, one.index, [edit.edit for edit in one.edits]

    kept = [old for old in kept_edits(run).plates if identity(old) != identity(plate)]
    write_json(RunPaths(run.path).edits, EditsRecord(plates=(*kept, plate)).plain())


def kept_edits(run: Run) -> EditsRecord:
    """The plates of edits of a run, none where there is no file. Raises InputError for damage."""
    file = RunPaths(run.path).edits
    if not file.exists():
        return EditsRecord()
    return read_record(file, EditsRecord, "remove it; `zatlas edit` begins it anew")


def keep_reconstruction(paths: RunPaths, record: Reconstruction) -> None:
    """Write ``reconstruction.json``."""
    write_json(paths.reconstruction, record.plain())


def kept_reconstruction(run: Run) -> Reconstruction:
    """How well the run reconstructs its held-out images. Raises InputError where it is missing."""
    hint = "the same `zatlas train` command with --resume measures it again"
    return read_record(RunPaths(run.path).reconstruction, Reconstruction, hint)


def keep_learning(paths: RunPaths, record: LearningCheck) -> None:
    """Write ``learning.json``."""
    write_json(paths.learning, record.plain())


def kept_learning(run: Run) -> LearningCheck | None:
    """Whether the run's training has learned anything; None for a run of an older zatlas."""
    file = RunPaths(run.path).learning
    hint = "remove it, or the same `zatlas train` command with --resume measures it again"
    return read_record(file, LearningCheck, hint) if file.exists() else None


def training_warnings(run: Run) -> list[str]:
    """What went wrong in the run's training, and what to try next; empty where nothing did."""
    check = kept_learning(run)
    return check.warnings if check else []


def learned_nothing(run: Run) -> str:
    """The fault where the run's network is no better than the mean picture, else empty."""
    check = kept_learning(run)
    return check.learned_nothing if check else ""
