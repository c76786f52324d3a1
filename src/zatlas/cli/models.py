"""``zatlas models``: the presets, and any model's layers."""

from pathlib import Path
from typing import Any

import click

from zatlas.cli import options
from zatlas.cli.program import answering, check_outputs, console, wrote
from zatlas.files import write_text


@click.group()
def models() -> None:
    """List the presets; show a model layer by layer."""


@models.command(name="list")
@options.json
@options.overwrite
def list_models(answer: str | None, overwrite: bool) -> None:
    """List every preset and recipe: name, latent elements, parameters, one line."""
    check_outputs([], overwrite, json=answer)
    from rich.table import Column, Table

    from zatlas.models.model_file import presets
    from zatlas.recipes.recipe import recipes

    latent, count = (Column(name, justify="right") for name in ("latent", "parameters"))
    table = Table("name", latent, count, "what it is", box=None, pad_edge=False)
    records = []
    for name, model in presets().items():
        network = model.architecture()
        table.add_row(name, f"{network.latent:,}", f"{network.parameters:,}", model.title)
        records.append({"name": name, "latent": network.latent, "title": model.title,
                        "parameters": network.parameters})  # fmt: skip
    families = Table("recipe", "what it does to any network", box=None, pad_edge=False)
    for name, recipe in recipes().items():
        families.add_row(name, recipe.title)
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
    model: str, svg: Path | None, answer: str | None, overwrite: bool, **changes: Any
) -> None:  # fmt: skip
    """Show the layers of MODEL with their output shapes and parameters.

    MODEL is a preset, a model file, pasted code (class source or a printed model), or a run.
    """
    from rich.table import Table

    from zatlas.models.architecture import spell
    from zatlas.models.model_file import assumed, read_model
    from zatlas.models.scaling import changed
    from zatlas.syntax import format_call

    check_outputs([model], overwrite, svg=svg, json=answer)
    model_file = changed(read_model(model), **changes)
    network = model_file.architecture()
    records = [
        {"part": row.part, "index": row.index, "layer": format_call(row.call),
         "shape": list(row.shape), "parameters": row.parameters}
        for row in network.rows
    ]  # fmt: skip
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
    with answering({"layers": records, "parameters": network.parameters}, answer):
        if svg is not None:
            from zatlas.figures.diagram import diagram

            write_text(svg, diagram(network, model_file.title or model))
    if answer != "-":
        shown = console()
        shown.print(f"{model_file.title or model}\n", markup=False)
        shown.print(table)
        for note in assumed(model):
            shown.print(f"assumed: {note}", markup=False)
        shown.print(f"\n{network.parameters:,} parameters, {network.latent:,} latent elements")
    if svg is not None:
        wrote(svg, answer)
