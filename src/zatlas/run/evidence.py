"""The records in the ``evidence/`` folder of a run: each is written and read here."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from zatlas.errors import InputError, nearest
from zatlas.evidence.measurements import Maps
from zatlas.evidence.reconstruction import Reconstruction
from zatlas.evidence.records import AtlasRecord, EditsRecord, PlateRecord
from zatlas.files import atomic_write, open_file, together, write_json
from zatlas.locks import WAIT, one_writer
from zatlas.run.learning import LearningCheck
from zatlas.run.paths import RunPaths
from zatlas.run.run import Run
from zatlas.schema import read_record
from zatlas.syntax import parse_edit


def keep_atlas(run: Run, record: AtlasRecord, maps: Maps) -> None:
    """Write ``atlas.json``, and the maps beside it (``atlas.npz``) for the figures."""
    arrays = {name: array.astype(np.float16) for name, array in vars(maps).items()}
    with together() as written:
        written.enter_context(one_writer(run.path, WAIT))
        write_json(run.paths.atlas, record.plain())
        with atomic_write(run.paths.maps) as part:
            np.savez_compressed(part, **arrays, atlas=_identity(record))


def _identity(record: AtlasRecord) -> str:
    """What tells an atlas from others: the weights, the images' rows, the sizes of the effects."""
    sizes = [effect.size for effect in record.elements]
    return hashlib.sha256(repr((record.weights, record.rows, sizes)).encode()).hexdigest()


def kept_atlas(run: Run) -> AtlasRecord:
    """The atlas of a run, with the names that its elements have now.

    Raises InputError where it is missing or damaged.
    """
    hint = "`zatlas atlas` measures it again"
    record = read_record(run.paths.atlas, AtlasRecord, hint)
    run.check_weights(run.paths.atlas, record.weights, hint)
    if fault := _misfit(record, run.model.latent):
        raise InputError(f"{run.paths.atlas}: {fault}; {hint}")
    names = element_names(run)
    elements = tuple(
        effect.model_copy(update={"name": names.get(effect.element)}) for effect in record.elements
    )
    return record.model_copy(update={"elements": elements})


def _misfit(record: AtlasRecord, latent: int) -> str:
    """Which fields of a stored atlas do not fit each other; empty where all do."""
    elements = [effect.element for effect in record.elements]
    if len({*elements} & {*range(latent)}) != len(elements) or not elements:
        return f"elements: are not those of a code of {latent}"
    if not record.rows or not record.properties:
        return "rows, properties: are empty"
    for effect in record.elements:
        widths = {len(row) for table in (effect.curve, *effect.lines) for row in table}
        lengths = {len(table) for table in (effect.curve, *effect.lines)}
        fits = lengths == {len(effect.steps)} and len(widths) == 1
        if not (effect.effects and effect.steps and effect.lines and fits):
            return f"elements: steps, curve, lines or effects of {effect.element} do not fit"
    return ""


def element_names(run: Run) -> dict[int, str]:
    """The user's names of single elements, by index."""
    return {v % run.model.latent: k for k, v in run.names.items() if isinstance(v, int)}


def kept_maps(run: Run) -> Maps:
    """The maps of the run's atlas. Raises InputError where they are missing or damaged."""
    file, shape = run.paths.maps, (run.model.latent, *run.model.architecture.image[1:])
    try:
        with open_file(file) as opened, np.load(opened, allow_pickle=False) as arrays:
            maps = Maps(*(arrays[key].astype(np.float32) for key in ("absolute", "signed")))
            identity = str(arrays["atlas"]) if "atlas" in arrays else None
        for array in vars(maps).values():
            if array.shape[:3] != shape or not np.isfinite(array).all():
                raise ValueError(f"maps of shape {array.shape}, or not finite")
        if identity not in (None, _identity(kept_atlas(run))):
            raise ValueError("they were written with another atlas.json")
    except Exception as error:  # damaged archives raise nearly every kind
        raise InputError(
            f"{file}: holds no maps of this run ({error}); measure them with `zatlas atlas "
            f"{run.path}`"
        ) from None
    return maps


