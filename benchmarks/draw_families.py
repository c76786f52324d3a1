"""The page of all families, docs/families.md, and their diagrams: made of the recipes themselves.

python benchmarks/draw_families.py
"""

from pathlib import Path

from zatlas.figures.family import family_diagram
from zatlas.recipes.description import Description, describe
from zatlas.recipes.recipe import recipes

DOCS = Path(__file__).parents[1] / "docs"
DIAGRAMS = "figures/families"
KINDS = {
    "deterministic": "The code of an image is a list of numbers, without noise.",
    "variational": "The encoder gives a mean and a standard deviation for every element. Training "
    "draws the code from this distribution; encoding gives the mean.",
    "quantised": "Each part of the code is one of a few values.",
    "with a critic": "A second network, or the encoder itself, is trained against the objective "
    "by an optimizer of its own.",
}
HEAD = """\
<!-- made by `python benchmarks/draw_families.py`; change the recipes, not this page -->
# Families

A family is a recipe: a corruption, a bottleneck, an objective, and at times a critic. A recipe fits
any network; where it does not, the error says why. [model-file.md](model-file.md) lists the parts
with their parameters. Other families are written from them in a few lines.
[gallery.md](gallery.md) shows each recipe on real faces.
[disentanglement.md](disentanglement.md) says which recipes make elements that mean something.

```bash
zatlas models show beta-vae --svg beta-vae.svg    # formula, paper, advantage, disadvantage, diagram
zatlas train --model fcn-10 --recipe beta-vae --set beta=8 \\
    --images faces64.npy --out runs/beta-vae
```

The loss is that of one image, with the weights after every warm-up. Advantage and disadvantage are
against the recipe `ae`. x is the image, x̂ its reconstruction, E the encoder, D the decoder, z the
code, and j counts its elements.
"""
LEFT_OUT = """
## Left out

- Hierarchical VAEs: their code has several levels, so no single number is an element whose effect
  can be measured.
- Hyperbolic (Poincaré) and Riemannian VAEs: a step along one element has no meaning in a curved
  space.
- Posteriors from normalising flows: the flow mixes the elements.
- Diffusion autoencoders: they need networks of their own, and many decodings for one picture.
- Losses on features of pretrained networks: the library would have to be delivered with their
  weights.
"""


def page() -> str:
    """The text of the page."""
    found = [describe(recipe, name) for name, recipe in recipes().items()]
    sections = [HEAD]
    for kind, words in KINDS.items():
        rows = [_row(family) for family in found if family.kind == kind]
        head = (
            "| recipe | loss | advantage | disadvantage | paper |\n| --- | --- | --- | --- | --- |"
        )
        if rows:
            sections.append("\n".join([f"\n## {kind.capitalize()}\n\n{words}\n", head, *rows, ""]))
    return "".join([*sections, LEFT_OUT])


def _row(family: Description) -> str:
    name = f"[`{family.recipe}`]({DIAGRAMS}/{family.recipe}.svg)"
    parts = [part for part in family.parts if part.key != "objective" and part.formula]
    parts = [part for part in parts if part.name not in ("plain", "gaussian")]
    formulas = [f"`{family.loss}`", *(f"{part.key}: `{part.formula}`" for part in parts)]
    cells = [name, "<br>".join(formulas), family.advantage, family.disadvantage, family.paper]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def diagrams() -> dict[str, str]:
    """The diagram of every recipe, by its file."""
    return {
        f"{DIAGRAMS}/{name}.svg": family_diagram(describe(recipe, name))
        for name, recipe in recipes().items()
    }


def main() -> None:
    """Write the page and the diagrams."""
    (DOCS / DIAGRAMS).mkdir(parents=True, exist_ok=True)
    for name, text in {"families.md": page(), **diagrams()}.items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
