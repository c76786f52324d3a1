"""Reading the records of schema 1 (zatlas 0.1.0) and 2: their keys, renamed to those of today."""

from typing import Any

from zatlas.evidence.arrays import LABEL_SUFFIX
from zatlas.evidence.statistics.paired_effects import SMALLEST_EFFECT_SD, EffectKind

_NEW_NAMES = {"effect": "mean", "effect_sd": "mean_sd", "explained": "explained_sd"}


def upgraded_atlas(old: Any, schema: int) -> Any:
    """The data of ``evidence/atlas.json``."""
    if schema == 1 and old["stability"] is not None:
        scores = {key: value for key, value in old["stability"].items() if key != "runs"}
        old = {**old, "stability": {"runs": old["stability"]["runs"], "stability": scores}}
    return {**old, "elements": [_upgraded_effect(element) for element in old["elements"]]}


def upgraded_plates(old: Any, schema: int) -> Any:
    """The plates of ``evidence/edits.json``; schema 1 is a list of them."""
    plates = old if schema == 1 else old["plates"]
    return [{**plate, "edits": [_upgraded_edit(edit) for edit in plate["edits"]]}
            for plate in plates]  # fmt: skip


def _upgraded_edit(old: Any) -> Any:
    measured = old.get("measured")
    new = {key: value for key, value in old.items() if key != "sentence"}
    return {**new, "measured": measured and _upgraded_effect(measured)}


def _upgraded_effect(old: Any) -> Any:
    """An effect. In schema 1, ``cells`` was a list of the effects on single properties.

    Motion was a number that another model had found; it is left out.
    """
    effects: dict[str, object] = {}
    for cell in old["cells"] if "cells" in old else old["effects"].values():
        name = cell["name"] + (LABEL_SUFFIX if cell["name"] in effects else "")
        new = {_NEW_NAMES.get(key, key): value for key, value in cell.items()}
        effects[name] = {**new, "name": name, "finding": _finding(new)}
    gone = ("cells", "motion", "motion_n")
    new = {key: value for key, value in old.items() if key not in gone}
    return {**new, "effects": effects, "motion": None}


def _finding(old: Any) -> EffectKind:
    """What the numbers of an older record settle; they hold the odd part alone."""
    if old["named"]:
        return "directed"
    ends = [old["low_sd"], old["high_sd"]]
    settled = None not in ends and max(map(abs, ends)) < SMALLEST_EFFECT_SD
    return "small" if settled else "not settled"
