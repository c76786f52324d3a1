"""For each property, the elements that change it most."""

from collections.abc import Sequence
from itertools import takewhile

from zatlas.evidence.account.naming import is_told, size_sd, stated_part
from zatlas.evidence.account.number_words import sd, spaced
from zatlas.evidence.account.sentences import briefly, label
from zatlas.evidence.records import AtlasRecord, ElementEffect, PropertyEffect
from zatlas.schema import OptionalNumber, Record

_LISTED = 10  # elements of one property


class RankedElement(Record):
    """An element and its effect on the property in ``words``, with the interval of its size in sd.

    ``named``: a sentence may name the effect; else it is small, or not settled.
    """

    element: int
    label: str
    words: str
    low_sd: OptionalNumber
    high_sd: OptionalNumber
    named: bool

    @property
    def text(self) -> str:
        """The effect with its interval: "lighter by 0.84 sd [0.79, 0.89]"."""
        if self.low_sd is None or self.high_sd is None:
            return self.words
        return f"{self.words} [{sd(self.low_sd)}, {sd(self.high_sd)}]"


class PropertyRanking(Record):
    """The elements that surely change a property, the largest effect first, at most ten.

    ``leaders`` is how many of them lead about equally: their intervals reach that of the first.
    """

    property: str
    kind: str
    elements: tuple[RankedElement, ...]
    leaders: int


class RankingRecord(Record):
    """A ranking for each property that the network draws or may draw, factors first."""

    rankings: tuple[PropertyRanking, ...]
    undrawn: tuple[str, ...]


def ranking(atlas: AtlasRecord) -> RankingRecord:
    """The rankings of an atlas."""
    found, undrawn = [], []
    for column in sorted(atlas.properties, key=lambda column: column.kind != "factor"):
        pairs = [(element, element.effects[column.name]) for element in atlas.elements]
        if all(effect.drawn is False for _, effect in pairs):
            undrawn.append(column.name)
            continue
        sure = [pair for pair in pairs if _is_sure(pair[1])]
        sure.sort(key=lambda pair: -size_sd(pair[1]))
        ranked = tuple(_ranked(element, effect) for element, effect in sure[:_LISTED])
        found.append(
            PropertyRanking(
                property=column.name, kind=column.kind, elements=ranked, leaders=_leaders(ranked)
            )
        )
    return RankingRecord(rankings=tuple(found), undrawn=tuple(undrawn))


def _leaders(ranked: Sequence[RankedElement]) -> int:
    """How many elements lead: those before the first whose interval ends below that of the first.

    An element without an interval stands alone.
    """
    least = ranked[0].low_sd if ranked else None
    if least is None:
        return len(ranked[:1])
    return len([*takewhile(lambda one: one.high_sd is not None and one.high_sd >= least, ranked)])


def _is_sure(effect: PropertyEffect) -> bool:
    """Whether an effect is there: it may be named, or is told, or its interval leaves out 0."""
    part = stated_part(effect)
    if effect.named or is_told(effect):
        return True
    low, high = part.low_sd, part.high_sd
    return low is not None and high is not None and (low > 0 or high < 0)


def _ranked(element: ElementEffect, effect: PropertyEffect) -> RankedElement:
    part = stated_part(effect)
    ends = (part.low_sd, part.high_sd)
    if part.value < 0:  # the words say the direction, so the size is positive
        ends = (part.high_sd and -part.high_sd, part.low_sd and -part.low_sd)
    return RankedElement(
        element=element.element, label=label(element), words=spaced(briefly(effect)),
        low_sd=ends[0], high_sd=ends[1], named=effect.named,
    )  # fmt: skip
