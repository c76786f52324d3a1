"""What a family is, in words and formulas: the record that is printed and drawn."""

from zatlas.recipes.part_text import parameters, write_part
from zatlas.recipes.parts import Part, Place, Requirement, Term
from zatlas.recipes.recipe import PARTS, Parts, find_recipe
from zatlas.schema import Record

Value = bool | int | float | str | tuple[int | float | str, ...] | None


class PartRecord(Record):
    """A part: its key in a model file, its text there, its formula, and where it acts."""

    key: str
    text: str
    formula: str = ""
    place: Place | None = None


class Setting(Record):
    """A parameter: the name by which it is set, and its present value."""

    name: str
    value: Value


class Description(Record):
    """A family. The texts of the recipe are empty where a model file has no recipe.

    ``loss`` is the loss of one image, with the weights after every warm-up. ``parts`` are those
    that change something.
    """

    recipe: str = ""
    kind: str
    title: str = ""
    paper: str = ""
    advantage: str = ""
    disadvantage: str = ""
    loss: str
    parts: tuple[PartRecord, ...]
    settings: tuple[Setting, ...]


def describe(family: Parts, recipe: str | None = None) -> Description:
    """The description of the parts of a recipe or of a model file.

    Parameters
    ----------
    family : the parts.
    recipe : the name of the recipe that they are from; it gives the texts and short names.

    Raises
    ------
    InputError
        Where there is no such recipe.

    Examples
    --------
    >>> from zatlas.recipes.recipe import recipes
    >>> describe(recipes()["ae"], "ae").loss
    'mean (x̂ − x)²'
    """
    named = find_recipe(recipe) if recipe is not None else None
    texts = ("title", "paper", "advantage", "disadvantage")
    words = {key: getattr(named, key) for key in texts} if named else {}
    aliases = {key: name for name, key in named.parameters.items()} if named else {}
    settings = [
        Setting(name=aliases.get(key, key), value=value) for key, value in values(family).items()
    ]
    settings.sort(key=lambda one: one.name not in aliases.values())  # short names first
    return Description(
        recipe=recipe or "", kind=kind_of(family), **words, loss=loss_of(family),
        parts=tuple(_parts(family)), settings=tuple(settings),
    )  # fmt: skip


def kind_of(family: Parts) -> str:
    """The kind of a family: what its code is, or that it has a critic."""
    if family.critic.name != "none":
        return "with a critic"
    if Requirement.SPREAD in family.bottleneck.gives:
        return "variational"
    if Requirement.QUANTISED in family.bottleneck.gives:
        return "quantised"
    return "deterministic"


def values(family: Parts) -> dict[str, Value]:
    """Every parameter of the parts by its key, such as ``objective.kl.weight``."""
    parts = {f"objective.{term.name}": term for term in family.objective.terms}
    parts |= {key: getattr(family, key) for key in PARTS}
    return {
        f"{key}.{name}": getattr(part, name)
        for key, part in parts.items()
        for name in parameters(type(part))
    }


def loss_of(family: Parts) -> str:
    """The loss of one image as a formula: the sum of the terms, each times its weight."""
    terms = [term for term in family.objective.terms if term.weight]
    return " + ".join(_weighted(term, alone=len(terms) == 1) for term in terms) or "0"


def _weighted(term: Term, alone: bool) -> str:
    one = term.weight == 1
    bare = (one and alone) or not _is_sum(term.formula)
    formula = term.formula if bare else f"({term.formula})"
    return formula if one else f"{term.weight:g}·{formula}"


def _is_sum(formula: str) -> bool:
    """Whether a formula needs brackets in a sum: it has a sign that stands in no brackets."""
    depth = 0
    for sign in formula:
        depth += (sign in "([{") - (sign in ")]}")
        if sign in "+−" and not depth:
            return True
    return False


def _parts(family: Parts) -> list[PartRecord]:
    """The parts that change something, in the order in which a picture meets them."""
    records = [_record("corruption", family.corruption), _record("bottleneck", family.bottleneck)]
    reconstruction, *penalties = family.objective.terms
    records.append(_record("objective", reconstruction, "pictures"))
    records += [_record("objective", term, term.acts_on) for term in penalties]
    records.append(_record("closing", family.closing))
    records.append(_record("critic", family.critic, family.critic.acts_on))
    records += [_record("optimizer", family.optimizer), _record("constraint", family.constraint)]
    unsaid = ("none", "mean", "adam")
    return [record for record in records if record.text not in unsaid]


def _record(key: str, part: Part, place: Place | None = None) -> PartRecord:
    formula = getattr(part, "formula", "")
    return PartRecord(key=key, text=write_part(part), formula=formula, place=place)