def keep_edits(run: Run, plate: PlateRecord) -> None:
    """Add a plate to ``edits.json``.

    It replaces a plate in the same file (``out``), and one with the same edits of the same images.
    Edits with targets are the same only where they hold the same properties.
    """

    def identity(one: PlateRecord) -> tuple[str, list[object]]:
        held = [edit.target and {*edit.target.held} for edit in one.edits]
        return one.images, [*zip((edit.edit for edit in one.edits), held, strict=True)]

    def replaced(old: PlateRecord) -> bool:
        return identity(old) == identity(plate) or bool(plate.out and old.out == plate.out)

    with together() as written:
        written.enter_context(one_writer(run.path, WAIT))  # till the file is in its place
        kept = [old for old in kept_edits(run).plates if not replaced(old)]
        write_json(run.paths.edits, EditsRecord(plates=(*kept, plate)).plain())


def forget_edits(run: Run, names: Sequence[str]) -> list[PlateRecord]:
    """Remove plates from ``edits.json``: those with an edit, or in a file, of ``names``.

    An edit may be written in another way: "z[0]*=2" is "z[0] *= 2".
    Returns the removed plates. Raises InputError for a name that no plate has.
    """
    with together() as written:
        written.enter_context(one_writer(run.path, WAIT))
        plates = kept_edits(run).plates
        named = [{plate.out, *(edit.edit for edit in plate.edits)} - {""} for plate in plates]
        known = sorted(set().union(*named))
        meant = {name: {one for one in known if _is_same(name, one)} for name in names}
        for name, found in meant.items():
            if not found:
                hint = nearest(name, known) if known else "the run has no plates"
                raise InputError(f"{run.path}: no plate has the edit or the file {name!r}; {hint}")
        chosen = set().union(*meant.values())
        gone = [plate for plate, has in zip(plates, named, strict=True) if has & chosen]
        kept = tuple(plate for plate in plates if plate not in gone)
        write_json(run.paths.edits, EditsRecord(plates=kept).plain())
        return gone


def _is_same(one: str, other: str) -> bool:
    """Whether two texts are the same, or the same edit."""
    if one == other:
        return True
    try:
        edits = [
            [replace(each, column=0) for each in parse_edit(text).operations]
            for text in (one, other)
        ]
    except InputError:  # the name of a file
        return False
    return edits[0] == edits[1]


def kept_edits(run: Run) -> EditsRecord:
    """The plates of edits of a run, none where there is no file. Raises InputError for damage."""
    file, hint = run.paths.edits, "remove it; `zatlas edit` begins it anew"
    if not file.exists():
        return EditsRecord()
    record = read_record(file, EditsRecord, hint)
    for plate in record.plates:
        run.check_weights(file, plate.weights, hint)
    return record


_AGAIN = "the same training with resume=True measures it again"


@contextmanager
def _measured_by_training() -> Iterator[None]:
    """An InputError in it is mended by the argument ``resume`` of a training."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error), arguments=("resume",)) from None


def keep_reconstruction(paths: RunPaths, record: Reconstruction) -> None:
    """Write ``reconstruction.json``."""
    write_json(paths.reconstruction, record.plain())


def kept_reconstruction(run: Run) -> Reconstruction:
    """How well the run reconstructs its held-out images. Raises InputError where it is missing."""
    file = run.paths.reconstruction
    with _measured_by_training():
        record = read_record(file, Reconstruction, _AGAIN)
        run.check_weights(file, record.weights, _AGAIN)
        if record.n > run.config.held_out_count:
            raise InputError(f"{file}: n: more images than were held out; {_AGAIN}")
        return record


def keep_learning(paths: RunPaths, record: LearningCheck) -> None:
    """Write ``learning.json``."""
    write_json(paths.learning, record.plain())


def kept_learning(run: Run) -> LearningCheck | None:
    """Whether the run's training has learned anything; None for a run of an older zatlas."""
    file = run.paths.learning
    if not file.exists():
        return None
    with _measured_by_training():
        record = read_record(file, LearningCheck, _AGAIN)
        run.check_weights(file, record.weights, _AGAIN)
        return record


def training_warnings(run: Run) -> list[str]:
    """What went wrong in the run's training, and what to try next; empty where nothing did."""
    check = kept_learning(run)
    return check.warnings if check else []


def training_remarks(run: Run) -> list[str]:
    """What is no fault of the run's training, and worth to know."""
    check = kept_learning(run)
    return check.remarks if check else []


def learned_nothing(run: Run) -> str:
    """The fault where the run's network is no better than the mean picture, else empty."""
    check = kept_learning(run)
    return check.learned_nothing if check else ""
