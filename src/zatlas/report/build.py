"""A report is written: one HTML file that opens offline, Markdown and JSON beside it."""

import base64
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from zatlas import __version__
from zatlas.errors import InputError
from zatlas.files import check_output, is_free, json_text, write_all
from zatlas.pictures.style import png, zoom_for
from zatlas.report.records import Picture, ReportData, RunReport, Section

SCHEMA = 1  # of report.json
_MARK = re.compile(
    rb'name="generator" content="zatlas |^library_name: zatlas$|^ "zatlas": "|Software\0zatlas',
    re.M,
)  # in what zatlas writes: page, Markdown, JSON, figure
_SHOWN = 128  # side of a small picture on the page, in CSS pixels
Drawn = Callable[[str], str]  # an alternative text to what a template puts there


@dataclass(frozen=True)
class _File:
    """A picture as the bytes of a file; ``pixels`` says to show each pixel as a square."""

    name: str
    content: bytes
    size: tuple[int, int] | None
    pixels: bool

    def in_html(self, alternative: str) -> str:
        """The picture itself, nothing to load."""
        if self.size is None:
            return Markup(self.content.decode())
        kind = "pixels" if self.pixels else "figure"
        width, height = self.size
        zoom = zoom_for(height, width, _SHOWN) if self.pixels else 1
        return Markup(
            '<img class="{}" width="{}" height="{}" alt="{}" src="data:image/png;base64,{}">'
        ).format(
            kind, width * zoom, height * zoom, alternative,
            base64.b64encode(self.content).decode(),
        )  # fmt: skip

    def in_markdown(self, alternative: str) -> str:
        """A link to the file."""
        return f"![{alternative}]({self.name})"


def write_report(
    data: ReportData, out: str | os.PathLike[str], *, overwrite: bool = False
) -> list[Path]:
    """Write ``out`` (``.html``), and ``.md``, ``.json`` and a folder of pictures beside it.

    The templates see ``report.json`` and the pictures, nothing else: every number of the text is
    in it. Returns the three files. Raises InputError for another suffix than ``.html``, and,
    without ``overwrite``, where one of them or the folder exists.
    """
    written = pages(out, overwrite=overwrite)
    path = written[0]
    folder = _folder(path).name
    files: list[_File] = []

    def section_record(section: Section, prefix: str) -> dict[str, Any]:
        names = {}
        for name, picture in section.pictures.items():
            files.append(_encoded(f"{folder}/{_slug(prefix, section.kind, name)}", picture))
            names[name] = files[-1].name
        return {"kind": section.kind, "heading": section.heading, **section.record,
                "pictures": names}  # fmt: skip

    record = {
        "schema": SCHEMA,
        "zatlas": __version__,
        "title": data.title,
        "runs": [
            {
                "name": run.name,
                "about": run.about,
                "sections": [
                    section_record(section, _run_prefix(number, run)) for section in run.sections
                ],
            }
            for number, run in enumerate(data.runs)
        ],
        "sections": [section_record(section, "all") for section in data.sections],
    }
    record = json.loads(json.dumps(record, allow_nan=False))
    by_name = {file.name: file for file in files}
    html = {name: file.in_html for name, file in by_name.items()}
    markdown = {name: file.in_markdown for name, file in by_name.items()}
    texts = [
        _render("page.html.j2", record, html), _render("page.md.j2", record, markdown),
        json_text(record),
    ]  # fmt: skip
    contents = {path.parent / file.name: file.content for file in files}
    write_all(contents | dict(zip(written, (text.encode() for text in texts), strict=True)))
    return written


