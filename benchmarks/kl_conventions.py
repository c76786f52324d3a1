"""The three conventions of the KL term, side by side on real faces.

python benchmarks/kl_conventions.py TRAIN.npy VALID.npy OUT [EPOCHS]

Trains vae-conv-64 once with each convention into OUT, and writes docs/kl-conventions.csv and
docs/figures/kl-conventions.png.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import zatlas
from tables import write
from zatlas.images.sheet import contact_sheet
from zatlas.run.evidence import kept_reconstruction

CONVENTIONS = ("exact", "course", "course-m2")
DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    """Train what is missing, then write the table and the picture."""
    train, valid, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    epochs = int(sys.argv[4]) if len(sys.argv) > 4 else 30
    faces = zatlas.open_images(valid)[:8]
    rows = []
    figure = Figure(figsize=(12, 5.4), layout="constrained")
    grid = figure.subplots(3, 3, height_ratios=[1, 1, 1.6])
    for column, name in enumerate(CONVENTIONS):
        folder = out / f"vae-conv-64-{name}"
        if (folder / "model.safetensors").exists():
            run = zatlas.open_run(folder)
        else:
            run = zatlas.train("vae-conv-64", train, valid=valid, out=folder, epochs=epochs,
                               changes={"objective.kl.convention": name},
                               overwrite=folder.exists())  # fmt: skip
        best = run.history[run.best_epoch - 1]
        kl = np.sort([best.terms[f"kl_{i}"] for i in range(run.model.latent)])[::-1]
        metrics = kept_reconstruction(run).metrics
        codes = run.statistics
        rows.append({"convention": name, "epochs": epochs, "best_epoch": run.best_epoch,
                     "exact_kl_nats": round(float(kl.sum()), 3),
                     "elements_above_0.01_nats": int((kl > 0.01).sum()),
                     "largest_abs_mean_over_sd": round(float(
                         (np.abs(codes.mean) / np.where(codes.dead, np.inf, codes.sd)).max()), 3),
                     **{k: m.mean for k, m in metrics.items()}})  # fmt: skip
        print(rows[-1], flush=True)
        pairs = np.stack([faces, run.reconstruct(faces)]).reshape(-1, *faces.shape[1:])
        samples = run.decode(run.sample(16, seed=0))
        for axes, pictures, title in (
            (grid[0, column], contact_sheet(pairs, columns=8), f"{name}: held-out, reconstructed"),
            (grid[1, column], contact_sheet(samples, columns=8), "samples of the prior"),
        ):
            axes.imshow(pictures, interpolation="nearest")
            axes.set_title(title)
            axes.axis("off")
        grid[2, column].bar(range(len(kl)), kl, width=1.0)
        grid[2, column].set_title(f"exact KL by element, {kl.sum():.1f} nats in all")
        grid[2, column].set_xlabel("elements, sorted")
        grid[2, column].set_ylabel("nats")
    write((DOCS / "kl-conventions.csv"), rows)
    figure.savefig(DOCS / "figures" / "kl-conventions.png", dpi=110)


if __name__ == "__main__":
    main()
