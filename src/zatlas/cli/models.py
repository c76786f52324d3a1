"""``zatlas models``: the presets, the recipes, and what a model or a recipe consists of."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zatlas.cli import options
from zatlas.cli.program import answering, check_outputs, console, wrote
from zatlas.files import write_text

if TYPE_CHECKING:
    from rich.table import Table

    from zatlas.models.architecture import Architecture
    from zatlas.recipes.description import Description

NETWORK = "fcn-64"  # what a recipe is shown on, where no network is given


@click.group()
def models() -> None:
    """List presets and recipes; show a model layer by layer, or a recipe."""


@models.command(name="list")
@options.json
@options.overwrite
def list_models(answer: str | None, overwrite: bool) -> None:
    """List every preset and recipe: name, latent elements, parameters, one line."""
    check_outputs([], overwrite, json=answer)
    from rich.table import Column, Table

    from zatlas.models.model_file import presets
    from zatlas.recipes.description import kind_of
    from zatlas.recipes.recipe import recipes

    latent, count = (Column(name, justify="right") for name in ("latent", "parameters"))
    table = Table("name", latent, count, "what it is", box=None, pad_edge=False)
    records: list[dict[str, object]] = []
    for name, model in presets().items():
        network = model.architecture()
        table.add_row(name, f"{network.latent:,}", f"{network.parameters:,}", model.title)
        records.append({"name": name, "kind": "preset", "latent": network.latent,
                        "title": model.title, "parameters": network.parameters})  # fmt: skip
    families = Table("kind", "recipe", "what it does to any network", box=None, pad_edge=False)
    before = ""
    for name, recipe in sorted(recipes().items(), key=lambda one: (kind_of(one[1]), one[0])):
        kind = kind_of(recipe)
        families.add_row(kind * (kind != before), name, recipe.title)
        records.append({"name": name, "kind": "recipe", "title": recipe.title,
                        "paper": recipe.paper})  # fmt: skip
        before = kind
    with answering(records, answer):
        if answer != "-":
            for part in (table, "", families):
                console().print(part)


@models.command()
@click.argument("model", metavar="MODEL")
@options.network
@click.option("--svg", metavar="FILE.svg", type=options.OutFile(".svg"),
              help="Draw a diagram too.")  # fmt: skip
@options.json
@options.overwrite
def show(
    model: str, recipe: str | None, svg: Path | None, answer: str | None, overwrite: bool,
    **changes: Any,
) -> None:  # fmt: skip
    """Show the layers of MODEL, and its loss as a formula; or show a recipe.

    MODEL is a preset, a model file, pasted code (class source or a printed model), a run, or the
    name of a recipe, which is shown with its paper, advantage and disadvantage.
    """
    from zatlas.figures.diagram import diagram
    from zatlas.figures.family import family_diagram
    from zatlas.models.model_file import assumed, read_model
    from zatlas.models.scaling import changed
    from zatlas.recipes.description import describe
    from zatlas.recipes.recipe import recipes
    from zatlas.recipes.step import Shapes

    check_outputs([model], overwrite, svg=svg, json=answer)
    alone = recipe is None and model in recipes()  # a recipe without a network
    recipe = model if alone else recipe
    model_file = changed(read_model(NETWORK if alone else model), recipe=recipe, **changes)
    network = model_file.architecture()
    family = describe(model_file, recipe, Shapes(network.image, network.code_shape))
    title = family.title if alone else model_file.title or model
    record: dict[str, object] = {"family": family.plain()}
    if not alone:
        record |= {"layers": _layers(network), "parameters": network.parameters}
    with answering(record, answer):
        if svg is not None:
            drawing = family_diagram(family) if alone else diagram(network, title, family=family)
            write_text(svg, drawing)
    if answer != "-":
        shown = console()
        shown.print(f"{title}\n", markup=False)
        if not alone:
            shown.print(_layer_table(network))
            for note in assumed(model):
                shown.print(f"assumed: {note}", markup=False)
            counts = f"{network.parameters:,} parameters, {network.latent:,} latent elements"
            shown.print(f"\n{counts}\n")
        shown.print(_family_table(family, network, named=recipe is not None))
    if svg is not None:
        wrote(svg, answer)


def _layers(network: "Architecture") -> list[dict[str, object]]:
    """The layers of a network as plain JSON values."""
    from zatlas.syntax import format_call

    return [
        {"part": row.part, "index": row.index, "layer": format_call(row.call),
         "shape": list(row.shape), "parameters": row.parameters}
        for row in network.rows
    ]  # fmt: skip


def _layer_table(network: "Architecture") -> "Table":
    from rich.table import Table

    from zatlas.models.architecture import spell
    from zatlas.syntax import format_call

    table = Table("part", "layer", "", "gives", "parameters", box=None, pad_edge=False)
    table.columns[4].justify = "right"
    table.add_row("image", "", "", spell(network.image), "")
    before = ""
    for row in network.rows:
        if row.part == "decoder" and before != "decoder":
            table.add_row("code", "", "", spell(network.code_shape), "", style="bold")
        part, before = "" if row.part == before else row.part, row.part
        layer = format_call(row.call)
        index, text = ("", f"({layer})") if row.index is None else (f"{row.index}", layer)
        count = f"{row.parameters:,}" if row.parameters else ""
        table.add_row(part, index, text, spell(row.shape), count)
    return table


def _family_table(family: "Description", network: "Architecture", *, named: bool) -> "Table":
    """The loss, the parts with their formulas, the texts of the recipe, and what can be set.

    ``named``: the recipe was asked for by its name, so its parameters can be set by theirs.
    """
    from rich.table import Table
    from rich.text import Text

    from zatlas.recipes.description import value_text

    table = Table(box=None, pad_edge=False, show_header=False)
    if family.recipe:
        table.add_row("recipe", Text(family.recipe_words))
    table.add_row("loss", Text(family.loss))
    if family.beta is not None:
        size = f"{network.latent:,} elements, {math.prod(network.image):,} pixel values"
        own = any(one.name == "beta" for one in family.settings) and named
        weight = "; --set beta is the weight of the term in the loss" if own else ""
        likelihood = "beside a reconstruction loss in nats, which is half of sse"
        table.add_row("beta", f"{family.beta:.4g} {likelihood}{weight}")
        table.add_row("", f"{family.normalised_beta:.4g} normalised (Higgins 2017), for {size}")
    before = ""
    for part in family.parts:
        text = f"{part.text}    {part.formula}" if part.formula else part.text
        table.add_row(part.key * (part.key != before), Text(text))
        before = part.key
    for key in ("paper", "advantage", "disadvantage"):
        if text := getattr(family, key):
            table.add_row(key, Text(text))
    for number, one in enumerate(family.settings if named else ()):
        table.add_row("--set" * (not number), Text(f"{one.name}={value_text(one.value)}"))
    return table
