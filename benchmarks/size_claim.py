"""R1's claim on real faces: "the larger the model, the clearer the reconstruction".

python benchmarks/size_claim.py TRAIN.npy VALID.npy OUT [EPOCHS]

Trains fcn-3-small, -medium and -large at equal epochs with three seeds each into OUT, and writes
docs/size-claim.csv and docs/figures/size-claim.png.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t

import zatlas
from tables import write
from zatlas.run.evidence import kept_reconstruction
from zatlas.run.run import Run

SIZES, SEEDS = ("small", "medium", "large"), (0, 1, 2)
DOCS = Path(__file__).parents[1] / "docs"


def trained(size: str, seed: int, train: str, valid: str, out: Path, epochs: int) -> Run:
    """The run of one size and seed, trained where it is not there yet."""
    folder = out / f"fcn-3-{size}-{seed}"
    if (folder / "model.safetensors").exists():
        return zatlas.open_run(folder)
    return zatlas.train(f"fcn-3-{size}", train, valid=valid, out=folder, epochs=epochs, seed=seed,
                        overwrite=folder.exists())  # fmt: skip


def main() -> None:
    """Train what is missing, then write the table and the picture."""
    train, valid, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    epochs = int(sys.argv[4]) if len(sys.argv) > 4 else 30
    rows = []
    for seed in SEEDS:
        for size in SIZES:
            run = trained(size, seed, train, valid, out, epochs)
            metrics = kept_reconstruction(run).metrics
            rows.append({"size": size, "seed": seed, "epochs": epochs,
                         "parameters": run.model.architecture.parameters,
                         **{name: metric.mean for name, metric in metrics.items()},
                         "seconds": round(sum(r.seconds for r in run.history), 1)})  # fmt: skip
            print(rows[-1], flush=True)
    write((DOCS / "size-claim.csv"), rows)
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("mse", "sharpness"), strict=True):
        for x, size in enumerate(SIZES):
            values = np.array([row[name] for row in rows if row["size"] == size])
            half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
            axes.errorbar(x, values.mean(), half, fmt="o", capsize=4, color="C0")
            axes.plot([x + 0.12] * len(values), values, ".", color="0.6")
            print(f"{size} {name}: {values.mean():.5f} ± {half:.5f} (95 %, 3 seeds)")
        axes.set_xticks(range(len(SIZES)), [f"fcn-3-{size}" for size in SIZES])
        axes.set_xlim(-0.5, len(SIZES) - 0.5)
        axes.set_title({"mse": "held-out MSE", "sharpness": "sharpness, of the original's"}[name])
    figure.savefig(DOCS / "figures" / "size-claim.png", dpi=120)


if __name__ == "__main__":
    main()
