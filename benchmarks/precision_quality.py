"""Does `--precision auto` reach the held-out loss of fp32 at equal epochs?

python benchmarks/precision_quality.py TRAIN.npy VALID.npy OUT.csv [--models ...] [--seeds 3]
                                       [--epochs 10]

Both start from the same weights and see the same batches; the least held-out loss of each run is
compared. Held-out losses are computed in fp32 whatever the training computes in.
"""

import argparse
import csv
import tempfile
from pathlib import Path

import zatlas
from zatlas.training.heap import keep_freed_blocks

MODELS = "fcn-10,fcn-multi-encoder,conv,vae-conv-64"


def main() -> None:
    """A row a model and seed; written after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    asked = parser.parse_args()
    keep_freed_blocks()
    rows: list[dict[str, object]] = []
    for model in asked.models.split(","):
        for seed in range(asked.seeds):
            found = {}
            for precision in ("fp32", "auto"):
                with tempfile.TemporaryDirectory() as place:
                    run = zatlas.train(
                        model, asked.train, valid=asked.valid, out=Path(place) / "run",
                        epochs=asked.epochs, seed=seed, precision=precision,
                    )  # fmt: skip
                    found[precision] = min(row["valid_loss"] for row in run.history)
                    picked = run.config["computing"]["name"]
            rows.append(
                {
                    "model": model,
                    "seed": seed,
                    "epochs": asked.epochs,
                    "picked": picked,
                    **found,
                    "auto_over_fp32": round(found["auto"] / found["fp32"], 4),
                }
            )
            print(rows[-1], flush=True)
            with Path(asked.out).open("w", newline="", encoding="utf-8") as handle:
                writer = csv.DictWriter(handle, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)


if __name__ == "__main__":
    main()
