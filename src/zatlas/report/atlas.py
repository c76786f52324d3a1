"""The sections of a run's atlas: all elements at a glance, then a page of figures for some."""

import shlex
from typing import Any

import numpy as np

from zatlas.errors import InputError
from zatlas.measured import kept_atlas, kept_maps
from zatlas.pictures.atlas import element_page, overview
from zatlas.report.records import Picture, Section
from zatlas.run import Run

FACES = 5  # in a sweep
LISTED = 64  # elements with a row in the table
PAGES = 8  # elements with figures of their own, the strongest
_TOLD = ("n", "seed", "images", "usage", "factors", "stability", "interactions", "first_layer")
_OF_EACH = ("element", "name", "sd", "size", "size_low", "size_high", "share", "motion", "match",
            "flags", "sentence")  # fmt: skip


def atlas_sections(run: Run, pages: int = PAGES) -> list[Section]:
    """The atlas of a run, from its ``evidence/``: its strongest ``pages`` elements with figures.

    Raises InputError where the images that it was measured on are not to be found any more.
    """
    record = kept_atlas(run)
    elements = record["elements"]
    whole = Section(
        "atlas",
        "What every latent element does",
        {
            **{key: record[key] for key in _TOLD},
            "elements": [{key: element[key] for key in _OF_EACH} for element in elements[:LISTED]],
            "of": len(elements),
            "command": _command(run, record),
            "facts": [{"label": "elements used", "value": record["usage"]["used"],
                       "of": len(elements)}],
        },
        {"overview": overview(record)},
    )  # fmt: skip
    return [whole, _pages(run, record, elements[:pages])]


def _command(run: Run, record: dict[str, Any]) -> str:
    """The command that measures this atlas again."""
    asked = {
        "--images": record["images"],
        "--count": record["n"],
        "--seed": record["seed"],
        "--factors": (record["factors"] or {}).get("file"),
        "--runs": ",".join((record["stability"] or {}).get("runs", ())),
    }
    given = [text for name, value in asked.items() if value not in (None, "")
             for text in (name, str(value))]  # fmt: skip
    return shlex.join(["zatlas", "atlas", str(run.path), *given])


def _pages(run: Run, record: dict[str, Any], elements: list[dict[str, Any]]) -> Section:
    maps, rows = kept_maps(run), record["rows"][:FACES]
    source = run.recorded(record)
    if max(rows) >= len(source):
        raise InputError(f"{record['images']}: has changed; measure again with `zatlas atlas`")
    codes = run.encode(source[rows])
    pictures: dict[str, Picture] = {}
    for element in elements:
        index = element["element"]
        moved = np.repeat(codes[:, None], len(element["steps"]), axis=1)
        moved[:, :, index] += np.float32(element["sd"]) * np.float32(element["steps"])
        sweep = run.decode(moved.reshape(-1, codes.shape[1]))
        pictures[f"element-{index}"] = element_page(
            element, sweep.reshape(*moved.shape[:2], *sweep.shape[1:]), maps.absolute[index],
            maps.signed[index], faces=[f"image {row}" for row in rows],
        )  # fmt: skip
    shown = [{key: e[key] for key in ("element", "name", "sentence", "cells")} for e in elements]
    return Section(
        "elements", "The strongest elements", {"elements": shown, "n": record["n"]}, pictures
    )
