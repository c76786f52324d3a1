"""The same families in pythae and in zatlas, with the same networks, first weights and batches.

python benchmarks/peers/families.py TRAIN.npy VALID.npy OUT.csv [--epochs 10] [--seeds 1]
    [--families ae,vae]

For each family and seed, pythae's BaseTrainer and zatlas train in turns, each in a process of its
own. Both keep the weights of the lowest held-out loss. The error is the mean squared one of the
deterministic reconstructions of VALID.npy, pixels in [-1, 1]. Needs benchmarks/requirements.txt.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tables import read, write  # noqa: E402  of the folder above


class Family(NamedTuple):
    """A family: pythae's class and its settings, zatlas's recipe and what makes its loss the same.

    pythae's variational families add half the sum of squares, its others the whole sum. Its
    gradient penalty of RAE-GP is another one (that of the sum of the pixels, to the image).
    """

    model: str
    pythae: str
    settings: dict[str, Any]
    recipe: str
    changes: dict[str, Any]


FAMILIES = {
    "ae": Family("fcn-64", "AE", {}, "ae", {"objective": ["sse()"]}),
    "vae": Family("fcn-64", "VAE", {}, "vae", {"objective.sse.weight": 0.5}),
    "beta-vae": Family(
        "fcn-64", "BetaVAE", {"beta": 4.0}, "beta-vae",
        {"objective.sse.weight": 0.5, "objective.kl.weight": 4.0},
    ),
    # pythae makes (B, 1, 64, 1) of a flat code and quantises its last side: single elements.
    # running means, then gradients
    "vq-vae": Family(
        "fcn-64", "VQVAE", {"num_embeddings": 512, "use_ema": True}, "vq-vae",
        {"bottleneck": "vq(size=512, dim=1)", "objective": ["sse()", "commitment(weight=0.25)"]},
    ),
    "vq-vae-learned": Family(
        "fcn-64", "VQVAE", {"num_embeddings": 512}, "vq-vae",
        {"bottleneck": "vq(size=512, dim=1, codebook='learned')",
         "objective": ["sse()", "commitment(weight=0.25)", "codebook()"]},
    ),
    "wae-mmd": Family(
        "fcn-64", "WAE_MMD", {"reg_weight": 100.0}, "wae-mmd", {"objective.mmd.weight": 100.0},
    ),
    "beta-tcvae": Family(
        "fcn-64", "BetaTCVAE", {"beta": 4.0}, "beta-tcvae",
        {"objective": ["sse(weight=0.5)", "mutual_information(sampling='stratified')",
                       "tc(weight=4, sampling='stratified')",
                       "elementwise_kl(sampling='stratified')"]},
    ),
    "rae-gp": Family(
        "fcn-64", "RAE_GP", {"embedding_weight": 1e-4, "reg_weight": 1e-7}, "rae-gp",
        {"objective.code_l2.weight": 1e-4, "objective.decoder_gradient.weight": 1e-7},
    ),
    "iwae": Family(
        "fcn-64", "IWAE", {"number_samples": 5}, "iwae", {"objective.sse.weight": 0.5},
    ),
}  # fmt: skip


def main() -> None:
    """Run what the table does not have yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("out")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--families", default=",".join(FAMILIES))
    given = parser.parse_args()
    out = Path(given.out)
    rows = read(out)
    done = {(row["family"], str(row["seed"]), row["library"]) for row in rows}
    for seed in range(given.seeds):
        for name in given.families.split(","):
            for library in ("pythae", "zatlas"):
                if (name, str(seed), library) not in done:
                    found = measured(library, name, given, seed)
                    rows.append({"family": name, "seed": seed, "library": library, **found})
                    print(rows[-1], flush=True)
                    write(out, rows)


def measured(library: str, family: str, given: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Train in a process of its own: the held-out error, and the seconds of the training."""
    with tempfile.TemporaryDirectory() as folder:
        asked = {**FAMILIES[family]._asdict(), "train": given.train, "valid": given.valid,
                 "epochs": given.epochs, "seed": seed, "out": folder}  # fmt: skip
        program = [sys.executable, str(HERE / f"with_{library}.py"), json.dumps(asked)]
        answer = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(answer.strip().splitlines()[-1])
    return {"epochs": given.epochs, **found}


if __name__ == "__main__":
    main()
