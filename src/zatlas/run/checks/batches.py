"""Whether an epoch has enough steps, which can be said before a training."""

import math

from zatlas.run.checks.limits import FEW_STEPS_AN_EPOCH


def few_steps(training_images: int, batch_size: int) -> str:
    """What to say where an epoch has few steps, with the batch size to try; else empty.

    >>> few_steps(257, 256)
    'An epoch is only 2 steps of training (257 images in batches of 256): try a batch size of 8.'
    """
    steps = math.ceil(training_images / batch_size)
    smaller = _power_of_two(training_images // FEW_STEPS_AN_EPOCH)
    if steps >= FEW_STEPS_AN_EPOCH or smaller >= batch_size:
        return ""
    words = f"{steps} step{'s' * (steps > 1)} of training"
    batches = f"{training_images} images in batches of {batch_size}"
    return f"An epoch is only {words} ({batches}): try a batch size of {smaller}."


def _power_of_two(most: int) -> int:
    """The largest power of two up to ``most``; 2 at least."""
    return 1 << max(1, most.bit_length() - 1)
