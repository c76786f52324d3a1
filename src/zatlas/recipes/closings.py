"""Closings: how the losses of the images of a batch become the one number that is minimised."""

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor

from zatlas.recipes.part_text import STRICT, Count
from zatlas.recipes.parts import Closing, Requirement
from zatlas.recipes.step import Step


@dataclass(frozen=True, config=STRICT)
class Mean(Closing):
    """The mean over the batch."""

    name: ClassVar[str] = "mean"
    formula: ClassVar[str] = "mean over images"

    def __call__(self, losses_VB: Tensor) -> Tensor:
        """The mean of the one view."""
        return losses_VB[0].mean()


def decoded(step: Step, z_BD: Tensor) -> Step:
    """The same step with another drawn code, decoded."""
    output = step.output._replace(z_BD=z_BD, output_BCHW=step.model.decode(z_BD).float())
    return step._replace(output=output)


@dataclass(frozen=True, config=STRICT)
class Importance(Closing):
    """Minus the logarithm of the mean of exp(-loss) over codes drawn for each image, then the mean.

    With a log likelihood and ``sampled_kl`` it is the importance weighted bound of
    Burda et al. 2016 (IWAE). It decodes ``samples`` times.

    Parameters
    ----------
    samples : codes drawn for each image.
    groups : the bound is taken in so many groups, each of ``samples`` codes, and averaged
        (Rainforth et al. 2018, MIWAE).
    elbo : the share of the ordinary bound, the rest is of this one (Rainforth et al. 2018, CIWAE).
    """

    samples: Count = 5
    groups: Count = 1
    elbo: Annotated[float, Field(ge=0, le=1)] = 0.0
    name: ClassVar[str] = "importance"
    formula: ClassVar[str] = "mean over images of −log mean_k exp(−loss_k), z_k ~ q(z|x)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD, Requirement.SAMPLED_KL)

    def views(self, step: Step) -> list[Step]:
        """The step itself, and steps with other codes drawn."""
        mean, log_sd, _ = step.output.gaussian
        more = range(self.samples * self.groups - 1)
        codes = (mean + log_sd.exp() * step.normal(*mean.shape) for _ in more)
        return [step, *(decoded(step, z) for z in codes)]

    def __call__(self, losses_VB: Tensor) -> Tensor:
        """The losses of each drawn code and image to a scalar."""
        losses_GKB = losses_VB.unflatten(0, (self.groups, self.samples))
        bound: Tensor = math.log(self.samples) - (-losses_GKB).logsumexp(1).mean()
        return self.elbo * losses_VB.mean() + (1 - self.elbo) * bound if self.elbo else bound


@dataclass(frozen=True, config=STRICT)
class Prefixes(Closing):
    """The mean over prefixes of the code: its first m elements, with 0 in place of the others.

    The code of each prefix is decoded, so the first elements must say the most (Rippel et al. 2014,
    nested dropout; Kusupati et al. 2022, Matryoshka). The prefixes are 0, 1, 2, 4, 8, ... and the
    whole code; with ``every`` all of them, 0 to D.
    """

    every: bool = False
    name: ClassVar[str] = "prefixes"
    formula: ClassVar[str] = "mean over images and prefixes z_1…z_m, m = 0, 1, 2, 4, …, D"

    def sizes(self, latent: int) -> list[int]:
        """The sizes of the prefixes of ``latent`` elements, but for the whole code."""
        if self.every:
            return list(range(latent))
        return [0, *(2**power for power in range((latent - 1).bit_length()))]

    def views(self, step: Step) -> list[Step]:
        """The step itself, and steps with the code of each prefix."""
        z = step.output.z_BD
        cut = [z.clone() for _ in self.sizes(z.shape[1])]
        for code, size in zip(cut, self.sizes(z.shape[1]), strict=True):
            code[:, size:] = 0
        return [step, *(decoded(step, code) for code in cut)]

    def __call__(self, losses_VB: Tensor) -> Tensor:
        """The mean over prefixes and images."""
        return losses_VB.mean()


MEAN = Mean()
CLOSINGS: Mapping[str, type[Closing]] = {part.name: part for part in (Mean, Importance, Prefixes)}
