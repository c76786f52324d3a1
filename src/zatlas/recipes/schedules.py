"""How the learning rate changes over the steps of a training."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

RateSchedule = Literal["constant", "cosine"]  # the keys of RATE_SCHEDULES


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
