"""What was measured on weights that are no longer there."""

import shutil
from pathlib import Path

from zatlas.errors import InputError
from zatlas.evidence.directions.records import DirectionRecord
from zatlas.evidence.records import EditsRecord
from zatlas.report.build import made_before, page_files
from zatlas.report.data import command
from zatlas.run.paths import RunPaths
from zatlas.schema import read_record


def remove_measured(paths: RunPaths) -> list[str]:
    """Remove the atlas, the directions, their pages and the edits where the weights have changed.

    Returns a line that says what is gone, then the commands that measure it again. Pages that
    zatlas did not write stay.
    """
    commands = []
    if paths.atlas.exists():
        commands.append(command("atlas", paths.folder))
    learned = sorted(paths.directions.glob("*.json"))
    commands += dict.fromkeys(filter(None, map(_learned_by, learned)))
    if paths.edits.exists():
        commands += _commands(paths)
    arrays = [file.with_suffix(".npz") for file in learned]
    for file in (paths.atlas, paths.maps, paths.edits, *learned, *arrays):
        file.unlink(missing_ok=True)
    for page in filter(made_before, (paths.page, paths.directions_page)):
        *files, pictures = page_files(page)
        for file in files:
            file.unlink(missing_ok=True)
        shutil.rmtree(pictures, ignore_errors=True)
    gone = "the weights have changed; what was measured on the old ones is removed. Measure again:"
    return [gone, *commands] if commands else []


def _learned_by(file: Path) -> str:
    """The command of a direction; empty for a damaged file."""
    try:
        return read_record(file, DirectionRecord, "").command
    except InputError:
        return ""


def _commands(paths: RunPaths) -> list[str]:
    try:
        record = read_record(paths.edits, EditsRecord, "")
    except InputError:  # a damaged file goes without its commands
        return []
    return [plate.command for plate in record.plates if plate.command]
