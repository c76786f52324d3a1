"""Terms of bottlenecks that quantise: how codebook and encoder meet, and how codes are used."""

import math
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from zatlas.recipes.part_text import STRICT, Epochs, Weight
from zatlas.recipes.parts import Requirement, Term, linear_warmup
from zatlas.recipes.step import Context, Step


def _raw(step: Step) -> Tensor:
    """The encoder's output, before it was quantised."""
    assert step.output.raw_BD is not None  # `requires` has been checked
    return step.output.raw_BD


@dataclass(frozen=True, config=STRICT)
class Commitment(Term):
    """Mean of (a - q)^2 over the elements, with a gradient to the encoder's output a alone.

    It keeps a near its quantised value q (van den Oord et al. 2017). Of a residual quantiser q is
    the sum over the codebooks.
    """

    weight: Weight = 0.25
    name: ClassVar[str] = "commitment"
    formula: ClassVar[str] = "mean (a − sg(q))², sg: held constant"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.QUANTISED,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        return (_raw(step) - step.output.mean_BD.detach()).square().mean(1)


@dataclass(frozen=True, config=STRICT)
class CodebookLoss(Term):
    """Mean of (a - q)^2 over the elements, with a gradient to the codebook alone.

    It moves the vectors of a codebook to the encoder's outputs (van den Oord et al. 2017).
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "codebook"
    formula: ClassVar[str] = "mean (sg(a) − q)², sg: held constant"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.CODEBOOK,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        return (_raw(step).detach() - step.output.mean_BD).square().mean(1)


@dataclass(frozen=True, config=STRICT)
class Entropy(Term):
    """Entropy of the sign of each image minus that over the batch, in nats, summed over elements.

    Its least value has certain signs in each image, and both signs equally often (Yu et al. 2023).
    An element is 1 with the probability p = 1/(1 + exp(-4 a/temperature)), a the encoder's output.
    """

    weight: Weight = 0.1
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    name: ClassVar[str] = "entropy"
    formula: ClassVar[str] = "Σ_j H(p_j) − H(mean p_j)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.BINARY,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats; the second part is that of the batch."""
        logits = 4 * _raw(step) / self.temperature
        p = logits.sigmoid()
        sure = functional.binary_cross_entropy_with_logits(logits, p, reduction="none").sum(1)
        used = p.mean(0).clamp(1e-6, 1 - 1e-6)
        return sure - functional.binary_cross_entropy(used, used, reduction="sum")


@dataclass(frozen=True, config=STRICT)
class CategoricalKL(Term):
    """KL divergence of the category from the uniform distribution, in nats (Dupont 2018, JointVAE).

    With a ``capacity`` C the value is abs(KL - C), with KL the mean over the batch; C rises
    linearly over the warm-up, and the weight is whole.
    """

    weight: Weight = 1.0
    capacity: Weight = 0.0
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "kl_categorical"
    formula: ClassVar[str] = "Σ_k q_k log(K q_k); with a capacity |KL − C|"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.CATEGORICAL,)

    def weight_in(self, context: Context) -> float:
        """The factor in one step: ``weight`` after a warm-up; with a capacity throughout."""
        return self.weight if self.capacity else super().weight_in(context)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        log_q = _raw(step)[:, step.output.gaussian[1].shape[1] :].log_softmax(1)
        kl = (log_q.exp() * log_q).sum(1) + math.log(log_q.shape[1])
        if not self.capacity:
            return kl
        capacity = self.capacity * linear_warmup(self.warmup_epochs, step.context)
        return step.each((kl.mean() - capacity).abs())
