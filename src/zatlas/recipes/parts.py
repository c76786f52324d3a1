"""The protocols of the parts of a recipe: what each kind of part is asked for."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zatlas.recipes.step import Code, Context, Network, Shapes, Step

Place = Literal["pictures", "encoder", "code", "decoder"]  # where a part acts, in diagrams


class Requirement(Enum):
    """What a term needs of the other parts; the value says how to give it."""

    SPREAD = "a Gaussian bottleneck; write `bottleneck: gaussian`, or leave the term out"
    UNIT_RANGE = "pixels in [0, 1]; write `range: [0, 1]` and `output: Sigmoid()`"
    SAMPLED_KL = "a divergence of the drawn code; write sampled_kl() in place of kl()"
    QUANTISED = "a bottleneck that quantises, as `bottleneck: vq`"
    PERMUTED_CODES = "a discriminator; write `critic: permuted_codes`"
    PRIOR_CODES = "a discriminator; write `critic: prior_codes`"
    PICTURES = "a discriminator; write `critic: pictures`"
    INTROSPECTION = "a decoder trained apart; write `critic: introspective_decoder`"
    CODEBOOK = "a codebook with gradients; write `bottleneck: vq(codebook='learned')` or `qlae`"
    BINARY = "a bottleneck of signs; write `bottleneck: lfq`"
    CATEGORICAL = "a bottleneck with a category; write `bottleneck: gumbel`"


Grid: TypeAlias = "tuple[NDArray[np.float32] | None, ...] | None"
"""The values that each element of a code can take; None for one that can take any."""


class Part(Protocol):
    """A part of a recipe. Its fields are its parameters in a model file, such as ``weight=4``."""

    name: ClassVar[str]
    requires: ClassVar[tuple[Requirement, ...]] = ()

    def build(self, shapes: Shapes) -> nn.Module | None:
        """A module with the parameters and buffers that the part owns; None where it has none.

        The network keeps it as ``network.parts[name]``, so it is trained, saved and resumed with
        the network. Raises InputError where the part does not fit the shapes.
        """
        return None

    def sample_prior(self, model: Network, count: int, seed: int) -> NDArray[np.float32] | None:
        """Codes (count, D) from the prior that a term or critic has in the place of the bottleneck.

        None: it has none.
        """
        return None


class Term(Part, Protocol):
    """One part of the loss: a value for each image, times ``weight``.

    ``name`` is the term's name in a model file and in the columns of the history, where its values
    stand without the weight. ``formula`` is the value for one image, as a text.
    """

    formula: ClassVar[str]
    gives: ClassVar[frozenset[Requirement]] = frozenset()
    acts_on: ClassVar[Place] = "code"  # of a penalty; reconstruction terms compare pictures
    warmup_epochs: int = 0  # the weight rises from 0 over the first epochs

    @property
    def weight(self) -> float:
        """The factor of the term in the loss."""

    @property
    def formula_in_use(self) -> str:
        """The formula for the values of the parameters, where they change it."""
        return self.formula

    def weight_in(self, context: Context) -> float:
        """The factor of the term in one step: ``weight``, after a linear warm-up."""
        return linear_warmup(self.warmup_epochs, context) * self.weight

    def __call__(self, step: Step) -> Tensor:
        """The values of the term (B,) for the pictures of a step and what became of them."""


def linear_warmup(epochs: int, context: Context) -> float:
    """A factor that rises from 0 to 1 over the first ``epochs``; 1 from then on.

    It is 1 throughout for 0 epochs, and for held-out images.

    >>> linear_warmup(2, Context(step=0, steps_per_epoch=2))
    0.25
    """
    steps = epochs * context.steps_per_epoch
    return min(1.0, (context.step + 1) / steps) if steps and context.training else 1.0


class Corruption(Part, Protocol):
    """A random change of pictures (B, C, H, W), in training alone."""

    formula: ClassVar[str]

    def __call__(self, x_BCHW: Tensor, generator: torch.Generator) -> Tensor:
        """The changed pictures, a new tensor; whatever is random is drawn from ``generator``."""


class Head(NamedTuple):
    """One copy of the encoder's last layer with weights, without the activation behind it.

    ``letter`` is its name in tables and diagrams, ``modules`` in the network and its weights file.
    """

    letter: str
    modules: str


class Bottleneck(Part, Protocol):
    """What makes codes of the encoder's output. By default every code is valid, and none drawn.

    ``part`` is always what ``build`` gave: None, or the module in the network.
    """

    formula: ClassVar[str]
    heads: ClassVar[tuple[Head, ...]] = ()  # none: the code is the encoder's output itself
    needs_noise: ClassVar[bool] = False  # in training: standard normal, (B, D)

    @property
    def gives(self) -> frozenset[Requirement]:
        """What terms may require of it."""
        return frozenset()

    def __call__(
        self, ends: Sequence[Tensor], noise_BD: Tensor | None = None, part: nn.Module | None = None
    ) -> Code:
        """The code of ``ends``: a tensor (B, D) from each head, or the encoder's output alone."""

    def project(self, z_BD: Tensor, part: nn.Module | None = None) -> Tensor:
        """The nearest codes that the bottleneck can give."""
        return z_BD

    def grid(self, latent: int, part: nn.Module | None = None) -> Grid:
        """The values that each of the elements can take, rising; None where all can take any."""
        return None

    def sample(self, count: int, latent: int, seed: int) -> NDArray[np.float32] | None:
        """Codes (count, latent) from the prior; None where the bottleneck has none."""
        return None


class Closing(Part, Protocol):
    """How the losses of the images of a batch become the one number that is minimised."""

    formula: ClassVar[str]

    def views(self, step: Step) -> list[Step]:
        """The steps whose losses are closed: by default the step itself."""
        return [step]

    def __call__(self, losses_VB: Tensor) -> Tensor:
        """The losses of each view and image to a scalar."""


class Critic(Part, Protocol):
    """What is trained beside the objective on every batch, with an optimizer of its own.

    Each batch first takes a step of the objective, which trains all parameters but those of
    ``trained``; then a step of ``loss``, which trains ``trained`` alone.
    """

    formula: ClassVar[str]
    acts_on: ClassVar[Place] = "code"
    gives: ClassVar[frozenset[Requirement]] = frozenset()
    rate: float = 1.0  # of its optimizer, times the learning rate

    def trained(self, model: Network) -> list[nn.Parameter]:
        """The parameters that it trains: by default those of the module that it built."""
        return list(model.parts[self.name].parameters())

    def loss(self, step: Step) -> Tensor:
        """The loss (B,) of the critic; ``step.output`` has no gradients."""

    def make_optimizer(self, parameters: list[nn.Parameter], lr: float) -> torch.optim.Optimizer:
        """Adam with a first moment of 0.5, as is usual for adversarial training."""
        return torch.optim.Adam(parameters, lr=lr * self.rate, betas=(0.5, 0.999), fused=True)


class OptimizerPart(Part, Protocol):
    """What takes the steps of the objective."""

    def make(
        self, parameters: Iterable[tuple[str, nn.Parameter]], lr: float
    ) -> torch.optim.Optimizer:
        """The optimizer of these parameters, which have their names in the network."""


class Constraint(Part, Protocol):
    """A constraint on the layers of the decoder."""

    def __call__(self, layer: nn.Module) -> None:
        """Constrain one layer in place."""
