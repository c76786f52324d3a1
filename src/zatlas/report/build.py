"""Write a report: one HTML file that opens offline, a Markdown file and a JSON file."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from zatlas import __version__
from zatlas.errors import InputError, argument_error
from zatlas.files import check_output, is_free, json_text, write_all
from zatlas.report.data import ReportData, RunReport, Section
from zatlas.report.formats import Files, html_page, markdown_page
from zatlas.report.picture_files import picture_file
from zatlas.report.sections import ReconstructionSectionRecord

SCHEMA = 3  # of report.json
_MARK = re.compile(
    rb'name="generator" content="zatlas |^library_name: zatlas$|^ "zatlas": "|Software\0zatlas',
    re.M,
)  # in what zatlas writes: page, Markdown, JSON, figure


def write_report(
    data: ReportData, out: str | os.PathLike[str], *, overwrite: bool = False
) -> list[Path]:
    """Write a report: the page, Markdown, JSON, and a folder of pictures for the Markdown.

    Every number of the text is in the JSON.

    Parameters
    ----------
    data : the runs and their sections.
    out : the page, a name that ends in .html; the other files are written next to it.
    overwrite : whether files that exist are replaced.

    Returns
    -------
    The page, the Markdown and the JSON file.

    Raises
    ------
    InputError
        Another suffix, or a file or the folder exists.
    """
    written = pages(out, overwrite=overwrite)
    folder = _folder(written[0]).name
    files = {
        (anchor, name): picture_file(f"{folder}/{anchor}-{_slug(name)}", drawing)
        for anchor, section in data.anchored()
        for name, drawing in section.drawings.items()
    }
    texts = [
        html_page(data, files), markdown_page(data, files, _head(data)),
        json_text(_json(data, files)),
    ]  # fmt: skip
    contents = {written[0].parent / file.path: file.content for file in files.values()}
    write_all(contents | dict(zip(written, (text.encode() for text in texts), strict=True)))
    return written


def pages(
    out: str | os.PathLike[str], inputs: Iterable[object] = (), *, overwrite: bool = False
) -> list[Path]:
    """The page, the Markdown and the JSON file of a report, before it is written.

    Parameters
    ----------
    out : the page.
    inputs : files that are read; a report replaces none of them.
    overwrite : whether files that exist may be replaced.

    Raises
    ------
    InputError
        One of the files, or the folder of the pictures, must not be written.
    """
    path, inputs = Path(out), list(inputs)
    if path.suffix.lower() not in (".html", ".htm"):
        raise argument_error("out", path, "give it a name that ends in .html")
    for file in _files(path):
        argument = "out" if file == path else ""
        check_output(file, inputs, overwrite=overwrite, argument=argument)
    folder = _folder(path)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(
            f"{folder}: is no folder, but {path} needs a folder there; give another name"
        )
    if not (overwrite or is_free(folder)):
        raise InputError(
            f"{folder}: exists; give another name, or overwrite=True", arguments=("overwrite",)
        )
    return _files(path)


def made_before(out: str | os.PathLike[str]) -> bool:
    """Whether every file in the place of a report was written by zatlas."""
    there = [file for file in _files(Path(out)) if os.path.lexists(file)]
    return all(map(made_by_zatlas, there)) and (bool(there) or is_free(_folder(Path(out))))


def made_by_zatlas(file: Path) -> bool:
    """Whether a page, its Markdown or JSON, or a figure (.png) has the mark of zatlas in it."""
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as handle:
        return _MARK.search(handle.read(4096)) is not None


def _files(page: Path) -> list[Path]:
    return [page, page.with_suffix(".md"), page.with_suffix(".json")]


def _folder(page: Path) -> Path:
    """The folder of the pictures of a page."""
    return page.with_name(f"{page.stem}_files")


def _json(data: ReportData, files: Files) -> dict[str, object]:
    """``report.json``."""

    def plain(anchor: str, section: Section) -> dict[str, object]:
        return {
            "kind": section.kind,
            "heading": section.heading,
            **section.record.plain(),
            "facts": [fact.plain() for fact in section.facts],
            "pictures": {name: files[anchor, name].path for name in section.drawings},
        }

    return {
        "schema": SCHEMA,
        "zatlas": __version__,
        "title": data.title,
        "runs": [
            {"name": run.name, "about": run.about, "warnings": list(run.warnings),
             "sections": [plain(f"run-{place}-{each.kind}", each) for each in run.sections]}
            for place, run in enumerate(data.runs)
        ],
        "sections": [plain(f"all-{each.kind}", each) for each in data.sections],
    }  # fmt: skip


def _head(data: ReportData) -> str:
    """The YAML head of a model card, as model hubs read it."""
    results = [{"name": run.name, "results": _results(run)} for run in data.runs]
    head = {"library_name": "zatlas", "tags": ["autoencoder"], "model-index": results}
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def _results(run: RunReport) -> list[dict[str, object]]:
    records = [section.record for section in run.sections]
    return [
        {
            "task": {"type": "image-reconstruction"},
            "dataset": {"name": record.of, "type": "images"},
            "metrics": [
                {"type": name, "value": metric.mean}
                for name, metric in record.measured.metrics.items()
            ],
        }
        for record in records
        if isinstance(record, ReconstructionSectionRecord)
    ]


def _slug(text: str) -> str:
    """A file name of plain letters for any text."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
