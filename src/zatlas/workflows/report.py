"""The report of one run or more."""

import os
from collections.abc import Sequence
from pathlib import Path

from zatlas.files import read_text
from zatlas.report.assemble import report_data
from zatlas.report.build import pages, write_report
from zatlas.report.note_pictures import picture_files
from zatlas.run.config import own_files
from zatlas.run.run import PathLike, Run


def report(
    runs: Sequence[Run],
    out: PathLike,
    *,
    note: PathLike | Sequence[PathLike] | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write one page about ``runs`` that opens offline, with a Markdown and a JSON file.

    Parameters
    ----------
    runs : trained runs.
    out : the page, a name that ends in .html; the other files are written next to it.
    note : a Markdown file with your own words; headings, paragraphs, lists, tables, emphasis, code,
        links and pictures beside the file are read. Of several runs it stands above them; with one
        file for each run, in their order, each stands in its run.
    overwrite : whether files that exist are replaced.

    Returns
    -------
    The page, the Markdown and the JSON file.

    Raises
    ------
    InputError
        A file exists, or a file of a run is missing or damaged.
    """
    read = [file for run in runs for file in (*own_files(run.path), *run.image_files)]
    notes = [note] if isinstance(note, str | os.PathLike) else list(note or ())
    shown = [file for one in notes for file in picture_files(one, read_text(one)).values()]
    pages(out, [*read, *notes, *shown], overwrite=overwrite)  # checked before anything is drawn
    return write_report(report_data(list(runs), notes=notes), out, overwrite=overwrite)
