"""The sections of a run's atlas: all elements, then figures of the strongest ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.account.remarks import match_words, seeds_words
from zatlas.evidence.account.sentences import label
from zatlas.evidence.measurements import Maps
from zatlas.evidence.properties.drawn import DrawnProperty
from zatlas.evidence.records import AtlasRecord, ElementEffect, FactorProbes, OtherSeeds
from zatlas.figures.elements import element_page
from zatlas.figures.overview import element_rows, overview
from zatlas.figures.style import NotebookFigure
from zatlas.latents.interpolation import sweep
from zatlas.report.data import Fact, RowLink, Section, command
from zatlas.report.ranking import ranking
from zatlas.run.evidence import kept_atlas, kept_maps
from zatlas.run.run import Run
from zatlas.schema import Number, OptionalNumber, Record

ELEMENT_FIGURES = 8  # elements with a figure of their own, the strongest
_IMAGES_SWEPT = 5  # in the figure of an element
_WHOLE_ELEMENTS = 64  # elements whose record is in the JSON of a page


class ElementRow(Record):
    """A row of the table of elements. ``motion``: the part that a warp explains, 0 at least;
    ``page``: whether the element has a figure of its own; ``stated``: whether anything is said.
    """

    element: int
    label: str
    size: Number
    size_low: OptionalNumber
    size_high: OptionalNumber
    share: Number
    motion: OptionalNumber
    match: str
    summary: str
    sentence: str
    page: bool
    stated: bool


class Trial(NamedTuple):
    """An atlas that is not the run's own, with its maps and the page that shows it."""

    atlas: AtlasRecord
    maps: Maps
    page: Path


class AtlasSectionRecord(Record):
    """All elements in ``rows``; ``atlas`` holds the strongest ones without their curves.

    ``seeds`` says how far it is the atlas of one run.
    """

    atlas: AtlasRecord
    of: int
    drawn: int
    rows: tuple[ElementRow, ...]
    seeds: str
    command: str


class ElementsRecord(Record):
    """The elements with a figure of their own, measured over ``n`` images."""

    n: int
    elements: tuple[ElementEffect, ...]


class PropertiesRecord(Record):
    """How well the network draws the properties, the probes of factors, the runs compared with."""

    drawn: tuple[DrawnProperty, ...] | None
    factors: FactorProbes | None
    stability: OtherSeeds | None


@dataclass(frozen=True)
class AtlasSections:
    """The sections on an atlas; ``order`` has the elements that are used, the strongest first."""

    order: list[int]
    elements: Section
    overview: Section
    ranking: Section
    properties: Section


def atlas_page(
    run: Run, pages: int | Sequence[int] = ELEMENT_FIGURES, trial: Trial | None = None
) -> list[Section]:
    """The sections of the page of an atlas, in their order. Raises as :func:`atlas_sections`."""
    made = atlas_sections(run, pages, trial)
    return [made.overview, made.elements, made.ranking, made.properties]


def atlas_sections(
    run: Run, pages: int | Sequence[int] = ELEMENT_FIGURES, trial: Trial | None = None
) -> AtlasSections:
    """The sections on the atlas of a run.

    Parameters
    ----------
    run : the run.
    pages : the elements with a figure of their own, or how many of the strongest ones have one.
    trial : another atlas than that in the run's ``evidence/``.

    Raises
    ------
    InputError
        There is no atlas, or the images that it was measured on are missing or have changed.
    """
    atlas, maps = trial[:2] if trial else (kept_atlas(run), kept_maps(run))
    listed = tuple(map(_without_curves, atlas.elements[:_WHOLE_ELEMENTS]))
    if isinstance(pages, int):
        heading, chosen = "The strongest elements", atlas.elements[:pages]
    else:
        heading, chosen = "Single elements", tuple(e for e in atlas.elements if e.element in pages)
    own_page = [effect.element for effect in chosen]
    figures = _element_figures(run, atlas, maps, chosen, words=False)
    links = _links(atlas, own_page)
    record = AtlasSectionRecord(
        atlas=atlas.model_copy(update={"elements": listed}), of=len(atlas), drawn=len(links),
        rows=tuple(_row(effect, effect.element in own_page) for effect in atlas.elements),
        seeds=seeds_words(atlas), command=_command(run, atlas, pages, trial.page if trial else ""),
    )  # fmt: skip
    used = Fact(label="elements used", value=atlas.usage.used, of=len(atlas))
    properties = PropertiesRecord(
        drawn=atlas.drawn, factors=atlas.factors, stability=atlas.stability
    )
    return AtlasSections(
        order=[effect.element for effect in atlas.elements if effect.size > 0],
        elements=Section(
            "elements", heading,
            ElementsRecord(n=atlas.n, elements=tuple(map(_without_curves, chosen))),
            {f"element-{element}": drawn for element, drawn in zip(own_page, figures, strict=True)},
        ),
        overview=Section("atlas", "The effect of every latent element", record,
                         {"overview": overview(atlas)}, [used], {"overview": links}),
        ranking=Section("ranking", "What changes each property most", ranking(atlas)),
        properties=Section("properties", "The properties that were measured", properties),
    )  # fmt: skip


