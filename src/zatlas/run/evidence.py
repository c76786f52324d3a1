"""The records in the ``evidence/`` folder of a run: each is written and read here."""

from collections.abc import Sequence

import numpy as np

from zatlas.errors import InputError, nearest
from zatlas.evidence.measurements import Maps
from zatlas.evidence.reconstruction import Reconstruction
from zatlas.evidence.records import AtlasRecord, EditsRecord, PlateRecord
from zatlas.files import atomic_write, write_json
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
    """Add a plate to ``edits.json``.

    It replaces a plate in the same file (``out``), and one with the same edits of the same images.
    """

    def identity(one: PlateRecord) -> tuple[str, list[str]]:
        return one.images, [edit.edit for edit in one.edits]

    kept = [
        old for old in kept_edits(run).plates
        if identity(old) != identity(plate) and not (plate.out and old.out == plate.out)
    ]  # fmt: skip
    write_json(RunPaths(run.path).edits, EditsRecord(plates=(*kept, plate)).plain())


def forget_edits(run: Run, names: Sequence[str]) -> list[PlateRecord]:
    """Remove plates from ``edits.json``: those with an edit, or in a file, of ``names``.

    Returns the removed plates. Raises InputError for a name that no plate has.
    """
    plates = kept_edits(run).plates
    named = [{plate.out, *(edit.edit for edit in plate.edits)} - {""} for plate in plates]
    known = sorted(set().union(*named))
    for name in names:
        if name not in known:
            hint = nearest(name, known) if known else "the run has no plates"
            raise InputError(f"{run.path}: no plate has the edit or the file {name!r}; {hint}")
    gone = [bool(has & {*names}) for has in named]
    kept = tuple(plate for plate, goes in zip(plates, gone, strict=True) if not goes)
    write_json(RunPaths(run.path).edits, EditsRecord(plates=kept).plain())
    return [plate for plate, goes in zip(plates, gone, strict=True) if goes]


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
    hint = "the same training measures it again where it is resumed"
    return read_record(RunPaths(run.path).reconstruction, Reconstruction, hint)
