"""The objective: a reconstruction term, further terms, and the record of its value on a batch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import torch
from torch import Tensor

from zatlas.recipes.closings import MEAN
from zatlas.recipes.parts import Closing, Critic, Term
from zatlas.recipes.step import Context, Step
from zatlas.recipes.terms.divergence import exact_kl
from zatlas.recipes.terms.reconstruction import MeanSquaredError


@dataclass(frozen=True)
class Loss:
    """The loss of one batch: what is minimised, and its parts in the units they are printed in.

    ``total`` is a scalar; ``terms`` are means over the batch without their weights (scalars),
    and the loss of a critic stands among them; ``kl_D`` is the exact KL divergence of each latent
    element in nats, mean over the batch, of a Gaussian bottleneck.
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
    """What training minimises: the sum of all terms, each times its weight.

    ``penalties`` are the terms after the first; further reconstruction terms may stand among them.
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

    def loss(self, step: Step, closing: Closing = MEAN) -> Loss:
        """The loss of one batch, in float32 whatever the network computed in.

        ``closing`` makes one number of the losses of the images; the terms of the record are those
        of the step itself.
        """
        step = step._replace(output=step.output.float())
        views = closing.views(step)
        values = [{term.name: term(view) for term in self.terms} for view in views]
        losses = [self._weighted(named, step.context) for named in values]
        output, kl_D = step.output, None
        if output.log_sd_BD is not None:
            mean_BD, log_sd_BD, _ = output.gaussian
            kl_D = exact_kl(mean_BD, log_sd_BD).mean(0).detach()
        means = {name: value.mean() for name, value in values[0].items()}
        return Loss(closing(torch.stack(losses)), means, kl_D)

    def _weighted(self, values: dict[str, Tensor], context: Context) -> Tensor:
        """The sum (B,) of the terms, each times its weight."""
        return reduce(add, (t.weight_in(context) * values[t.name] for t in self.terms))

    def named(self, vector: Iterable[float], critic: Critic | None = None) -> LossValues:
        """The numbers of a mean of ``Loss.vector`` under their names."""
        total, *rest = vector
        names = [part.name for part in (*self.terms, *([critic] if critic else []))]
        terms = dict(zip(names, rest[: len(names)], strict=True))
        return LossValues(total, terms, rest[len(names) :])