def _row(effect: ElementEffect, page: bool) -> ElementRow:
    return ElementRow(
        element=effect.element, label=label(effect), size=effect.size, size_low=effect.size_low,
        size_high=effect.size_high, share=effect.share,
        motion=max(effect.motion.warp.value, 0.0) if effect.motion else None,
        match=match_words(effect),
        summary=effect.summary, sentence=effect.sentence, page=page,
        stated=any(one.named for one in effect.effects.values()),
    )  # fmt: skip


def _links(atlas: AtlasRecord, own_page: Sequence[int]) -> list[RowLink]:
    """From the rows of the overview to the figure of the element, or to its row in the table."""
    summaries = {effect.element: effect.summary for effect in atlas.elements}
    return [
        RowLink(top, height, f"{'element' if element in own_page else 'z'}-{element}",
                f"z[{element}]: {summaries[element]}")
        for element, (top, height) in element_rows(atlas).items()
    ]  # fmt: skip


def _without_curves(effect: ElementEffect) -> ElementEffect:
    return effect.model_copy(update={"curve": (), "lines": ()})


def element_figure(run: Run, atlas: AtlasRecord, effect: ElementEffect) -> NotebookFigure:
    """The figure of one element of a run's atlas.

    Raises InputError where the images of the atlas are missing or have changed.
    """
    return _element_figures(run, atlas, kept_maps(run), [effect])[0]


def _element_figures(
    run: Run,
    atlas: AtlasRecord,
    maps: Maps,
    effects: Sequence[ElementEffect],
    *,
    words: bool = True,
) -> list[NotebookFigure]:
    rows = list(atlas.rows[:_IMAGES_SWEPT])
    images = run.opened(atlas.images, atlas.fingerprint)
    if max(rows) >= len(images):
        raise InputError(f"{atlas.images}: has changed; measure the atlas again")
    codes, figures = run.encode(images[rows]), []
    for effect in effects:
        offsets = np.float32(effect.sd) * np.asarray(effect.steps, np.float32)
        moved = sweep(codes, effect.element, offsets)
        decoded = run.decode(moved.reshape(-1, codes.shape[1]))
        figures.append(
            element_page(
                effect, decoded.reshape(*moved.shape[:2], *decoded.shape[1:]),
                maps.absolute[effect.element], maps.signed[effect.element],
                faces=[f"image {row}" for row in rows], words=words,
            )
        )  # fmt: skip
    return figures


def _command(run: Run, atlas: AtlasRecord, pages: int | Sequence[int], out: Path | str = "") -> str:
    """The command that measures this atlas again: over the held-out images without ``--images``.

    It is empty where the images were given as an array.
    """
    if not (atlas.held_out or atlas.images):
        return ""
    options = {
        "--images": "" if atlas.held_out else atlas.images,
        "--count": atlas.n,
        "--seed": atlas.seed,
        "--factors": atlas.factors.file if atlas.factors else "",
        "--runs": ",".join(atlas.stability.runs) if atlas.stability else "",
        "--pages": pages if isinstance(pages, int) and pages != ELEMENT_FIGURES else "",
        "--elements": "" if isinstance(pages, int) else ",".join(map(str, pages)),
        "--out": out,
    }
    given = [word for option in options.items() if option[1] != "" for word in option]
    return command("atlas", run.path, *given)
