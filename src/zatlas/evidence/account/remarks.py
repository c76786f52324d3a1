"""The remarks of a sentence, after what a move does: how far its numbers can be trusted."""

from zatlas.evidence.account.naming import (
    FOUND_CORRELATION,
    in_order,
    is_unsure,
    leaves_data,
    motion_or_shade,
    named_effects,
    undrawn_effects,
    unsigned_effects,
)
from zatlas.evidence.account.number_words import grey_levels, number, part, percent, spaced
from zatlas.evidence.account.target_words import direction_remarks
from zatlas.evidence.directions.records import DirectionEffect
from zatlas.evidence.effects.flags import Flags
from zatlas.evidence.records import (
    AtlasRecord,
    EditEffect,
    ElementEffect,
    MoveEffect,
)

_UNDRAWN_SHOWN = 3  # properties that are not drawn, in one remark
_MOTION = {
    "motion": "Parts of the picture move",
    "shade": "Pixels change where they are",
    "motion and shade": "Parts of the picture move, and pixels change where they are",
}


def remarks(effect: MoveEffect) -> list[str]:
    """The sentences about what is left out, motion, flags, other elements, other seeds."""
    found = [_undrawn(effect), _unsure(effect), _motion(effect), _flags(effect)]
    if isinstance(effect, EditEffect):
        found.append(_random(effect))
    if isinstance(effect, DirectionEffect):
        found += direction_remarks(effect)
    if isinstance(effect, ElementEffect) and effect.sd > 0:
        found += [_together(effect), _posterior(effect), _grid(effect), _other_seeds(effect)]
    return [text for text in found if text]


def match_words(effect: ElementEffect) -> str:
    """How an element is found in other runs, for a table: "0.93 (3 of 4)"."""
    if effect.match is None:
        return "–"
    times = effect.stability
    return f"{effect.match:.2f}" + (f" ({times.found} of {times.runs})" if times else "")


def seeds_words(atlas: AtlasRecord) -> str:
    """How far an atlas is that of one run, said once beside it."""
    if atlas.stability is None:
        return "One run: another seed may order and mix the elements in another way."
    matches = atlas.stability.stability.matches
    chance = ", ".join(dict.fromkeys(f"{match.chance:.2f}" for match in matches))
    return (
        f"Other seeds: absolute correlation with the partner there (chance: {chance}); an element "
        f"is found from {FOUND_CORRELATION:g} on, where chance stays below."
    )


def _motion(effect: MoveEffect) -> str:
    kind = motion_or_shade(effect)
    if kind is None or effect.motion is None:
        return ""
    warp = effect.motion.warp  # below 0 where the best warp makes pictures less alike
    low, high = (percent(max(end, 0.0)) for end in (warp.low, warp.high))
    return (
        f"{_MOTION[kind]}: a warp explains {part(warp.value)} of the change "
        f"[{low}, {high}] ({effect.motion.n} images)."
    )


def _undrawn(effect: MoveEffect) -> str:
    """The large effects that have no name, because the network does not draw the property."""
    names = [one.name for one in undrawn_effects(effect)]
    if not names:
        return ""
    also = "Also large" if named_effects(effect) or unsigned_effects(effect) else "Large"
    more = len(names) - _UNDRAWN_SHOWN
    return (
        f"{also}, but not named, because this network does not draw "
        f"{'it' if len(names) == 1 else 'them'}: {spaced(', '.join(names[:_UNDRAWN_SHOWN]))}"
        f"{f' and {more} more' if more > 0 else ''}."
    )


def _unsure(effect: MoveEffect) -> str:
    """The properties that are stated, and of which it is not settled that the network draws them.

    In a record in which no property is said to be drawn or not, this was not measured.
    """
    stated = in_order(effect, [*named_effects(effect), *unsigned_effects(effect)])
    names = [one.name for one in stated if is_unsure(effect, one)]
    if not names:
        return ""
    return f"Not settled whether this network draws {spaced(', '.join(names[:_UNDRAWN_SHOWN]))}."


def _flags(effect: MoveEffect) -> str:
    """Whether a move stays in the data, and what an encoder finds of it again."""
    forward, backward = effect.flags, effect.flags_backward
    if forward is None or not forward.moved:
        return ""
    both = [flags for flags in (forward, backward) if flags is not None]
    text = "It leaves the data: in range" if any(map(leaves_data, both)) else "In range"
    if backward is None:
        text += f" in {percent(forward.in_range)} of images"
    else:
        text += f" {percent(forward.in_range)} at +1 sd, {percent(backward.in_range)} at -1 sd"
    if forward.kept is not None:
        text += f"; {part(forward.kept)} of it survives re-encoding ({_kept_behind(both)})"
        text += _answers(forward, backward)
    return text + "." + _not_given(both)


def _not_given(flags: list[Flags]) -> str:
    """Whether the bottleneck can give the codes, where it cannot give every code."""
    given = [one.can_give for one in flags if one.can_give is not None]
    if not given or min(given) == 1:
        return ""
    return (
        f" The code is not one that the bottleneck can give in {percent(1 - min(given))} of images."
    )


def _kept_behind(flags: list[Flags]) -> str:
    """What is kept at -1 sd, where that is another number, and the number of images."""
    kept = [part(one.kept) for one in flags if one.kept is not None]
    other = [f"{kept[1]} at -1 sd"] if len(set(kept)) > 1 else []
    return "; ".join([*other, f"{flags[0].n} images"])


def _answers(forward: Flags, backward: Flags | None) -> str:
    """The element that answers most, where it is not the one that was moved."""
    ahead = forward.answers_most
    behind = ahead if backward is None else backward.answers_most
    if ahead == behind:
        return "" if ahead is None else f"; z[{ahead}] answers most"
    steps = [(ahead, "+1"), (behind, "-1")]
    return "".join(f"; z[{z}] answers most at {step} sd" for z, step in steps if z is not None)


def _random(effect: EditEffect) -> str:
    if effect.random is None:
        return ""
    return (
        f"It changes pictures by {grey_levels(effect.size)}, a random direction of the "
        f"same length by {number(effect.random.size)}."
    )


def _together(effect: ElementEffect) -> str:
    """The second line of an element whose code correlates with others."""
    if effect.together is None:
        return ""
    from zatlas.evidence.account.sentences import summary  # it imports this module

    text = "Its code goes with others"
    if effect.conditional_sd is not None:
        text += f": alone, 1 sd is {number(effect.conditional_sd)} conditional sd"
    return f"{text}. As it goes with them in these images: {summary(effect.together)}."


def _posterior(effect: ElementEffect) -> str:
    if not effect.posterior_sd:
        return ""
    return f"1 sd of the code is {number(effect.sd / effect.posterior_sd)} posterior sd."


def _grid(effect: ElementEffect) -> str:
    if effect.grid_steps is None:
        return ""
    return f"1 sd of the code is {number(effect.grid_steps)} steps of its grid."


def _other_seeds(effect: ElementEffect) -> str:
    if effect.match is None:
        return "Measured in one run alone."
    if effect.stability is None:  # a record of an older zatlas
        return f"Other seeds: best match r = {effect.match:.2f}."
    found, runs = effect.stability.found, effect.stability.runs
    if runs == 1:
        text = f"{'' if found else 'not '}found in the other run"
    else:
        text = f"found in {found} of {runs} runs"
    return (
        f"Other seeds: {text} (match r = {effect.match:.2f}; chance {effect.stability.chance:.2f})."
    )
