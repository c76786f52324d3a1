"""Encoding and decoding speed of a run against eager torch, in turns.

python benchmarks/inference_speed.py OUT.csv [--models fcn-10,vae-conv-64] [--rounds 7]

Contenders decode (or encode) the same codes (images): ``torch`` is the network called as it is,
in default settings, under no_grad; ``zatlas`` is `Run.decode` (`encode`), uint8 pictures in and
out; ``decode_preview`` is `Run.decode_preview`, for a slider. Weights are untrained. Medians of
the rounds, the contenders taking turns in each; a ratio is the median of the ratios within a round.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch

from tables import write
from zatlas.latents import coding
from zatlas.models.network import build

SIZES = (1, 64, 1024)


def seconds(work: Callable[[], object], at_least: float = 0.2) -> float:
    """The median of as many calls as fit into a while, three at least."""
    work()
    times: list[float] = []
    while len(times) < 3 or sum(times) < at_least:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def main() -> None:
    """A row a model, direction and batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--models", default="fcn-10,fcn-64,conv-64,vae-conv-64")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    rows: list[dict[str, object]] = []
    rng = np.random.default_rng(0)
    for name in asked.models.split(","):
        model = build(name, seed=0).requires_grad_(False)
        quick = coding.quick(model)
        channels, height, width = model.architecture.image
        for count in SIZES:
            z = rng.standard_normal((count, model.latent), np.float32)
            x = rng.integers(0, 256, (count, height, width, channels), np.uint8)
            floats = torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1
            codes = torch.from_numpy(z)

            def torch_decode(codes: torch.Tensor = codes, model: torch.nn.Module = model) -> None:
                with torch.no_grad():
                    model.decode(codes)  # type: ignore[operator]

            def torch_encode(x: torch.Tensor = floats, model: torch.nn.Module = model) -> None:
                with torch.no_grad():
                    model.encode(x)  # type: ignore[operator]

            cases: dict[str, dict[str, Callable[[], object]]] = {
                "decode": {"torch": torch_decode,
                           "zatlas": lambda z=z, m=model: coding.decode(m, z),
                           "decode_preview": lambda z=z, m=quick: coding.decode(m, z)},
                "encode": {"torch": torch_encode,
                           "zatlas": lambda x=x, m=model: coding.encode(m, x)},
            }  # fmt: skip
            for direction, contenders in cases.items():
                rounds = [
                    {name: seconds(work) for name, work in contenders.items()}
                    for _ in range(asked.rounds)
                ]
                row: dict[str, object] = {"model": name, "direction": direction, "batch": count}
                for contender in ("torch", "zatlas", "decode_preview"):
                    if contender in contenders:
                        row[f"{contender}_ms"] = round(
                            1e3 * median(r[contender] for r in rounds), 3
                        )
                row["zatlas_over_torch"] = round(
                    median(r["torch"] / r["zatlas"] for r in rounds), 2
                )
                rows.append(row)
                print(row, flush=True)
    write(asked.out, rows)


if __name__ == "__main__":
    main()
