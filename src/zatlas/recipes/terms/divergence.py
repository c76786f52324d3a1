"""The KL divergence of a Gaussian bottleneck from its prior, and how its weight is set."""

from typing import ClassVar, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from zatlas.recipes.part_text import STRICT, Count, Epochs, Weight
from zatlas.recipes.parts import Requirement, Term, linear_warmup
from zatlas.recipes.step import Context, Shapes, Step


def exact_kl(m: Tensor, s: Tensor) -> Tensor:
    """KL(N(m, exp(s)^2) || N(0, 1)) in nats, element by element.

    It is (exp(2 s) - 1 - 2 s + m^2) / 2, with s the logarithm of the standard deviation (Kingma &
    Welling 2013, appendix B).
    """
    return 0.5 * (torch.exp(2 * s) - 1 - 2 * s + m.square())


def course_kl(m: Tensor, s: Tensor) -> Tensor:  # noqa: ARG001  one signature for all conventions
    """exp(s) - 1 - s, as some courses print it. It does not pull m towards 0."""
    return torch.exp(s) - 1 - s


def course_m2_kl(m: Tensor, s: Tensor) -> Tensor:
    """exp(s) - 1 - s + m^2, as some courses print it."""
    return torch.exp(s) - 1 - s + m.square()


FORMULAS = {
    "exact": "Σ_j KL(N(μ_j, σ_j²) ‖ N(0, 1))",
    "course": "Σ_j (exp s_j − 1 − s_j), s = log σ",
    "course-m2": "Σ_j (exp s_j − 1 − s_j + μ_j²), s = log σ",
}
CONVENTIONS = {"exact": exact_kl, "course": course_kl, "course-m2": course_m2_kl}


@dataclass(frozen=True, config=STRICT)
class KLDivergence(Term):
    """KL divergence from the standard normal prior in nats, the sum over the elements of a code.

    With the weight 1 and ``sse`` or ``bce`` it makes a variational autoencoder (Kingma & Welling
    2013), with a larger one a beta-VAE (Higgins et al. 2017).

    Parameters
    ----------
    convention : the formula; ``exact`` is the divergence.
    warmup_epochs : the weight rises linearly from 0 over so many epochs (Bowman et al. 2016).
    cycles : how often it rises; after each rise it is whole for as long (Fu et al. 2019).
    capacity : C in nats: the value is abs(KL - C), with KL the mean over the batch. Then C rises
        in the warm-up, and the weight is whole (Burgess et al. 2018).
    free_bits : nats of each element that cost nothing: its mean over the batch counts as at least
        this (Kingma et al. 2016).
    """

    weight: Weight = 1.0
    convention: Literal["exact", "course", "course-m2"] = "exact"
    warmup_epochs: Epochs = 0
    cycles: Count = 1
    capacity: Weight = 0.0
    free_bits: Weight = 0.0
    name: ClassVar[str] = "kl"
    formula: ClassVar[str] = FORMULAS["exact"]
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    @property
    def formula_in_use(self) -> str:
        """The formula of the convention, with the free bits or the capacity."""
        formula = FORMULAS[self.convention]
        if self.free_bits:
            formula = f"Σ_j max({self.free_bits:g}, KL_j), Σ_j KL_j = {formula}"
        return f"|{formula} − C|, C = {self.capacity:g}" if self.capacity else formula

    def weight_in(self, context: Context) -> float:
        """The factor in one step: ``weight`` after a warm-up; with a capacity throughout."""
        return self.weight if self.capacity else self._warmup(context) * self.weight

    def _warmup(self, context: Context) -> float:
        period = 2 * self.warmup_epochs * context.steps_per_epoch
        if context.step < self.cycles * period:
            context = context._replace(step=context.step % period)
        return linear_warmup(self.warmup_epochs, context)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        mean, log_sd, _ = step.output.gaussian
        kl_BD = CONVENTIONS[self.convention](mean, log_sd)
        if self.free_bits:
            kl_BD = kl_BD.mean(0, keepdim=True).clamp(min=self.free_bits).expand_as(kl_BD)
        kl_B = kl_BD.sum(1)
        if not self.capacity:
            return kl_B
        return step.each((kl_B.mean() - self.capacity * self._warmup(step.context)).abs())


@dataclass(frozen=True, config=STRICT)
class SampledKL(Term):
    """log q(z|x) - log p(z) of the drawn code in nats, the sum over its elements.

    With q the normal distribution of the image and p the standard normal prior. Its mean over draws
    is the KL divergence. Importance weighting needs it (Burda et al. 2016).
    """

    weight: Weight = 1.0
    warmup_epochs: Epochs = 0
    name: ClassVar[str] = "sampled_kl"
    formula: ClassVar[str] = "log q(z|x) − log p(z)"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)
    gives: ClassVar[frozenset[Requirement]] = frozenset({Requirement.SAMPLED_KL})

    def __call__(self, step: Step) -> Tensor:
        """The values (B,) in nats."""
        mean, log_sd, z = step.output.gaussian
        noise = (z - mean) / log_sd.exp()
        return (0.5 * (z.square() - noise.square()) - log_sd).sum(1)


class _Integral(nn.Module):
    """The integral part of a controller, as it goes into the weights file."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("value", torch.zeros(()))


@dataclass(frozen=True, config=STRICT)
class ControlledKL(Term):
    """The KL divergence times a beta that a controller sets, so that it stays near ``target``.

    beta = K_p / (1 + exp e) - K_i Σ e + beta_min with e = target - KL, KL the mean over the batch
    and Σ over the steps of training (Shao et al. 2020, ControlVAE). The integral part stays
    between 0 and beta_max, so that it follows at once when e changes its sign.

    Parameters
    ----------
    target : nats of the whole code.
    k_p, k_i : gains of the proportional and the integral part.
    beta_min, beta_max : the range of beta.
    """

    weight: Weight = 1.0
    target: Weight = 40.0
    k_p: Weight = 0.01
    k_i: Weight = 0.001
    beta_min: Weight = 0.0
    beta_max: Weight = 10.0
    name: ClassVar[str] = "controlled_kl"
    formula: ClassVar[str] = "β_t·Σ_j KL_j, β_t = K_p/(1 + exp e) − K_i Σe + β_min, e = target − KL"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.SPREAD,)

    def build(self, shapes: Shapes) -> nn.Module:
        """The sum -K_i Σ e so far, a buffer."""
        return _Integral()

    def __call__(self, step: Step) -> Tensor:
        """The values (B,): beta times nats. The integral moves in training alone."""
        mean, log_sd, _ = step.output.gaussian
        kl_B = exact_kl(mean, log_sd).sum(1)
        error = self.target - kl_B.detach().mean()
        integral = step.model.parts[self.name].get_buffer("value")
        if step.context.training:
            integral.copy_((integral - self.k_i * error).clamp(0, self.beta_max))
        beta = self.k_p * torch.sigmoid(-error) + integral + self.beta_min
        return beta.clamp(max=self.beta_max) * kl_B
