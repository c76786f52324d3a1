"""A report as HTML and as Markdown: the same sections, with the blocks of each format.

``templates/sections/`` holds each section once. ``blocks.html.j2`` and ``blocks.md.j2`` hold the
blocks that sections are made of. Jinja escapes every text for the format that is written.
"""

import base64
from collections.abc import Callable, Mapping
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from zatlas import __version__
from zatlas.evidence.account.number_words import spaced, with_minus
from zatlas.evidence.properties.probes import SMALLEST_SLOPE
from zatlas.figures.style import zoom_for
from zatlas.report import markdown, notes
from zatlas.report.data import Fact, ReportData
from zatlas.report.number_text import METRICS, lead, number, percent, setting, setting_name
from zatlas.report.picture_files import PictureFile
from zatlas.report.terms import PROPERTIES, TERMS, explained

_BROAD = 1000  # pixels; a small screen shows a figure this wide smaller
_PICTURE_SIDE = 128  # CSS pixels of a small picture's longer side, at most

Files = Mapping[tuple[str, str], PictureFile]
"""The files of a report, by the anchor of a section and the name of a picture in it."""
Draw = Callable[[PictureFile, str], Markup]


def html_page(data: ReportData, files: Files) -> str:
    """The page, with all its pictures in it."""
    sortable = any(section.kind == "atlas" for _, section in data.anchored())
    return _render("page.html.j2", data, files, _in_page, sortable=sortable)


def markdown_page(data: ReportData, files: Files, head: str) -> str:
    """The Markdown; ``head`` is the YAML at its start."""
    return _render("page.md.j2", data, files, _link, finalize=markdown.escaped, head=Markup(head))


def _render(
    template: str, data: ReportData, files: Files, draw: Draw,
    finalize: Callable[[object], Markup] | None = None, **more: object,
) -> str:  # fmt: skip
    """Fill a template. ``finalize`` escapes a text; by default it is escaped for HTML."""
    environment = Environment(
        loader=PackageLoader("zatlas.report"), undefined=StrictUndefined, autoescape=True,
        finalize=finalize, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        number=number, percent=percent, setting=setting, setting_name=setting_name, fact=_fact,
        lead=lead, minus=with_minus, spaced=spaced, explained=explained,
        blocks=notes.blocks, spans=notes.spans,
        markdown_link=markdown.link,
        markdown_code=markdown.code, markdown_listing=markdown.listing, markdown_cell=markdown.cell,
    )  # fmt: skip

    def pictures_of(anchor: str) -> Callable[[str, str], Markup]:
        """The pictures of a section, by their name and the text for readers who cannot see."""
        return lambda name, words: draw(files[anchor, name], words)

    environment.globals.update(
        names=METRICS, terms=TERMS, meanings=PROPERTIES, smallest_slope=SMALLEST_SLOPE,
        pictures_of=pictures_of, report=data, version=__version__, **more,
    )  # fmt: skip
    return environment.get_template(template).render()


def _in_page(file: PictureFile, words: str) -> Markup:
    """The picture itself, so that the page loads nothing."""
    if not file.mime:
        return Markup(file.content.decode())  # an SVG; figures/svg.py has escaped its texts
    source = f"data:{file.mime};base64,{base64.b64encode(file.content).decode()}"
    if file.size is None:  # a user's SVG: as an <img> it runs no script and loads nothing
        return Markup('<img class="figure" alt="{}" src="{}">').format(words, source)
    width, height = file.size
    zoom = zoom_for(height, width, _PICTURE_SIDE) if file.is_image else 1
    kind = "pixels" if file.is_image else "figure broad" if width >= _BROAD else "figure"
    return Markup('<img class="{}" width="{}" height="{}" alt="{}" src="{}">').format(
        kind, width * zoom, height * zoom, words, source
    )


def _link(file: PictureFile, words: str) -> Markup:
    """A link to the file."""
    return Markup(f"![{markdown.escaped(words)}]({quote(file.path)})")


def _fact(fact: Fact) -> str:
    """The value of a fact, such as "2 of 10" or "16.1 dB"."""
    value = fact.value if isinstance(fact.value, str) else number(fact.value)
    total = "" if fact.of is None else f" of {number(fact.of)}"
    return f"{value}{total} {fact.unit}".rstrip()
