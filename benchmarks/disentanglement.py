"""Which recipe makes single elements that mean something? Scores of codes against known factors.

python benchmarks/disentanglement.py NAME IMAGES.npy FACTORS.csv RUNS OUT.csv [--seeds 5]
    [--epochs 6] [--count 10000] [--recipes ae,vae] [--latent 10] [--first 0]

Each recipe trains the same network on the same first COUNT images with each seed: convolutions that
halve the side of an image, with 16, 32, 64, ... channels, until it is 4. Rows that exist are kept.
The scores are over 2,000 other images. NAME stands in the column ``images`` of the table.

The images are made first: rendered faces of 32 pixels a side, or a packed dSprites (.npz with imgs,
latents_values, latents_names):

python benchmarks/disentanglement.py --render IMAGES.npy FACTORS.csv
python benchmarks/disentanglement.py --unpack dsprites.npz IMAGES.npy FACTORS.csv
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import zatlas
from tables import read, write
from zatlas.evidence.codes.disentanglement import measure_disentanglement
from zatlas.evidence.properties.factors import Factor
from zatlas.images.faces import draw_factors, render
from zatlas.images.faces.factors import FACTORS
from zatlas.models.model_file import ModelFile
from zatlas.workflows.atlas import read_factors

RECIPES = ("ae", "vae", "beta-tcvae", "factor-vae", "qlae", "tripod")
RENDERED = 14_000  # faces
SCORED = 2000  # images
SCORES = ("mig", "disentanglement", "completeness", "informativeness", "infom", "explicitness")


def rendered(images: str, factors: str) -> None:
    """Write rendered faces and the table of their factors."""
    drawn = draw_factors(RENDERED, seed=7)
    np.save(images, render(drawn, size=32, framing="close"))
    columns = {f.name: drawn[f.name].astype(int if f.kind == "binary" else float).tolist()
               for f in FACTORS}  # fmt: skip
    write(factors, [{"index": i, **{name: column[i] for name, column in columns.items()}}
                    for i in range(RENDERED)])  # fmt: skip


def unpack(packed: str, images: str, factors: str) -> None:
    """Write a packed dSprites as an image set and its table, in a random order."""
    with np.load(packed, allow_pickle=False) as arrays:
        order = np.random.default_rng(0).permutation(len(arrays["imgs"]))
        np.save(images, (arrays["imgs"][order] * 255)[..., None].astype(np.uint8))
        names = [str(name) for name in arrays["latents_names"]]
        values = arrays["latents_values"][order]
    rows = [{"index": i, **dict(zip(names, row.tolist(), strict=True))}
            for i, row in enumerate(values)]  # fmt: skip
    write(factors, [{k: v for k, v in row.items() if k != "color"} for row in rows])


def scores_of(run: zatlas.Run, images: np.ndarray, factors: list[Factor]) -> dict[str, Any]:
    """The scores of a run's codes, and its error on the same images."""
    found = measure_disentanglement(run.encode(images), factors)
    error = np.square((run.reconstruct(images).astype(float) - images) * (2 / 255)).mean()
    values = {name: getattr(found, name) for name in SCORES}
    rounded = {name: None if v is None else round(v, 4) for name, v in values.items()}
    best = sorted((row.mig for row in found.factors), reverse=True)
    return {**rounded, "factors_with_mig_above_0.1": sum(mig > 0.1 for mig in best),
            "readable_factors": sum(bool(row.readable) for row in found.factors),
            "mse": round(float(error), 5)}  # fmt: skip


def main() -> None:
    """Train what is missing, and score it."""
    if sys.argv[1] in ("--render", "--unpack"):
        return {"--render": rendered, "--unpack": unpack}[sys.argv[1]](*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("name", "images", "factors", "runs", "out"):
        parser.add_argument(name)
    for name, default in (("seeds", 5), ("epochs", 6), ("count", 10_000), ("latent", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--recipes", default=",".join(RECIPES))
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    given = parser.parse_args()
    zatlas.configure_process()
    pictures = np.load(given.images, mmap_mode="r")
    train = np.array(pictures[: given.count])
    judged = np.array(pictures[given.count : given.count + SCORED])
    _, table = read_factors(given.factors, [len(pictures)])
    rows_of = slice(given.count, given.count + SCORED)
    factors = [Factor(f.name, f.kind, f.values[rows_of], f.levels, f.note) for f in table]
    image = (train.shape[3], *train.shape[1:3])
    widths = [16 << level for level in range((train.shape[1] // 4).bit_length() - 1)]
    encoder, decoder = (f"conv({', '.join(map(str, row))})" for row in (widths, widths[::-1]))
    network = ModelFile(image=image, encoder=encoder, decoder=decoder, output="Tanh()")
    out = Path(given.out)
    rows = read(out)
    done = {(row["images"], row["recipe"], str(row["seed"])) for row in rows}
    for seed in range(given.first, given.first + given.seeds):
        for recipe in given.recipes.split(","):
            if (given.name, recipe, str(seed)) in done:
                continue
            folder, started = Path(given.runs) / f"{given.name}-{recipe}-{seed}", time.monotonic()
            run = zatlas.train(
                network, train, out=folder, recipe=recipe, latent=given.latent,
                epochs=given.epochs, batch_size=32, lr=2e-3, schedule="one-cycle", seed=seed,
                overwrite=folder.exists(), progress=False,
            )  # fmt: skip
            seconds = round(time.monotonic() - started)
            rows.append({"images": given.name, "recipe": recipe, "seed": seed,
                         "epochs": given.epochs, "seconds": seconds,
                         **scores_of(run, judged, factors)})  # fmt: skip
            print(rows[-1], flush=True)
            write(out, rows)
    return None


if __name__ == "__main__":
    main()
