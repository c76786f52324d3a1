"""Sentences on an element or an edit, by rule, from its record alone.

A record is the plain JSON of ``zatlas.evidence.records``: nothing here measures, decodes or looks
at a picture. Every number in a sentence stands in the record. The rules: a property is named only
where its cell says ``named``; a factor only where its probe has passed on held-out images; "mainly"
only where the first is at least twice the second; a change that no property names is said to be
just that; and the name that a user gave is shown as the user's.
"""

from typing import Any

Record = dict[str, Any]

MAINLY = 2.0
MOTION, SHADE = 0.5, 0.25
"""Share of a change that a warp explains: from 0.5 it is motion, up to 0.25 it is shade."""
INVISIBLE = 0.5
"""Grey levels: a change that is smaller in every pixel is lost when a picture is rounded."""
LEFT = 0.05
"""Share of images still in range up to which a move is said to leave the data."""
SURE = 0.001  # that chance gives a record any property at all
SHOWN = 3  # properties of a kind in one sentence


def sentence(record: Record) -> str:
    """What the move of ``record`` does, in words and numbers; "no measurable effect" included."""
    return f"{_subject(record)}: " + " ".join([_effect(record), *_remarks(record)])


def summary(record: Record) -> str:
    """The same in a few words, for a table: the properties that may be named, with their sizes."""
    if record.get("sd") == 0:
        return "dead"
    if cells := named(record):
        return ", ".join(_briefly(cell) for cell in cells[:SHOWN])
    largest = _surest(record)
    if not _visible(record) or largest is None:
        return "no measurable effect"
    return f"small: {_briefly(largest)}"


def label(record: Record) -> str:
    """An element as people write it, with its user's name where it has one: z[3] "smile"."""
    name = record.get("name")
    return f"z[{record['element']}]" + (f' "{name}"' if name else "")


def named(record: Record, kind: str | None = None) -> list[Record]:
    """Cells that a sentence may name, of one kind ("attribute" or "factor") or both, the largest
    first.
    """
    cells = [c for c in record["cells"] if c["named"] and _trusted(c) and kind in (None, c["kind"])]
    return sorted(cells, key=lambda cell: -abs(cell["effect_sd"]))


def is_main(cells: list[Record]) -> bool:
    """Whether the first cell is the only one, or at least twice the second."""
    sizes = [abs(cell["effect_sd"]) for cell in cells[:2]]
    return len(sizes) == 1 or (len(sizes) == 2 and sizes[0] >= MAINLY * sizes[1])


def how(record: Record) -> str | None:
    """ "motion", "shade" or "motion and shade"; None where nothing visible changed."""
    share = record["motion"]
    if share is None or not _visible(record):
        return None
    return "motion" if share >= MOTION else "shade" if share <= SHADE else "motion and shade"


def _subject(record: Record) -> str:
    if "edit" in record:
        return str(record["edit"])
    text = f"z[{record['element']}]"
    if record.get("name"):
        text += f' ("{record["name"]}" is its user\'s name for it)'
    return text if not record["sd"] else f"{text} + 1 sd ({record['sd']:+.3g} in this run)"


def _effect(record: Record) -> str:
    if record.get("sd") == 0:
        return (
            "no measurable effect; it is dead: the same for all of this run's images, "
            "so it has no size in sd."
        )
    groups = [cells for kind in ("factor", "attribute") if (cells := named(record, kind))]
    if groups:
        groups.sort(key=lambda cells: -abs(cells[0]["effect_sd"]))
        text = "; ".join(_group(cells) for cells in groups)
        return f"{text}; over {record['n']} images."
    if not _visible(record):
        return f"no measurable effect over {record['n']} images."
    pixels = (
        f"pixels change by {_number(record['size'])} grey levels, {_number(record['peak'])} where "
        f"they change most; over {record['n']} images."
    )
    largest = _surest(record)
    if largest is None:
        return f"no measurable effect on any property measured, though {pixels}"
    return f"small, under 0.2 sd of every property: at most {_cell(largest)}; {pixels}"


def _group(cells: list[Record]) -> str:
    """One kind's named cells: "mainly redder: red-green +0.84 sd [0.79, 0.89] (+4.2 a*), ..."."""
    shown = cells[:SHOWN]
    parts = [_cell(cell) for cell in shown]
    if is_main(cells):
        text = f"mainly {parts[0]}"
        return text if len(parts) == 1 else f"{text}, also {', '.join(parts[1:])}"
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def on_one(cell: Record) -> str:
    """One property's effect in numbers: "asymmetry +0.05 sd [0.01, 0.09]"."""
    if cell["effect_sd"] is None:
        return f"{cell['name']} cannot be told in sd"
    return (
        f"{cell['name']} {cell['effect_sd']:+.2f} sd [{cell['low_sd']:.2f}, {cell['high_sd']:.2f}]"
    )


def _direction(cell: Record) -> str:
    return str(cell["up"] if cell["effect"] > 0 else cell["down"])


def _briefly(cell: Record) -> str:
    return f"{_direction(cell)} {cell['effect_sd']:+.2f} sd"


def _cell(cell: Record) -> str:
    words = _direction(cell)
    natural = f"{cell['effect']:+.3g} {cell['unit']}".strip()
    text = f"{words} ({on_one(cell)}, {natural}, same sign in {_percent(cell['agree'])}"
    probe = cell.get("probe")
    if probe:
        text += f"; probe: {probe['metric']} {probe['score']:.2f} on {probe['n']} held-out images"
    return text + ")"


def _remarks(record: Record) -> list[str]:
    remarks = []
    kind = how(record)
    if kind:
        remarks.append(
            f"It is {kind}: a warp explains {_percent(record['motion'])} of the change "
            f"({record['motion_n']} images)."
        )
    flags = record.get("flags")
    if flags and flags["moved"]:
        left = flags["in_range"] <= LEFT
        text = "It leaves the data: in range" if left else "In range"
        text += f" in {_percent(flags['in_range'])} of images"
        if flags["kept"] is not None:
            text += f"; {_percent(flags['kept'])} of it survives re-encoding"
        remarks.append(text + ".")
    random = record.get("random")
    if random:
        remarks.append(
            f"It changes pictures by {_number(record['size'])} grey levels, a random direction "
            f"of the same length by {_number(random['size'])}."
        )
    if record.get("match") is not None:
        remarks.append(f"Other seeds: best match r = {record['match']:.2f}.")
    return remarks


def _surest(record: Record) -> Record | None:
    """The largest effect that is there at all, small as it may be; else nothing.

    By Bonferroni over the record's properties: q, over a table in which most effects are real,
    would let chance through in one dead element of two.
    """
    cells = record["cells"]
    sure = [cell for cell in cells if _trusted(cell) and _off_zero(cell, len(cells))]
    return max(sure, key=lambda cell: abs(cell["effect_sd"]), default=None)


def _off_zero(cell: Record, of: int) -> bool:
    ends = cell["low_sd"], cell["high_sd"]
    return None not in ends and (ends[0] > 0 or ends[1] < 0) and cell["p"] <= SURE / of


def _visible(record: Record) -> bool:
    return bool(record["peak"] >= INVISIBLE)


def _trusted(cell: Record) -> bool:
    """A factor is worth a word only beside a probe that beat chance on held-out images."""
    return cell["kind"] != "factor" or bool((cell.get("probe") or {}).get("passed"))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _number(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
