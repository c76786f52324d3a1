"""What a family is, in words and formulas: the record that is printed and drawn."""

import math
from collections.abc import Iterator

from zatlas.recipes.loss_scale import loss_scale
from zatlas.recipes.part_text import parameters, write_part
from zatlas.recipes.parts import Part, Place, Requirement, Term
from zatlas.recipes.recipe import PARTS, Parts, find_recipe, recipes
from zatlas.recipes.step import Shapes
from zatlas.schema import OptionalNumber, Record

Value = bool | int | float | str | tuple[int | float | str, ...] | None


class PartRecord(Record):
    """A part: its key in a model file, its name and text there, its formula, and where it acts.

    ``weight`` is the factor of a term in the loss, 1 for other parts.
    """

    key: str
    name: str
    text: str
    formula: str = ""
    place: Place | None = None
    weight: float = 1.0


class Setting(Record):
    """A parameter: the name by which it is set, and its present value."""

    name: str
    value: Value


class Description(Record):
    """A family. The texts of the recipe are empty where a model file has the parts of none.

    ``changes`` are the parameters that differ from those of the recipe. ``loss`` is the loss of one
    image, with the weights after every warm-up. ``parts`` are those that change something. ``beta``
    is the factor of the KL divergence in nats, and ``normalised_beta`` the same times D / P: see
    ``zatlas.recipes.loss_scale``.
    """

    recipe: str = ""
    kind: str
    title: str = ""
    paper: str = ""
    advantage: str = ""
    disadvantage: str = ""
    changes: tuple[Setting, ...] = ()
    loss: str
    beta: OptionalNumber = None
    normalised_beta: OptionalNumber = None
    parts: tuple[PartRecord, ...]
    settings: tuple[Setting, ...]

    @property
    def recipe_words(self) -> str:
        """The recipe with what is changed in it: "beta-vae, with beta=8"."""
        changes = ", ".join(f"{one.name}={value_text(one.value)}" for one in self.changes)
        return f"{self.recipe}, with {changes}" if changes else self.recipe


