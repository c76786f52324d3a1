"""What the hardware can do at best: rates of products and of memory, and the bound of a step.

python benchmarks/limits.py        prints the rates as JSON

The bound of a training step adds the time of its counted arithmetic at the measured rate of a large
product (of a 3x3 convolution where it is one) and of Adam's traffic at the rate of the fused Adam:
it reads weight, gradient and two moments and writes weight and moments, 28 bytes a parameter. Real
steps also convert, activate and add, so 100 % is out of reach.
"""

import json
import time
from collections.abc import Callable
from statistics import median

import torch
from torch.utils.flop_counter import FlopCounterMode

from zatlas.models.network import build
from zatlas.process import configure_process
from zatlas.recipes.step import Context, Step

SIDE, ROUNDS = 3072, 3
PARAMETERS = 25_000_000
CPU = torch.device("cpu")


def seconds(work: Callable[[], object]) -> float:
    """The median of a few calls, after one that does not count."""
    work()
    times = []
    for _ in range(ROUNDS):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
    return median(times)


def rates(device: torch.device = CPU) -> dict[str, float]:
    """GFLOP/s of products and convolutions, GB/s of the fused Adam."""
    found = {}
    a, b = torch.randn(SIDE, SIDE, device=device), torch.randn(SIDE, SIDE, device=device)
    found["default"] = 2 * SIDE**3 / seconds(lambda: a @ b) / 1e9
    configure_process()
    found["mm fp32"] = 2 * SIDE**3 / seconds(lambda: a @ b) / 1e9
    a, b = a.bfloat16(), b.bfloat16()
    found["mm bf16"] = 2 * SIDE**3 / seconds(lambda: a @ b) / 1e9
    x = torch.randn(64, 256, 32, 32, device=device).to(memory_format=torch.channels_last)
    conv = torch.nn.Conv2d(256, 256, 3, padding=1).to(device, memory_format=torch.channels_last)
    flops = 2 * 64 * 256 * 256 * 9 * 32 * 32
    with torch.no_grad():
        found["conv fp32"] = flops / seconds(lambda: conv(x)) / 1e9
        x, conv = x.bfloat16(), conv.bfloat16()
        found["conv bf16"] = flops / seconds(lambda: conv(x)) / 1e9
    weights = torch.randn(PARAMETERS, device=device, requires_grad=True)
    weights.grad = torch.randn(PARAMETERS, device=device)
    adam = torch.optim.Adam([weights], fused=True)
    found["adam GB/s"] = 28 * PARAMETERS / seconds(adam.step) / 1e9
    return found


def bound(name: str, batch: int, precision: str, found: dict[str, float]) -> float:
    """The most images/s that training ``name`` in batches could reach at these rates."""
    model = build(name, seed=0)
    x = torch.randn(2, *model.architecture.image)
    noise = torch.randn(2, model.latent) if model.bottleneck.needs_noise else None
    with FlopCounterMode(display=False) as counter:
        step = Step(x, model(x, noise), Context(), model, x, torch.Generator())
        model.model_file.objective.loss(step).total.backward()
    step = 28 * model.architecture.parameters / (found["adam GB/s"] * 1e9)
    for op, flops in counter.get_flop_counts()["Global"].items():
        kind = "conv" if "conv" in str(op) else "mm"
        step += flops / 2 * batch / (found[f"{kind} {precision}"] * 1e9)
    return batch / step


if __name__ == "__main__":
    print(json.dumps(rates()))
