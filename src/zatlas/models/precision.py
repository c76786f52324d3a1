"""What a network computes in: exact float32 by the fastest kernel there is, or bfloat16.

On processors without matrix units torch sends float32 products to a library that runs its
AVX2 path on AMD, at half the speed of the AVX-512 kernel that torch has too. The switch to that
kernel is called "medium" precision; on such a processor it changes the order of a sum and nothing
else. On one with matrix units (AMX) it may really compute in bfloat16, so it is tried first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch

LONG = 20_000  # steps of a run on a GPU that is compiled for
EXACT = 1e-5  # relative error of a float32 product against float64: 3e-7 seen, bfloat16's is 3e-3


Matmul = Literal["highest", "medium"]


@dataclass(frozen=True)
class Precision:
    """What was picked: ``name`` is fp32 or bf16, ``matmul`` torch's setting, ``why`` a reason.

    ``compiled``: whether the network goes through torch.compile and CUDA graphs.
    """

    name: Literal["fp32", "bf16"]
    matmul: Matmul
    why: str
    compiled: bool = False

    @contextmanager
    def setting(self) -> Iterator[None]:
        """torch's matmul setting within the block, the caller's again behind it."""
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision(self.matmul)
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

    def __str__(self) -> str:
        return f"{self.name} ({self.why}){', compiled' if self.compiled else ''}"

    def computing(self, device: torch.device) -> torch.autocast:
        """The context of the forward pass: float32 weights, products in bfloat16 where picked."""
        return torch.autocast(device.type, torch.bfloat16, enabled=self.name == "bf16")


def pick(asked: Literal["auto", "fp32", "bf16"], device: torch.device, steps: int = 0) -> Precision:
    """The precision for a device; ``auto`` takes bfloat16 where the hardware multiplies in it.

    ``steps`` is how many batches will come. Compiling takes half a minute, and on a CPU it gains
    nothing on these networks (docs/performance.md); a GPU waits for Python without it, so it is
    compiled for there once the run is long enough to earn the half minute back.
    """
    matmul: Matmul = "medium" if device.type == "cpu" and medium_is_exact() else "highest"
    compiled = device.type == "cuda" and steps >= LONG
    if asked != "auto":
        return Precision(asked, matmul, "as asked", compiled)
    if multiplies_bfloat16(device):
        return Precision("bf16", matmul, "the hardware multiplies in bfloat16", compiled)
    return Precision("fp32", matmul, "the hardware does not multiply in bfloat16", compiled)


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are done in hardware, so that they are faster and not slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8  # Ampere and later
    return device.type == "cpu" and bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


@cache
def medium_is_exact() -> bool:
    """Whether "medium" float32 products on this CPU are float32 products: tried, not believed."""
    draw = torch.Generator().manual_seed(0)
    a, b = (torch.randn(256, 256, generator=draw) for _ in range(2))
    truth = a.double() @ b.double()
    with Precision("fp32", "medium", "trial").setting():
        error = ((a @ b).double() - truth).abs().max() / truth.abs().max()
    return bool(error < EXACT)
