"""The objective: a reconstruction term, further terms, and the record of its value on a batch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import torch
from torch import Tensor

from zatlas.recipes.closings import Closing, mean
from zatlas.recipes.schedules import linear_warmup
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


@dataclass(frozen=True)
class Objective:
    """What training minimises.

    Parameters
    ----------
    reconstruction
        How far decoded pictures are from the given ones.
    penalties
        What is added to it, each times its weight: penalties, or further reconstruction terms.
    closing
        How the losses of the images of a batch become one number.
    """

    reconstruction: Term = field(default_factory=MeanSquaredError)
    penalties: tuple[Term, ...] = ()
    closing: Closing = mean

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
        return Loss(self.closing(reduce(add, weighted)), means, kl_D)

    def named(self, vector: Iterable[float]) -> LossValues:
        """The numbers of a mean of ``Loss.vector`` under their names."""
        total, *rest = vector
        names = [term.name for term in self.terms]
        terms = dict(zip(names, rest[: len(names)], strict=True))
        return LossValues(total, terms, rest[len(names) :])
