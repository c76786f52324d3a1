"""How the learning rate changes over the steps of a training."""

import math
from collections.abc import Callable, Mapping
from typing import Literal

RateSchedule = Literal["constant", "cosine", "one-cycle"]  # the keys of RATE_SCHEDULES

RISING_FRACTION = 0.3  # of the steps of `one_cycle`
FIRST_FACTOR = 1 / 25  # of the learning rate, in its first step


def constant(fraction: float) -> float:  # noqa: ARG001  one signature for all schedules
    """1 throughout."""
    return 1.0


def cosine(fraction: float) -> float:
    """Half a cosine wave from 1 to 0 (Loshchilov & Hutter 2017, SGDR, without restarts).

    >>> cosine(0.0), round(cosine(0.5), 12), cosine(1.0)
    (1.0, 0.5, 0.0)
    """
    return (1 + math.cos(math.pi * fraction)) / 2


def one_cycle(fraction: float) -> float:
    """From 1/25 to 1 in the first 30 % of the steps, then to 0 (Smith & Topin 2018).

    Both parts are half cosine waves, with the numbers of torch's ``OneCycleLR``. The momentum of
    the optimizer stays as it is.

    >>> [round(one_cycle(fraction), 12) for fraction in (0.0, 0.3, 1.0)]
    [0.04, 1.0, 0.0]
    """
    if fraction < RISING_FRACTION:
        return 1 - (1 - FIRST_FACTOR) * cosine(fraction / RISING_FRACTION)
    return cosine((fraction - RISING_FRACTION) / (1 - RISING_FRACTION))


# The factor of the learning rate, as a function of the fraction of the optimizer's steps that are
# done: 0 in the first step, just below 1 in the last one.
RATE_SCHEDULES: Mapping[RateSchedule, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "one-cycle": one_cycle,
}


def is_annealed(schedule: RateSchedule) -> bool:
    """Whether the rate falls to 0 at the end.

    >>> is_annealed("constant"), is_annealed("one-cycle")
    (False, True)
    """
    return RATE_SCHEDULES[schedule](1.0) == 0
