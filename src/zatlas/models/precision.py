"""What a network computes in: float32, or bfloat16 where the hardware multiplies in it."""

from typing import Literal, NamedTuple

import torch

COMPILED_FROM_STEPS = 20_000  # of a run on a GPU: compiling takes half a minute


class Precision(NamedTuple):
    """What was picked: ``name`` is fp32 or bf16, ``why`` a reason.

    ``compiled``: whether the network goes through torch.compile and CUDA graphs.
    """

    name: Literal["fp32", "bf16"]
    why: str
    compiled: bool = False

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
    compiled = device.type == "cuda" and steps >= COMPILED_FROM_STEPS
    if asked != "auto":
        return Precision(asked, "as asked", compiled)
    if multiplies_bfloat16(device):
        return Precision("bf16", "the hardware multiplies in bfloat16", compiled)
    return Precision("fp32", "the hardware does not multiply in bfloat16", compiled)


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are done in hardware, so that they are faster and not slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8  # Ampere and later
    avx512, amx = torch.cpu._is_avx512_bf16_supported, torch.cpu._is_amx_tile_supported
    return device.type == "cpu" and bool(avx512() or amx())
