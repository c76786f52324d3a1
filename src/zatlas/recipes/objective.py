"""The objective: a reconstruction term plus penalties, and the record of its value on a batch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import torch
from torch import Tensor

from zatlas.recipes.step import Context, ForwardOutput, Term
from zatlas.recipes.terms import MeanSquaredError, exact_kl


@dataclass(frozen=True)
class Loss:
    """The loss of one batch: what is minimised, and its parts in the units they are printed in.

    ``total`` is a scalar; ``terms`` are means over the batch without their weights (scalars);
    ``kl_D`` is the exact KL divergence of each latent element in nats, mean over the batch, of a
    Gaussian bottleneck.
    """

    total: Tensor
    terms: dict[str, Tensor]
    kl_D: Tensor | None

    def vector(self) -> Tensor:
        """All values as one float64 vector without gradients, to be summed over batches."""
        values = [self.total.detach()[None], *(v.detach()[None] for v in self.terms.values())]
        return torch.cat(values if self.kl_D is None else [*values, self.kl_D]).double()


@dataclass(frozen=True)
class LossValues:
    """A mean loss over many images, as numbers; the fields are those of :class:`Loss`."""

    total: float
    terms: dict[str, float]
    kl_D: list[float]


def linear_warmup(epochs: int, context: Context) -> float:
    """A factor that rises from 0 to 1 over the first ``epochs``; 1 from then on.

    It is 1 throughout for 0 epochs, and for held-out images.

    >>> linear_warmup(2, Context(step=0, steps_per_epoch=2))
    0.25
    """
    steps = epochs * context.steps_per_epoch
    return min(1.0, (context.step + 1) / steps) if steps and context.training else 1.0


@dataclass(frozen=True)
class Objective:
    """What training minimises: the mean over the images of a batch of a sum of terms.

    Parameters
    ----------
    reconstruction
        How far decoded pictures are from the given ones.
    penalties
        What is added to it, each times its weight.
    """

    reconstruction: Term = field(default_factory=MeanSquaredError)
    penalties: tuple[Term, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms, in the order of the model file."""
        return (self.reconstruction, *self.penalties)

    @property
    def warmup_epochs(self) -> int:
        """The epochs after which every weight is whole, so that losses can be compared."""
        return max(term.warmup_epochs for term in self.terms)

    def loss(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Loss:
        """The loss of one batch, in float32 whatever the network computed in."""
        output = output.float()
        values = {term.name: term(x_BCHW, output, context) for term in self.terms}
        weighted = (
            linear_warmup(term.warmup_epochs, context) * term.weight * values[term.name]
            for term in self.terms
        )
        kl_D = None
        if output.log_sd_BD is not None:
            kl_D = exact_kl(output.mean_BD, output.log_sd_BD).mean(0).detach()
        means = {name: value.mean() for name, value in values.items()}
        return Loss(reduce(add, weighted).mean(), means, kl_D)

    def named(self, vector: Iterable[float]) -> LossValues:
        """The numbers of a mean of ``Loss.vector`` under their names."""
        total, *rest = vector
        names = [term.name for term in self.terms]
        terms = dict(zip(names, rest[: len(names)], strict=True))
        return LossValues(total, terms, rest[len(names) :])
