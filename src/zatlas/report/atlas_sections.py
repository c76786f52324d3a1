"""The sections of a run's atlas: all elements, then figures of the strongest ones."""

from collections.abc import Sequence

import numpy as np

from zatlas.errors import InputError
from zatlas.evidence.account.remarks import seeds_words
from zatlas.evidence.records import AtlasRecord, ElementEffect
from zatlas.figures.elements import element_page
from zatlas.figures.overview import overview
from zatlas.figures.style import NotebookFigure
from zatlas.latents.interpolation import sweep
from zatlas.report.data import Fact, Section, command
from zatlas.run.evidence import kept_atlas, kept_maps
from zatlas.run.run import Run
from zatlas.schema import Record

ELEMENT_FIGURES = 8  # elements with a figure of their own, the strongest
_IMAGES_SWEPT = 5  # in the figure of an element
_LISTED_ELEMENTS = 64  # elements with a row in the table


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


def atlas_sections(run: Run, pages: int = ELEMENT_FIGURES) -> list[Section]:
    """The two sections on the atlas that was measured of a run.

    Parameters
    ----------
    run : a run with an atlas in its ``evidence/``.
    pages : the number of elements with a figure of their own.

    Raises
    ------
    InputError
        There is no atlas, or the images that it was measured on are missing or have changed.
    """
    atlas = kept_atlas(run)
    listed = [effect.model_copy(update={"curve": (), "lines": ()})
              for effect in atlas.elements[:_LISTED_ELEMENTS]]  # fmt: skip
    drawn = atlas.elements[:pages]
    names = [f"element-{effect.element}" for effect in drawn]
    figures = dict(zip(names, _element_figures(run, atlas, drawn), strict=True))
    return [
        Section(
            "atlas", "The effect of every latent element",
            AtlasSectionRecord(atlas=atlas.model_copy(update={"elements": tuple(listed)}),
                               of=len(atlas), seeds=seeds_words(atlas),
                               command=_command(run, atlas)),
            {"overview": overview(atlas)},
            [Fact(label="elements used", value=atlas.usage.used, of=len(atlas))],
        ),
        Section("elements", "The strongest elements",
                ElementsRecord(n=atlas.n, elements=tuple(listed[:pages])), figures),
    ]  # fmt: skip


def element_figure(run: Run, atlas: AtlasRecord, effect: ElementEffect) -> NotebookFigure:
    """The figure of one element of a run's atlas.

    Raises InputError where the images of the atlas are missing or have changed.
    """
    return _element_figures(run, atlas, [effect])[0]


def _element_figures(
    run: Run, atlas: AtlasRecord, effects: Sequence[ElementEffect]
) -> list[NotebookFigure]:
    maps, rows = kept_maps(run), list(atlas.rows[:_IMAGES_SWEPT])
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


def _command(run: Run, atlas: AtlasRecord) -> str:
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
    }
    given = [word for option in options.items() if option[1] != "" for word in option]
    return command("atlas", run.path, *given)
