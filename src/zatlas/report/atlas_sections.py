"""The sections of a run's atlas: all elements, then figures of the strongest ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.account.remarks import seeds_words
from zatlas.evidence.measurements import Maps
from zatlas.evidence.records import AtlasRecord, ElementEffect
from zatlas.figures.elements import element_page, overview
from zatlas.figures.style import NotebookFigure
from zatlas.latents.interpolation import sweep
from zatlas.report.data import Fact, Section, command
from zatlas.run.evidence import kept_atlas, kept_maps
from zatlas.run.run import Run
from zatlas.schema import Record

ELEMENT_FIGURES = 8  # elements with a figure of their own, the strongest
_IMAGES_SWEPT = 5  # in the figure of an element
_LISTED_ELEMENTS = 64  # elements with a row in the table


class Trial(NamedTuple):
    """An atlas that is not the run's own, with its maps and the page that shows it."""

    atlas: AtlasRecord
    maps: Maps
    page: Path


class AtlasSectionRecord(Record):
    """The atlas with its strongest elements, without curves; ``of`` elements were measured.

    ``seeds`` says how far it is the atlas of one run.
    """

    atlas: AtlasRecord
    of: int
    seeds: str
    command: str


class ElementsRecord(Record):
    """The elements with a figure of their own, measured over ``n`` images."""

    n: int
    elements: tuple[ElementEffect, ...]


def atlas_sections(
    run: Run, pages: int | Sequence[int] = ELEMENT_FIGURES, trial: Trial | None = None
) -> list[Section]:
    """The two sections on the atlas of a run.

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
    listed = [_without_curves(effect) for effect in atlas.elements[:_LISTED_ELEMENTS]]
    if isinstance(pages, int):
        heading, drawn = "The strongest elements", atlas.elements[:pages]
    else:
        heading, drawn = "Single elements", tuple(e for e in atlas.elements if e.element in pages)
    names = [f"element-{effect.element}" for effect in drawn]
    figures = dict(zip(names, _element_figures(run, atlas, maps, drawn), strict=True))
    return [
        Section(
            "atlas", "The effect of every latent element",
            AtlasSectionRecord(atlas=atlas.model_copy(update={"elements": tuple(listed)}),
                               of=len(atlas), seeds=seeds_words(atlas),
                               command=_command(run, atlas, trial.page if trial else "")),
            {"overview": overview(atlas)},
            [Fact(label="elements used", value=atlas.usage.used, of=len(atlas))],
        ),
        Section("elements", heading,
                ElementsRecord(n=atlas.n, elements=tuple(map(_without_curves, drawn))), figures),
    ]  # fmt: skip


def _without_curves(effect: ElementEffect) -> ElementEffect:
    return effect.model_copy(update={"curve": (), "lines": ()})


def element_figure(run: Run, atlas: AtlasRecord, effect: ElementEffect) -> NotebookFigure:
    """The figure of one element of a run's atlas.

    Raises InputError where the images of the atlas are missing or have changed.
    """
    return _element_figures(run, atlas, kept_maps(run), [effect])[0]


def _element_figures(
    run: Run, atlas: AtlasRecord, maps: Maps, effects: Sequence[ElementEffect]
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
                faces=[f"image {row}" for row in rows],
            )
        )  # fmt: skip
    return figures


def _command(run: Run, atlas: AtlasRecord, out: Path | str = "") -> str:
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
        "--out": out,
    }
    given = [word for option in options.items() if option[1] != "" for word in option]
    return command("atlas", run.path, *given)
