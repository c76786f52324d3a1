"""Reading the records of zatlas 0.1.0 (schema 1): their keys, renamed to those of today."""

from typing import Any

from zatlas.evidence.arrays import LABEL_SUFFIX

_NEW_NAMES = {"effect": "mean", "effect_sd": "mean_sd", "explained": "explained_sd"}


def upgraded_atlas(old: Any) -> Any:
    """The data of ``evidence/atlas.json``."""
    stability = old["stability"]
    if stability is not None:
        scores = {key: value for key, value in stability.items() if key != "runs"}
        stability = {"runs": stability["runs"], "stability": scores}
    elements = [_upgraded_effect(element) for element in old["elements"]]
    return {**old, "elements": elements, "stability": stability}


def upgraded_plate(old: Any) -> Any:
    """The data of one plate of ``evidence/edits.json``."""
    edits = []
    for edit in old["edits"]:
        measured = edit.get("measured")
        new = {key: value for key, value in edit.items() if key != "sentence"}
        edits.append({**new, "measured": measured and _upgraded_effect(measured)})
    return {**old, "edits": edits}


def _upgraded_effect(old: Any) -> Any:
    """An effect, whose ``cells`` were a list of the effects on single properties."""
    effects: dict[str, object] = {}
    for cell in old["cells"]:
        name = cell["name"] + (LABEL_SUFFIX if cell["name"] in effects else "")
        new = {_NEW_NAMES.get(key, key): value for key, value in cell.items()}
        effects[name] = {**new, "name": name}
    return {**{key: value for key, value in old.items() if key != "cells"}, "effects": effects}