def pages(
    out: str | os.PathLike[str], inputs: Iterable[object] = (), *, overwrite: bool = False
) -> list[Path]:
    """The three files of a report, the page first; InputError where they may not be written.

    ``inputs`` are files that are read, and so not written over.
    """
    path, inputs = Path(out), list(inputs)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"out={path}: give it a name that ends in .html", arguments=("out",))
    for file in _files(path):
        argument = "out" if file == path else ""
        check_output(file, inputs, overwrite=overwrite, argument=argument)
    folder = _folder(path)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InputError(f"{folder}: is in the way of the pictures of {path}; give another name")
    if not (overwrite or is_free(folder)):
        raise InputError(
            f"{folder}: exists; give another name, or overwrite=True", arguments=("overwrite",)
        )
    return _files(path)


def made_before(out: str | os.PathLike[str]) -> bool:
    """Whether what stands in the place of a report is one, whole or in part, that zatlas wrote."""
    there = [file for file in _files(Path(out)) if os.path.lexists(file)]
    return all(map(made_by_zatlas, there)) and (bool(there) or is_free(_folder(Path(out))))


def made_by_zatlas(file: Path) -> bool:
    """Whether a page, its Markdown or JSON, or a figure (.png) is marked as zatlas's."""
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as handle:
        return _MARK.search(handle.read(4096)) is not None


def _files(page: Path) -> list[Path]:
    return [page, page.with_suffix(".md"), page.with_suffix(".json")]


def _folder(page: Path) -> Path:
    """Where the pictures of a page stand."""
    return page.with_name(f"{page.stem}_files")


def _render(template: str, record: dict[str, Any], pictures: Mapping[str, Drawn]) -> str:
    environment = Environment(
        loader=PackageLoader("zatlas.report"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, setting=setting, code=_code, card=_card)
    return environment.get_template(template).render(report=record, pictures=pictures)


def number(value: float | None, digits: int = 4) -> str:
    """A measured number as the text shows it: whole ones with commas, others to some digits."""
    if value is None:
        return "–"
    if isinstance(value, int):
        text = f"{value:,}"
    elif value and not 1e-4 <= abs(value) < 10**digits:
        text = f"{value:,.0f}" if 1 <= abs(value) < 1e9 else f"{value:.{digits - 1}e}"
    else:
        text = f"{value:#.{digits}g}".removesuffix(".")
    return text.replace("-", "−")


def setting(value: Any) -> str:
    """Something that was asked for, in the shortest form."""
    if isinstance(value, list):
        return " × ".join(map(setting, value))
    if isinstance(value, float):
        return f"{value:g}"
    return "–" if value is None else str(value)


def _code(text: str) -> str:
    """A text as Markdown's code, whatever stands in it."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")


def _card(record: dict[str, Any]) -> str:
    """The YAML head of a model card, as model hubs read it."""
    results = [
        {
            "name": run["name"],
            "results": [
                {
                    "task": {"type": "image-reconstruction"},
                    "dataset": {"name": section["of"], "type": "images"},
                    "metrics": [
                        {"type": name, "value": metric["mean"]}
                        for name, metric in section["metrics"].items()
                    ],
                }
                for section in run["sections"]
                if section["kind"] == "reconstruction"
            ],
        }
        for run in record["runs"]
    ]
    head = {"library_name": "zatlas", "tags": ["autoencoder"], "model-index": results}
    return yaml.safe_dump(head, sort_keys=False, allow_unicode=True)


def _encoded(stem: str, picture: Picture) -> _File:
    if isinstance(picture, str):
        return _File(f"{stem}.svg", picture.encode(), None, pixels=False)
    if isinstance(picture, Figure):
        content = png(picture)
    else:
        buffer = io.BytesIO()
        Image.fromarray(picture.squeeze()).save(buffer, "png", optimize=True)
        content = buffer.getvalue()
    with Image.open(io.BytesIO(content)) as image:
        return _File(f"{stem}.png", content, image.size, pixels=not isinstance(picture, Figure))


def _run_prefix(number: int, run: RunReport) -> str:
    return f"{number}-{run.name}"


def _slug(*words: str) -> str:
    """A file's name of plain letters, whatever a run is called."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(words).lower()).strip("-")
