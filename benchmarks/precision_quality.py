"""Does `--precision auto` reach the held-out loss of fp32 at equal epochs?

python benchmarks/precision_quality.py TRAIN.npy VALID.npy OUT.csv [--models ...] [--seeds 3]
                              [--first-seed 0] [--epochs 10] [--batch-size 32] [--nudged]

Both start from the same weights and see the same batches; the least held-out loss of each run is
compared. Held-out losses are computed in fp32 whatever the training computes in. A run that has
taken few steps is still far from where it ends, and any change of rounding moves it by per cents:
`--nudged` shows by how much, with a third run in fp32 whose first weights differ from the first's
by one part in a million.
"""

import argparse
import tempfile
from pathlib import Path

import torch

import zatlas
import zatlas.workflows.train as training
from tables import write
from zatlas.models.network import Autoencoder, build

MODELS = "fcn-10,fcn-multi-encoder,conv,vae-conv-64"
NUDGE = 1e-6


@torch.no_grad()
def nudged(model: object, *, seed: int | None = None) -> Autoencoder:
    """The network that is built otherwise, each first weight another by a part in a million."""
    network = build(model, seed=seed)  # type: ignore[arg-type]
    draw = torch.Generator().manual_seed(1)
    for weight in network.parameters():
        weight *= 1 + NUDGE * torch.randn(weight.shape, generator=draw)
    return network


def main() -> None:
    """A row a model and seed; written after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--nudged", action="store_true")
    asked = parser.parse_args()
    zatlas.configure_process()
    rows: list[dict[str, object]] = []
    kinds = {"fp32": ("fp32", build), "auto": ("auto", build)}
    if asked.nudged:
        kinds["fp32_nudged"] = ("fp32", nudged)
    for model in asked.models.split(","):
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
            found, picked = {}, ""
            for kind, (precision, built) in kinds.items():
                training.build = built  # type: ignore[assignment]
                with tempfile.TemporaryDirectory() as place:
                    run = zatlas.train(
                        model, asked.train, valid=asked.valid, out=Path(place) / "run", seed=seed,
                        epochs=asked.epochs, batch_size=asked.batch_size, precision=precision,
                    )  # fmt: skip
                    found[kind] = min(row.valid_loss for row in run.history)
                    if kind == "auto":
                        picked = run.config.computing.name
            over = {f"{k}_over_fp32": round(v / found["fp32"], 4) for k, v in found.items()}
            over.pop("fp32_over_fp32")
            rows.append({
                "model": model, "seed": seed, "epochs": asked.epochs,
                "batch": asked.batch_size, "picked": picked, **found, **over,
            })  # fmt: skip
            print(rows[-1], flush=True)
            write(asked.out, rows)


if __name__ == "__main__":
    main()
