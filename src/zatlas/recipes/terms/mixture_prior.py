"""A prior that is learned: a mixture of the posteriors of pseudo-inputs (VampPrior)."""

import math
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn.functional import interpolate

from zatlas.recipes.bottlenecks.gaussian import drawn
from zatlas.recipes.part_text import STRICT, Count, Epochs, Weight
from zatlas.recipes.parts import Requirement, Term
from zatlas.recipes.step import Network, Shapes, Step
from zatlas.recipes.terms.total_correlation import log_normal


class PseudoInputs(nn.Module):
    """Pictures (K, C, H, W) that are parameters; at first smooth noise of sd 1/2 about grey."""

    def __init__(self, components: int, image: tuple[int, int, int]) -> None:
        super().__init__()
        coarse = torch.randn(components, image[0], 4, 4) / 2
        self.pictures = nn.Parameter(interpolate(coarse, image[1:], mode="bilinear"))


@dataclass(frozen=True, config=STRICT)
class VampPrior(Term):
    """log q(z|x) - log p(z), with the prior p(z) = mean_k q(z|u_k) (Tomczak & Welling 2018).

    z is the drawn code, so the value is an estimate of the KL divergence from this prior, in nats.
    The pseudo-inputs u_k are parameters; ``components`` is their number. It stands in the place of
    ``kl``. Samples are drawn from this prior.
    """

    weight: Weight = 1.0
    components: Count = 50
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "vamp"
    formula: ClassVar[str] = "log q(z|x) − log mean_k q(z|u_k)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    def build(self, shapes: Shapes) -> nn.Module:
        """The pseudo-inputs."""
        return PseudoInputs(self.components, shapes.image)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        mean, log_sd, z = step.output[:3]
        assert log_sd is not None  # `requires` has been checked
        own = log_normal(z, mean, log_sd).sum(1)
        means_KD, log_sds_KD = self._posteriors(step.model)
        components_BK = log_normal(z[:, None], means_KD, log_sds_KD).sum(2)
        return own - components_BK.logsumexp(1) + math.log(self.components)

    def sample_prior(self, model: Network, count: int, seed: int) -> NDArray[np.float32]:
        """Codes (count, D), each from the posterior of a pseudo-input drawn at random."""
        draws = torch.Generator().manual_seed(seed)
        chosen = torch.randint(self.components, (count,), generator=draws)
        noise = torch.randn(count, model.latent, generator=draws)
        with torch.no_grad():
            means_KD, log_sds_KD = (v.cpu() for v in self._posteriors(model))
        return np.asarray(drawn(means_KD[chosen], log_sds_KD[chosen], noise).numpy())

    def _posteriors(self, model: Network) -> tuple[Tensor, Tensor]:
        """Means and logarithms of standard deviations (K, D) of the pseudo-inputs' codes."""
        inputs = model.parts[self.name]
        assert isinstance(inputs, PseudoInputs)
        mean, log_sd = model.code(inputs.pictures)[:2]
        assert log_sd is not None
        return mean, log_sd
