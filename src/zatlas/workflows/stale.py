"""What was measured on weights that are no longer there."""

import shutil

from zatlas.errors import InputError
from zatlas.evidence.records import EditsRecord
from zatlas.report.build import made_before, page_files
from zatlas.report.data import command
from zatlas.run.paths import RunPaths
from zatlas.schema import read_record


def remove_measured(paths: RunPaths) -> list[str]:
    """Remove the atlas, its page and the edits of a run whose weights have changed.

    Returns a line that says what is gone, then the commands that measure it again. Pages that
    zatlas did not write stay.
    """
    commands = []
    if paths.atlas.exists():
        commands.append(command("atlas", paths.folder))
    if paths.edits.exists():
        commands += _commands(paths)
    for file in (paths.atlas, paths.maps, paths.edits):
        file.unlink(missing_ok=True)
    if made_before(paths.page):
        *files, pictures = page_files(paths.page)
        for file in files:
            file.unlink(missing_ok=True)
        shutil.rmtree(pictures, ignore_errors=True)
    gone = "the weights have changed; what was measured on the old ones is removed. Measure again:"
    return [gone, *commands] if commands else []


def _commands(paths: RunPaths) -> list[str]:
    try:
        record = read_record(paths.edits, EditsRecord, "")
    except InputError:  # a damaged file goes without its commands
        return []
    return [plate.command for plate in record.plates if plate.command]
