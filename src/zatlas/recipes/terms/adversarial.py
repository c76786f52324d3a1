"""Terms that ask a discriminator, which a critic trains."""

from typing import ClassVar

from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn.functional import softplus

from zatlas.recipes import discriminators
from zatlas.recipes.part_text import STRICT, Weight
from zatlas.recipes.parts import Place, Requirement, Term
from zatlas.recipes.step import Step


@dataclass(frozen=True, config=STRICT)
class DensityRatio(Term):
    """The total correlation KL(q(z) ‖ Π_j q(z_j)), by the density ratio (Kim & Mnih 2018).

    It is the logit T(z) of the discriminator of ``critic: permuted_codes``, in nats. Its mean is
    the total correlation where the discriminator is the best one.
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "density_ratio"
    formula: ClassVar[str] = "log σ(T(z)) − log(1 − σ(T(z)))"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.PERMUTED_CODES,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        values: Tensor = step.model.parts[discriminators.PERMUTED_CODES](step.output.z_BD)
        return values


@dataclass(frozen=True, config=STRICT)
class CodeAdversarial(Term):
    """-log σ(T(z)): the encoder makes codes that pass for draws from the prior.

    T is the discriminator of ``critic: prior_codes`` (adversarial autoencoder, Makhzani et al.
    2015). At log 2 it cannot tell codes from draws.
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "code_adversarial"
    formula: ClassVar[str] = "−log σ(T(z))"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.PRIOR_CODES,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        return softplus(-step.model.parts[discriminators.PRIOR_CODES](step.output.z_BD))


@dataclass(frozen=True, config=STRICT)
class FeatureError(Term):
    """½ Σ (f(x̂) - f(x))²: a reconstruction error in features of the pictures.

    f is what the discriminator of ``critic: pictures`` gives before its last layer (VAE-GAN, Larsen
    et al. 2016).
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "feature_error"
    acts_on: ClassVar[Place] = "pictures"
    formula: ClassVar[str] = "½ Σ (f(x̂) − f(x))²"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.PICTURES,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        features = discriminators.picture_discriminator(step.model)[0]
        error = features(step.output.output_BCHW) - features(step.x_BCHW)
        values: Tensor = 0.5 * error.square().flatten(1).sum(1)
        return values


@dataclass(frozen=True, config=STRICT)
class PictureAdversarial(Term):
    """-½ log σ(T(D(z))) - ½ log σ(T(D(p))), p ~ N(0, 1): decoded pictures pass for real ones.

    T is the discriminator of ``critic: pictures`` (VAE-GAN, Larsen et al. 2016). It trains the
    decoder alone: the encoder gets no gradient from it.
    """

    weight: Weight = 1.0
    name: ClassVar[str] = "picture_adversarial"
    acts_on: ClassVar[Place] = "pictures"
    formula: ClassVar[str] = "−½ log σ(T(D(z))) − ½ log σ(T(D(p)))"
    requires: ClassVar[tuple[Requirement, ...]] = (Requirement.PICTURES,)

    def __call__(self, step: Step) -> Tensor:
        """The values (B,)."""
        model, z = step.model, step.output.z_BD.detach()
        pictures = (model.decode(codes) for codes in (z, step.normal(*z.shape)))
        decoded, sampled = (softplus(-discriminators.picture_logits(model, y)) for y in pictures)
        return 0.5 * (decoded + sampled)
