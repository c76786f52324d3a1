"""The records of one step: what a forward pass gives, and where the training stands."""

from enum import Enum
from typing import ClassVar, NamedTuple, Protocol

from torch import Tensor

Code = tuple[Tensor, Tensor | None, Tensor]  # the first three fields of ForwardOutput


class ForwardOutput(NamedTuple):
    """What one forward pass of a batch gives.

    ``mean_BD`` is the code (of a Gaussian bottleneck its mean m), ``log_sd_BD`` the logarithm s of
    its standard deviation or None, ``z_BD`` the code that is decoded (drawn where there is noise),
    ``output_BCHW`` the decoded pictures.
    """

    mean_BD: Tensor
    log_sd_BD: Tensor | None
    z_BD: Tensor
    output_BCHW: Tensor

    def float(self) -> "ForwardOutput":
        """The same values in float32, whatever the network computed in."""
        mean, log_sd, z, output = self
        log_sd = log_sd if log_sd is None else log_sd.float()
        return ForwardOutput(mean.float(), log_sd, z.float(), output.float())


class Context(NamedTuple):
    """Where the training stands.

    ``step`` counts the batches of the whole training from 0; ``images`` is the number of training
    images; ``training`` is False for held-out images, which are measured as after every warm-up.
    """

    step: int = 0
    steps_per_epoch: int = 1
    images: int = 1
    training: bool = True


class Requirement(Enum):
    """What a term needs of a model; the value says how to give it."""

    SPREAD = "a Gaussian bottleneck; write `bottleneck: gaussian`, or leave the term out"
    UNIT_RANGE = "pixels in [0, 1]; write `range: [0, 1]` and `output: Sigmoid()`"


class Term(Protocol):
    """One part of the loss: a value for each image, times ``weight``.

    ``name`` is the term's name in a model file and in the columns of the history, where its values
    stand without the weight. The weight rises from 0 over the first ``warmup_epochs``.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[Requirement, ...]]

    @property
    def weight(self) -> float:
        """The factor of the term in the loss."""

    @property
    def warmup_epochs(self) -> int:
        """The number of epochs until the weight is whole."""

    @property
    def smallest_side(self) -> int:
        """The smallest height and width of images in pixels that the term can measure."""

    def __call__(self, x_BCHW: Tensor, output: ForwardOutput, context: Context) -> Tensor:
        """The values of the term (B,) for the pictures ``x_BCHW`` and what became of them."""
