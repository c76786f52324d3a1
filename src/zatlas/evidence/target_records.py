"""The records of an edit with a target: what was asked, what was reached, what was spilt."""

from zatlas.latents.targeted import LIMIT, REACHED
from zatlas.schema import Number, Numbers, OptionalNumber, OptionalNumbers, Record


class TargetRecord(Record):
    """One target of a plate, a value for each image.

    ``asked`` and ``reached`` are changes of the property ``name`` from the reconstruction, in
    ``unit``; ``to`` is the value that was asked for, None where a change was. ``reached_sd`` is in
    sd of the property over real images. ``length`` is the Mahalanobis length of the edit. ``spill``
    is the mean absolute change of the other properties of its kind, in sd, for each sd of the
    target; ``held`` is the change of each held property in sd. ``factors`` is the table of a probe.
    A difference of ``least`` or below does not count.
    """

    name: str
    unit: str
    to: OptionalNumber = None
    asked: Numbers
    reached: Numbers
    reached_sd: OptionalNumbers
    length: Numbers
    spill: OptionalNumbers
    held: dict[str, OptionalNumbers] = {}
    factors: str = ""
    least: Number = 0.0

    @property
    def missed(self) -> list[bool]:
        """Whether each image misses by more than 5 % of the change that was asked for."""
        return [
            abs(reached - asked) > max(REACHED * abs(asked), self.least)
            for asked, reached in zip(self.asked, self.reached, strict=True)
        ]

    @property
    def lines(self) -> list[str]:
        """What stands below the edit in a plate."""
        unit = f" {self.unit}" if self.unit else ""
        asked, reached = _span(self.asked, "+.3g"), _span(self.reached, "+.3g")
        if self.to is not None:
            asked = f"{self.to:.4g}{unit}, which is {asked}"
        told = f"asked {asked}{unit}; reached {reached}{unit}"
        if None not in self.reached_sd:
            told += f" ({_span(self.reached_sd, '+.2g')} sd)"
        found = [told]
        if count := sum(self.missed):
            where = "" if len(self.missed) == 1 else f" in {count} of {len(self.missed)} images"
            found.append(f"not reached within Mahalanobis length {LIMIT:g}{where}")
        spill = "" if None in self.spill else f"; spill {_span(self.spill, '.2f')}"
        found.append(f"Mahalanobis length {_span(self.length, '.2g')}{spill}")
        found += [
            f"held {_words(name)}: {_span(values, '+.2f')} sd" for name, values in self.held.items()
            if None not in values
        ]  # fmt: skip
        return found


class TargetEffects(Record):
    """One target, the property ``name``, over ``n`` images.

    ``hit`` is the fraction of images that reach what is asked to within 5 %; ``asked`` and
    ``reached`` are mean changes in ``unit``. Where a value was asked for (``to``), some images rise
    and others fall: then all means count a change towards the value as positive. ``length`` is the
    median Mahalanobis length, ``length_low`` and ``length_high`` the 5th and 95th percentile.
    ``spill`` is that of the mean effects, for each sd of the target; ``spilt`` the mean effect on
    each other property, in sd. Of a factor, ``read`` is the mean change that a probe reads which
    learned from other images than the one that the edit was solved with; None of other properties.
    """

    name: str
    unit: str
    to: OptionalNumber = None
    n: int
    hit: Number
    asked: Number
    reached: Number
    read: OptionalNumber = None
    length: Number
    length_low: Number
    length_high: Number
    spill: OptionalNumber
    spilt: dict[str, Number]
    held: dict[str, Number] = {}

    @property
    def sentence(self) -> str:
        """How far the edits come, how long they are, and what they spill."""
        unit, name = f" {self.unit}" if self.unit else "", _words(self.name)
        sign, towards = ("+", "") if self.to is None else ("", " towards it")
        goal = f"{self.asked:+.3g}{unit}" if self.to is None else f"{self.to:.4g}{unit}"
        told = [
            f"Asked {name} {goal}: {100 * self.hit:.0f} % of {self.n} images reach it to within "
            f"{100 * REACHED:g} %; the mean change{towards} is {self.reached:{sign}.3g} of "
            f"{self.asked:{sign}.3g}{unit}"
        ]
        if self.read is not None:
            told.append(
                f"A second probe, which learned from other images, reads {self.read:{sign}.3g}"
            )
        spill = ""
        if self.spill is not None and self.spilt:
            most = max(self.spilt, key=lambda name: abs(self.spilt[name]))
            spill = (
                f", spill {self.spill:.2f}: the mean change of {len(self.spilt)} other properties "
                f"for each sd of {name}; the largest is {_words(most)}, {self.spilt[most]:+.2f} sd"
            )
        each = "each" if self.length_low == self.length_high else (
            f"{self.length_low:.2g} to {self.length_high:.2g} in 90 % of images"
        )  # fmt: skip
        told.append(f"Mahalanobis length {self.length:.2g} ({each}){spill}")
        if self.held:
            kept = ", ".join(
                f"{_words(name)} {_number(value, '+.2f')} sd" for name, value in self.held.items()
            )
            told.append(f"Held: {kept}")
        return f"{'. '.join(told)}."


def _span(values: tuple[float | None, ...], form: str) -> str:
    """One number, or the smallest and the largest where their texts differ."""
    known = [value for value in values if value is not None]
    least, most = _number(min(known), form), _number(max(known), form)
    return least if least == most else f"{least} to {most}"


def _number(value: float, form: str) -> str:
    """The text of a number; a small one is not "-0.00"."""
    text = format(value, form)
    return format(0.0, form) if float(text) == 0 else text


def _words(name: str) -> str:
    """The name of a property in a sentence."""
    return name.replace("_", " ")
