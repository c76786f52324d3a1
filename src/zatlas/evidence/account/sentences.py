"""Sentences about an element or an edit, by rule, from its record alone.

Nothing here measures, decodes or looks at a picture; every number in a sentence stands in the
record. The rules are those of ``naming.py``. A change that no property names is reported as such,
and a name that a user gave is marked as the user's.
"""

from collections.abc import Sequence

from zatlas.evidence.account.naming import (
    FEW_IMAGES,
    SLOPE_READ_IN_FULL,
    WITHOUT_A_SIGN,
    explained_effects,
    in_order,
    is_main,
    is_trusted,
    is_unsure,
    is_visible,
    largest_small_effect,
    named_effects,
    reaches_stated_size,
    size_sd,
    stated_part,
    undrawn_effects,
    unsettled_effects,
    unsigned_effects,
    upwards_only,
)
from zatlas.evidence.account.number_words import (
    grey_levels,
    number,
    percent,
    sd,
    share_of_images,
    spaced,
)
from zatlas.evidence.account.remarks import remarks
from zatlas.evidence.directions.records import DirectionEffect
from zatlas.evidence.records import EditEffect, ElementEffect, Estimate, MoveEffect, PropertyEffect

PROPERTIES_SHOWN = 3
"""Properties of one kind, factors or attributes and causes, in one part of a sentence."""


def sentence(effect: MoveEffect) -> str:
    """What a move does, in words and numbers; "no measurable effect" included."""
    return f"{_subject(effect)}: " + " ".join([spaced(_main_part(effect)), *remarks(effect)])


def summary(effect: MoveEffect) -> str:
    """The same in one line without intervals: what is largest leads, in how many images it holds.

    As in "mainly lighter by 0.84 sd, in every image; also sharper by 0.30 sd (either way)". What
    the network surely draws comes before what it may not draw.
    """
    return spaced(_summary(effect))


def _summary(effect: MoveEffect) -> str:
    if _is_dead(effect):
        return "dead"
    if not is_visible(effect):
        return "no measurable effect"
    if stated := [*named_effects(effect), *unsigned_effects(effect)]:
        first, *others = in_order(effect, stated)[:PROPERTIES_SHOWN]
        text = "mainly " * (first.named and is_main(effect, first)) + briefly(first)
        if first.finding == "directed":
            text += f", in {share_of_images(first.agree)}"
        text += f"; also {', '.join(map(briefly, others))}" if others else ""
        return text if effect.n >= FEW_IMAGES else f"{text}; {_over(effect)}"
    if explained := explained_effects(effect):
        return f"not settled: {_candidates(explained)} may change, or other factors explain it"
    if unsettled := unsettled_effects(effect):
        return f"not settled: {_candidates(unsettled)} may change by 0.2 sd or more"
    if not any(map(is_trusted, effect.effects.values())):
        return "no property that the network draws"
    largest = largest_small_effect(effect)
    text = "small, under 0.2 sd" + " of what the network draws" * bool(undrawn_effects(effect))
    return text + (f": at most {briefly(largest)}" if largest else "")


def _candidates(effects: Sequence[PropertyEffect]) -> str:
    """One or two properties by name; of more, their number: none of them stands out."""
    names = [effect.name for effect in effects]
    return " and ".join(names) if len(names) <= 2 else f"{len(names)} properties"


def _over(effect: MoveEffect) -> str:
    """The number of images; few of them make names that more images may refute."""
    return f"over {'only ' * (effect.n < FEW_IMAGES)}{effect.n} images"


def label(effect: ElementEffect) -> str:
    """An element as people write it, with its user's name where it has one: z[3] "smile"."""
    return f"z[{effect.element}]" + (f' "{effect.name}"' if effect.name else "")


def size_in_sd(effect: PropertyEffect) -> str:
    """One property's effect in numbers: "asymmetry +0.05 sd [0.01, 0.09]"."""
    part = stated_part(effect)
    if part.value_sd is None:
        return f"{effect.name} does not vary over real images, so it has no size in sd"
    small = effect.finding == "small"
    return f"{effect.name} {sd(part.value_sd, '+', small=small)} sd{_interval(part, small)}"


def _is_dead(effect: MoveEffect) -> bool:
    return isinstance(effect, ElementEffect) and effect.sd == 0


def _subject(effect: MoveEffect) -> str:
    if isinstance(effect, EditEffect):
        return effect.edit
    if isinstance(effect, DirectionEffect):
        return f'z["{effect.name}"] + 1 sd'
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
    if not is_visible(effect):
        return f"no measurable effect: no pixel changes by half a grey level; {_over(effect)}."
    named, unsigned = named_effects(effect), unsigned_effects(effect)
    groups = [
        group for factors in (False, True) for unsure in (False, True)
        if (group := [e for e in _shown(effect, [*named, *unsigned], factors)
                      if is_unsure(effect, e) == unsure])
    ]  # fmt: skip
    groups.sort(key=lambda group: (is_unsure(effect, group[0]), -size_sd(group[0])))
    parts = [_group(effect, group) for group in groups]
    parts += [_explained(one) for one in explained_effects(effect)[:PROPERTIES_SHOWN]]
    if not parts:
        parts = [_nothing_stated(effect)]
        parts.append(
            f"pixels change by {grey_levels(effect.size)}, {number(effect.peak)} where they "
            "change most"
        )
    return f"{'; '.join(parts)}; {_over(effect)}."


def _nothing_stated(effect: MoveEffect) -> str:
    """What is said where no property has a name."""
    if unsettled := unsettled_effects(effect):
        return f"not settled: {', '.join(map(_open, unsettled[:PROPERTIES_SHOWN]))}"
    undrawn = not all(map(is_trusted, effect.effects.values()))
    every = "property that the network draws" if undrawn else "property"
    if not any(map(is_trusted, effect.effects.values())):
        return "the network draws none of the properties measured"
    largest = largest_small_effect(effect)
    return f"small, under 0.2 sd of every {every}" + (
        f": at most {_signed(largest)}" if largest else ""
    )


