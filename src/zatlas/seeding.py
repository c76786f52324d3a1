"""Seeds: every random number depends on the seed, the purpose, the epoch and the step alone.

No generator is kept between steps, so a resumed run draws the same numbers as an uninterrupted one.
"""

from enum import IntEnum

import numpy as np
import torch


class Draw(IntEnum):
    """The purpose of a random number. Each purpose has its own stream."""

    ORDER = 0
    NOISE = 1
    LAYERS = 2  # dropout and other layers that use torch's global generator
    VALIDATION = 3
    SPLIT = 4
    CORRUPTION = 5
    TERMS = 6  # random directions and the like


def seed_of(draw: Draw, seed: int, epoch: int = 0, step: int = 0) -> int:
    """A 63-bit seed, independent for every combination of arguments (NumPy's SeedSequence)."""
    mixed = np.random.SeedSequence((seed, int(draw), epoch, step)).generate_state(1, np.uint64)
    return int(mixed[0] >> np.uint64(1))


def generator(draw: Draw, seed: int, epoch: int = 0, step: int = 0) -> torch.Generator:
    """A CPU generator with that seed."""
    return torch.Generator().manual_seed(seed_of(draw, seed, epoch, step))
