"""Sentences about an element or an edit, by rule, from its record alone.

Nothing here measures, decodes or looks at a picture; every number in a sentence stands in the
record. The rules are those of ``naming.py``. A change that no property names is reported as such,
and a name that a user gave is marked as the user's.
"""

from zatlas.evidence.account.naming import (
    is_main,
    is_visible,
    largest_small_effect,
    leaves_data,
    motion_or_shade,
    named_effects,
)
from zatlas.evidence.arrays import PropertyKind
from zatlas.evidence.records import EditEffect, ElementEffect, MoveEffect, PropertyEffect

PROPERTIES_SHOWN = 3
"""Properties of one kind (attribute or factor) in one sentence."""
_KINDS: tuple[PropertyKind, ...] = ("factor", "attribute")


def sentence(effect: MoveEffect) -> str:
    """What a move does, in words and numbers; "no measurable effect" included."""
    return f"{_subject(effect)}: " + " ".join([_main_part(effect), *_remarks(effect)])


def summary(effect: MoveEffect) -> str:
    """The same in a few words, for a table: the properties that may be named, with their sizes."""
    if _is_dead(effect):
        return "dead"
    if named := named_effects(effect):
        return ", ".join(_briefly(one) for one in named[:PROPERTIES_SHOWN])
    largest = largest_small_effect(effect)
    if not is_visible(effect) or largest is None:
        return "no measurable effect"
    return f"small: {_briefly(largest)}"


def label(effect: ElementEffect) -> str:
    """An element as people write it, with its user's name where it has one: z[3] "smile"."""
    return f"z[{effect.element}]" + (f' "{effect.name}"' if effect.name else "")


def size_in_sd(effect: PropertyEffect) -> str:
    """One property's effect in numbers: "asymmetry +0.05 sd [0.01, 0.09]"."""
    if effect.mean_sd is None:
        return f"{effect.name} does not vary over real images, so it has no size in sd"
    return f"{effect.name} {effect.mean_sd:+.2f} sd [{effect.low_sd:.2f}, {effect.high_sd:.2f}]"


def _is_dead(effect: MoveEffect) -> bool:
    return isinstance(effect, ElementEffect) and effect.sd == 0


def _subject(effect: MoveEffect) -> str:
    if isinstance(effect, EditEffect):
        return effect.edit
    if not isinstance(effect, ElementEffect):
        return "the move"
    text = f"z[{effect.element}]"
    if effect.name:
        text += f' ("{effect.name}" is its user\'s name for it)'
    return text if effect.sd == 0 else f"{text} + 1 sd ({effect.sd:+.3g} in this run)"


def _main_part(effect: MoveEffect) -> str:
    if _is_dead(effect):
        return (
            "no measurable effect; it is dead: the same for all of this run's images, "
            "so it has no size in sd."
        )
    groups = [named for kind in _KINDS if (named := named_effects(effect, kind))]
    if groups:
        groups.sort(key=lambda named: -abs(named[0].mean_sd or 0.0))
        return f"{'; '.join(map(_group, groups))}; over {effect.n} images."
    if not is_visible(effect):
        return f"no measurable effect over {effect.n} images."
    pixels = (
        f"pixels change by {_number(effect.size)} grey levels, {_number(effect.peak)} where "
        f"they change most; over {effect.n} images."
    )
    largest = largest_small_effect(effect)
    undrawn = any(one.drawn is False for one in effect.effects.values())
    if largest is None:
        some = "property that the network draws" if undrawn else "property measured"
        return f"no measurable effect on any {some}, though {pixels}"
    every = "property that the network draws" if undrawn else "property"
    return f"small, under 0.2 sd of every {every}: at most {_in_full(largest)}; {pixels}"


def _group(named: list[PropertyEffect]) -> str:
    """The named effects of one kind: "mainly redder (red-green +0.84 sd [0.79, 0.89]), also …"."""
    parts = [_in_full(effect) for effect in named[:PROPERTIES_SHOWN]]
    if is_main(named):
        text = f"mainly {parts[0]}"
        return text if len(parts) == 1 else f"{text}, also {', '.join(parts[1:])}"
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _direction(effect: PropertyEffect) -> str:
    return effect.up if effect.mean > 0 else effect.down


def _briefly(effect: PropertyEffect) -> str:
    return f"{_direction(effect)} {effect.mean_sd:+.2f} sd"


def _in_full(effect: PropertyEffect) -> str:
    natural = f"{effect.mean:+.3g} {effect.unit}".strip()
    text = (
        f"{_direction(effect)} ({size_in_sd(effect)}, {natural}, "
        f"same sign in {_percent(effect.agree)}"
    )
    if (probe := effect.probe) is not None:
        text += f"; probe: {probe.metric} {probe.score:.2f} on {probe.n} held-out images"
    return text + ")"


def _remarks(effect: MoveEffect) -> list[str]:
    remarks = []
    kind = motion_or_shade(effect)
    if kind is not None and effect.motion is not None:
        remarks.append(
            f"It is {kind}: a warp explains {_percent(effect.motion.warp.value)} of the change "
            f"[{_percent(effect.motion.warp.low)}, {_percent(effect.motion.warp.high)}] "
            f"({effect.motion.n} images)."
        )
    flags = effect.flags
    if flags is not None and flags.moved:
        text = "It leaves the data: in range" if leaves_data(flags) else "In range"
        text += f" in {_percent(flags.in_range)} of images"
        if flags.kept is not None:
            text += f"; {_percent(flags.kept)} of it survives re-encoding"
        remarks.append(text + ".")
    if isinstance(effect, EditEffect) and effect.random is not None:
        remarks.append(
            f"It changes pictures by {_number(effect.size)} grey levels, a random direction "
            f"of the same length by {_number(effect.random.size)}."
        )
    if isinstance(effect, ElementEffect) and effect.match is not None:
        remarks.append(f"Other seeds: best match r = {effect.match:.2f}.")
    return remarks


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.0f} %"


def _number(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
