"""How weights and the learning rate change over the steps of a training."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

from zatlas.recipes.step import Context

RateSchedule = Literal["constant", "cosine"]  # the keys of RATE_SCHEDULES


def linear_warmup(epochs: int, context: Context) -> float:
    """A factor that rises from 0 to 1 over the first ``epochs``; 1 from then on.

    It is 1 throughout for 0 epochs, and for held-out images.

    >>> linear_warmup(2, Context(step=0, steps_per_epoch=2))
    0.25
    """
    steps = epochs * context.steps_per_epoch
    return min(1.0, (context.step + 1) / steps) if steps and context.training else 1.0


def constant(fraction: float) -> float:  # noqa: ARG001  one signature for all schedules
    """1 throughout."""
    return 1.0


def cosine(fraction: float) -> float:
    """Half a cosine wave from 1 to 0 (Loshchilov & Hutter 2017, SGDR, without restarts).

    >>> cosine(0.0), round(cosine(0.5), 12), cosine(1.0)
    (1.0, 0.5, 0.0)
    """
    return (1 + math.cos(math.pi * fraction)) / 2


# The factor of the learning rate, as a function of the fraction of the optimizer's steps that are
# done: 0 in the first step, just below 1 in the last one.
RATE_SCHEDULES: Mapping[RateSchedule, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
}
