"""Every recipe on real images at one small budget: pictures, numbers, and the page docs/gallery.md.

python benchmarks/gallery.py IMAGES.npy HELD_OUT.npy RUNS [--model vae-conv-64] [--scale 0.5]
            [--epochs 6] [--seed 0] [--recipes ae,vae]

A run that exists in the folder RUNS is not trained again, and one that was stopped goes on. The
page and results/gallery.csv hold every recipe that has a run.
"""

import argparse
import shlex
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import zatlas
from tables import read, write
from zatlas.recipes.recipe import recipes
from zatlas.run.evidence import kept_reconstruction
from zatlas.run.run import Run

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "gallery.csv"
PAGE, FIGURES = ROOT / "docs" / "gallery.md", ROOT / "docs" / "figures" / "gallery"
BATCH_SIZE, SCHEDULE = 32, "one-cycle"
SHOWN, STEPS, SPAN, GAP = 3, 5, 3.0, 8
MEASURED = 64  # images whose codes are moved
HEAD = """\
<!-- made by `python benchmarks/gallery.py`; do not change it by hand -->
# Gallery

Every recipe, trained at one small budget on real faces: network `{model}` with {scale:g} of its
widths, {epochs} epochs, seed {seed}. With more epochs all of them become better; this page shows
how they differ, not what is best. The numbers are in
[gallery.csv](../benchmarks/results/gallery.csv).

In the pictures stand, from left to right, reconstructions of three held-out images, three samples,
and the sweep of the strongest element of the first image from −3 to 3 sd. The three images are
these:

![held-out images](figures/gallery/originals.png)

MSE is of pixels in [−1, 1], PSNR in dB, both on held-out images. An element counts as active where
a move by 2 sd to either side changes a picture by 1 grey level or more, as a mean over pixels and
{measured} images. The strongest element is the one that changes pictures most.
"""
SECTION = """
## {recipe}

![diagram of {recipe}](figures/families/{recipe}.svg)

![{recipe}](figures/gallery/{recipe}.png)

| MSE | PSNR | active elements | seconds |
| ---: | ---: | ---: | ---: |
| {mse} | {psnr} | {active} of {elements} | {seconds} |

```bash
{command}
```
"""


def drive(run: Run, codes: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean change of a picture in grey levels by ±2 sd of each element, (D,)."""
    found = []
    for element, sd in enumerate(run.statistics.sd):
        offset = np.zeros(run.model.latent, np.float32)
        offset[element] = 2 * sd
        ends = [run.decode(codes + sign * offset).astype(np.float64) for sign in (-1, 1)]
        found.append(np.abs(ends[1] - ends[0]).mean() / 2)
    return np.array(found)


def row_of(blocks: list[NDArray[np.uint8]]) -> Image.Image:
    """Blocks of pictures (N, H, W, C) in one row, with white gaps between them."""
    height, channels = blocks[0].shape[1], blocks[0].shape[3]
    gap = np.full((height, GAP, channels), 255, np.uint8)
    parts = [part for block in blocks for part in (np.concatenate(list(block), 1), gap)]
    return Image.fromarray(np.concatenate(parts[:-1], 1).squeeze())


def trained(asked: argparse.Namespace, recipe: str) -> Run:
    """The run of a recipe."""
    out = asked.runs / recipe
    return zatlas.train(
        asked.model, asked.images, valid=asked.held_out, out=out, recipe=recipe,
        resume=out.exists(), epochs=asked.epochs, seed=asked.seed, scale=asked.scale,
        batch_size=BATCH_SIZE, schedule=SCHEDULE,
    )  # fmt: skip


def command_of(asked: argparse.Namespace, recipe: str) -> str:
    """The command that trains it."""
    words = ["zatlas", "train", "--model", asked.model, "--recipe", recipe,
             "--images", asked.images.name, "--valid", asked.held_out.name,
             "--scale", asked.scale, "--epochs", asked.epochs, "--batch-size", BATCH_SIZE,
             "--schedule", SCHEDULE, "--seed", asked.seed, "--out", f"runs/{recipe}"]  # fmt: skip
    return shlex.join(map(str, words))


def measure(run: Run, recipe: str, command: str) -> dict[str, object]:
    """Draw the pictures of a run; returns its row of the table."""
    images = run.held_out().pictures(MEASURED)
    codes = run.encode(images)
    driven = drive(run, codes)
    sweep = np.repeat(codes[:1], STEPS, 0)  # not by run.traverse, which refuses dead elements
    strongest = int(driven.argmax())
    sweep[:, strongest] += np.linspace(-SPAN, SPAN, STEPS) * run.statistics.sd[strongest]
    shown = [run.decode(block) for block in (codes[:SHOWN], run.sample(SHOWN, seed=0), sweep)]
    for name, blocks in ((recipe, shown), ("originals", [images[:SHOWN]])):
        row_of(blocks).save(FIGURES / f"{name}.png", optimize=True)
    metrics = kept_reconstruction(run).metrics
    return {
        "recipe": recipe,
        "mse": f"{metrics['mse'].mean:.4f}", "psnr": f"{metrics['psnr'].mean:.2f}",
        "active": int((driven >= 1).sum()), "elements": run.model.latent,
        "seconds": round(sum(row.seconds for row in run.history)), "command": command,
    }  # fmt: skip


def main() -> None:
    """Train, draw, and write the table and the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("images", "held_out", "runs"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--model", default="vae-conv-64")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipes", type=lambda text: text.split(","), default=sorted(recipes()))
    asked = parser.parse_args()
    FIGURES.mkdir(parents=True, exist_ok=True)
    rows = {row["recipe"]: row for row in read(RESULTS)}
    for recipe in asked.recipes:
        rows[recipe] = measure(trained(asked, recipe), recipe, command_of(asked, recipe))
        print(rows[recipe], flush=True)
        found = [rows[name] for name in sorted(rows)]
        write(RESULTS, found)
        head = HEAD.format(**vars(asked), measured=MEASURED)
        PAGE.write_text(head + "".join(SECTION.format(**row) for row in found), encoding="utf-8")


if __name__ == "__main__":
    main()