def describe(family: Parts, recipe: str | None = None, shapes: Shapes | None = None) -> Description:
    """The description of the parts of a recipe or of a model file.

    Parameters
    ----------
    family : the parts.
    recipe : the name of the recipe that they are from; it gives the texts and short names. None:
        the recipe with the same parts, if there is one.
    shapes : of a network, for beta.

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
    recipe = recipe or recipe_of(family)
    named = find_recipe(recipe) if recipe is not None else None
    texts = ("title", "paper", "advantage", "disadvantage")
    words = {key: getattr(named, key) for key in texts} if named else {}
    short = named.parameters if named else {}
    known = values(family)
    found = {name: key for name, key in short.items() if key in known}
    names = {key: name for name, key in found.items()}
    keys = [*names, *(key for key in known if key not in names)]
    settings = [Setting(name=names.get(key, key), value=known[key]) for key in keys]
    differ = _differences(family, named) if named else []
    changes = [one for key, one in zip(keys, settings, strict=True) if key in differ]
    sizes = (math.prod(shapes.image), math.prod(shapes.code)) if shapes else None
    scale = loss_scale(family.objective, *sizes) if sizes else None
    return Description(
        recipe=recipe or "", kind=kind_of(family), **words, changes=tuple(changes),
        loss=loss_of(family), beta=scale.beta if scale else None,
        normalised_beta=scale.normalised if scale else None,
        parts=tuple(_parts(family)), settings=tuple(settings),
    )  # fmt: skip


def recipe_of(family: Parts) -> str | None:
    """The name of the recipe with these parts, whose parameters may differ.

    Of several recipes with the same parts it is the one with the fewest other parameters, then the
    one whose numbers are the nearest.

    >>> recipe_of(find_recipe("dae")), recipe_of(Parts())
    ('dae', 'ae')
    """
    found = {name: one for name, one in recipes().items() if _names(one) == _names(family)}

    def distance(name: str) -> tuple[int, float]:
        ours, usual = values(family), values(found[name])
        differ = _differences(family, found[name])
        return len(differ), sum(_ratio(ours[key], usual[key]) for key in differ)

    return min(found, key=distance, default=None)


def _names(family: Parts) -> list[str]:
    """What the parts are, without their parameters."""
    terms = [term.name for term in family.objective.terms]
    return [*terms, *(getattr(family, key).name for key in PARTS)]


def _differences(family: Parts, recipe: Parts) -> list[str]:
    """The keys of the parameters that differ between two families."""
    usual = values(recipe)
    return [key for key, value in values(family).items() if usual.get(key, value) != value]


def _ratio(one: Value, two: Value) -> float:
    """How many times a number is another one, as the absolute logarithm; 1 for other values."""
    numbers = [float(v) for v in (one, two) if isinstance(v, int | float) and v > 0]
    return abs(math.log(numbers[0] / numbers[1])) if len(numbers) == 2 else 1.0


def value_text(value: Value) -> str:
    """A value as it is typed on the command line."""
    if value is None:
        return "null"
    return f"{value:g}" if isinstance(value, float) else str(value)


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
    """The loss of one image as a formula: the sum of the terms, each times its weight.

    What a formula says behind a comma or a semicolon stands behind the sum.
    """
    terms = [term for term in family.objective.terms if term.weight]
    split = [_split(term.formula_in_use) for term in terms]
    values = [
        _weighted(value, term.weight, alone=len(terms) == 1)
        for term, (value, _) in zip(terms, split, strict=True)
    ]
    notes = dict.fromkeys(note for _, note in split if note)
    return ", ".join([" + ".join(values) or "0", *notes])


def _weighted(formula: str, weight: float, alone: bool) -> str:
    """A formula times a weight, in brackets where it is a sum itself."""
    bare = (weight == 1 and alone) or not any(sign in "+−" for sign, _ in _outside(formula))
    formula = formula if bare else f"({formula})"
    return formula if weight == 1 else f"{weight:g}·{formula}"


def _split(formula: str) -> tuple[str, str]:
    """A formula, and what is said behind it.

    >>> _split("mean k(z, p), p ~ N(0, 1)")
    ('mean k(z, p)', 'p ~ N(0, 1)')
    """
    ends = [place for sign, place in _outside(formula) if sign in ",;"]
    end = ends[0] if ends else len(formula)
    return formula[:end], formula[end + 1 :].strip()


def _outside(formula: str) -> Iterator[tuple[str, int]]:
    """The signs of a formula that stand in no brackets, and their places."""
    depth = 0
    for place, sign in enumerate(formula):
        depth += (sign in "([{") - (sign in ")]}")
        if not depth:
            yield sign, place


def _parts(family: Parts) -> list[PartRecord]:
    """The parts that change something, in the order in which a picture meets them."""
    reconstruction, *penalties = family.objective.terms
    critic = family.critic
    records = [
        _record("corruption", family.corruption),
        _record("bottleneck", family.bottleneck),
        _term(reconstruction, "pictures"),
        *(_term(term, term.acts_on) for term in penalties),
        _record("closing", family.closing),
        _record("critic", critic).model_copy(update={"place": critic.acts_on}),
        _record("optimizer", family.optimizer),
        _record("constraint", family.constraint).model_copy(update={"place": "decoder"}),
    ]
    return [record for record in records if record.text not in ("none", "mean", "adam")]


def _record(key: str, part: Part) -> PartRecord:
    formula = getattr(part, "formula", "")
    return PartRecord(key=key, name=part.name, text=write_part(part), formula=formula)


def _term(term: Term, place: Place) -> PartRecord:
    changed = {"place": place, "weight": term.weight, "formula": term.formula_in_use}
    return _record("objective", term).model_copy(update=changed)