def _shown(
    effect: MoveEffect, stated: Sequence[PropertyEffect], factors: bool
) -> list[PropertyEffect]:
    """The effects of one kind that are stated, factors or others, those of the summary among them.

    Of effects that are drawn the largest are stated.
    """
    ranked = in_order(effect, [e for e in stated if (e.kind == "factor") == factors])
    directed = [e for e in ranked if _is_directed(e)]
    others = [e for e in ranked[: PROPERTIES_SHOWN + 2] if e not in directed]
    return [e for e in ranked if e in directed[:PROPERTIES_SHOWN] or e in others]


def _is_directed(effect: PropertyEffect) -> bool:
    return effect.named and effect.finding == "directed"


def _group(effect: MoveEffect, group: Sequence[PropertyEffect]) -> str:
    """What is stated of one kind: "mainly redder (red-green +0.84 sd [0.79, 0.89]), also …".

    Directed effects stand together, and the largest effect of all, the first of ``group``, stands
    first.
    """
    signed = [e for e in group if _is_directed(e)]
    others = [e for e in group if e not in signed]
    first = group[0]
    main = first.named and is_main(effect, first)
    texts = [_joined([_signed(e) for e in signed], main and first in signed)] if signed else []
    stated = [_stated(e) for e in others]
    texts = [*stated[:1], *texts, *stated[1:]] if first in others else [*texts, *stated]
    return f"mainly{',' * (first in others)} " * main + "; ".join(texts)


def _joined(texts: Sequence[str], main: bool) -> str:
    """Directed effects, the largest first: "a, also b" where the first is the main one."""
    if main and len(texts) > 1:
        return f"{texts[0]}, also {', '.join(texts[1:])}"
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def _stated(effect: PropertyEffect) -> str:
    """One effect that is not the same for both steps, or has no sign."""
    if effect.finding == "either way":
        return f"either way: {_signed(effect)}"
    if effect.finding == "one way":
        return f"{'upwards' if upwards_only(effect) else 'downwards'} only: {_signed(effect)}"
    text = f"changes {effect.name} by {sd(size_sd(effect))} sd{_interval(stated_part(effect))}"
    if effect.finding == "uneven":
        return f"{text}, in some images much more than in others"
    return f"{text}, up in {percent(effect.rises or 0.0)} of images"


def _explained(effect: PropertyEffect) -> str:
    """A factor whose effect may be cross-talk."""
    bound = min(effect.explained_sd or 0.0, size_sd(effect))
    return (
        f"{size_in_sd(effect)} is not named: up to {sd(bound)} sd of it is explained by "
        "other factors"
    )


def _open(effect: PropertyEffect) -> str:
    """The part of an effect that may reach 0.2 sd: "luminance +0.21 sd [-0.01, 0.43]"."""
    parts = {"": effect.mean_part, " either way": effect.even, " for the step up": effect.forward,
             " for the step down": effect.backward}  # fmt: skip
    for words, part in parts.items():
        if part is not None and part.value_sd is not None and reaches_stated_size(part):
            return f"{effect.name} {sd(part.value_sd, '+')} sd{_interval(part)}{words}"
    if effect.rms is None or effect.rms.value_sd is None:
        return size_in_sd(effect)
    size = f"{sd(effect.rms.value_sd)} sd{_interval(effect.rms)}"
    return f"{effect.name} up or down by {size} in single images"


def direction(effect: PropertyEffect) -> str:
    """Where an effect goes, in plain words: "lighter", "darker background"."""
    words = effect.up if stated_part(effect).value > 0 else effect.down
    if effect.kind == "factor":
        return words
    return words.replace("light to the", "lighter towards the").replace("border", "background")


def briefly(effect: PropertyEffect) -> str:
    """An effect without its interval: "lighter by 0.84 sd", "sharper by 0.30 sd (either way)"."""
    size = f"by {sd(size_sd(effect), small=effect.finding == 'small')} sd"
    if effect.finding in WITHOUT_A_SIGN:
        opposite = effect.finding == "opposite"
        how = "up in some images, down in others" if opposite else "in some images much more"
        return f"changes {effect.name} {size} ({how})"
    one_way = "upwards only" if upwards_only(effect) else "downwards only"
    way = {"either way": " (either way)", "one way": f" ({one_way})"}.get(effect.finding, "")
    return f"{direction(effect)} {size}{way}"


def _interval(part: Estimate, small: bool = False) -> str:
    if part.low_sd is None or part.high_sd is None:
        return ""
    return f" [{sd(part.low_sd, small=small)}, {sd(part.high_sd, small=small)}]"


def _signed(effect: PropertyEffect) -> str:
    """An effect with its direction: "lighter (luminance +0.84 sd [0.79, 0.89], +8.1 L*, …)"."""
    natural = f"{stated_part(effect).value:+.3g} {effect.unit}".strip()
    text = f"{direction(effect)} ({size_in_sd(effect)}, {natural}"
    if effect.finding in ("directed", "small"):
        text += f", same sign in {percent(effect.agree)}"
    return text + _probe(effect) + ")"


def _probe(effect: PropertyEffect) -> str:
    """How well the probe of a factor reads it in reconstructions."""
    probe = effect.probe
    if probe is None:
        return ""
    text = f"; probe: {probe.metric} {probe.score:.2f} on {probe.n} reconstructions"
    if probe.slope is not None and probe.slope < SLOPE_READ_IN_FULL:
        text += f"; read by a probe with slope {probe.slope:.2f}"
    return text
