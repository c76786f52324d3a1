"""How a weight changes over the steps of a training."""

from zatlas.recipes.step import Context


def linear_warmup(epochs: int, context: Context) -> float:
    """A factor that rises from 0 to 1 over the first ``epochs``; 1 from then on.

    It is 1 throughout for 0 epochs, and for held-out images.

    >>> linear_warmup(2, Context(step=0, steps_per_epoch=2))
    0.25
    """
    steps = epochs * context.steps_per_epoch
    return min(1.0, (context.step + 1) / steps) if steps and context.training else 1.0
