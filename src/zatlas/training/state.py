"""The state of a training run: everything that the rest of the run depends on."""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.optim import Optimizer

from zatlas.models.network import Autoencoder


@dataclass
class Position:
    """How far a run has come: ``step`` batches of ``epoch`` are done (both from 0).

    ``sums`` are the running sums of the epoch's loss over its images (``Loss.vector``);
    ``best_loss`` and ``best_epoch`` belong to the best held-out epoch so far, -1 for none.
    """

    epoch: int = 0
    step: int = 0
    sums: list[float] | None = None
    best_loss: float | None = None
    best_epoch: int = -1

    @property
    def name(self) -> str:
        """The name of its checkpoint."""
        return f"{self.epoch:06d}-{self.step:06d}"

    @property
    def best_is_older(self) -> bool:
        """Whether the best weights are others than those measured at this position."""
        return self.best_epoch >= 0 and (self.best_epoch, 0) != (self.epoch, self.step)


@dataclass
class TrainState:
    """What a checkpoint holds.

    The order of images and all noise are functions of seed, epoch and step, so the position stands
    for them. ``optimizers`` are named. ``average`` holds the averages of the weights where they are
    kept. ``best`` are the best weights where they are not on disk yet and are others than those
    that are measured.
    """

    model: Autoencoder
    optimizers: dict[str, Optimizer]
    position: Position = field(default_factory=Position)
    average: Autoencoder | None = None
    best: dict[str, Tensor] | None = None

    @property
    def measured(self) -> Autoencoder:
        """The network that held-out images are measured with, and whose best weights are kept."""
        return self.model if self.average is None else self.average

    def weights(self) -> dict[str, Tensor]:
        """A copy of the measured weights on the CPU, contiguous in their own memory format."""
        state = self.measured.state_dict()
        return {k: v.detach().to("cpu", copy=True).contiguous() for k, v in state.items()}


def initial_state(model: Autoencoder, lr: float) -> TrainState:
    """The state before the first step: fresh optimizers of the model and its critic."""
    critic = model.model_file.critic
    theirs = critic.trained(model)
    own = [(k, v) for k, v in model.named_parameters() if not any(v is one for one in theirs)]
    optimizers = {"model": model.model_file.optimizer.make(own, lr)}
    if theirs:
        optimizers[critic.name] = critic.make_optimizer(theirs, lr)
    return TrainState(model, optimizers)


def allocate_moments(optimizer: Optimizer) -> None:
    """Give an Adam that has taken no step its moments before the first batch comes.

    It would take their memory in the middle of the first step, between blocks that every step gives
    back, and later steps would not find their places there again.
    """
    for parameter in (p for group in optimizer.param_groups for p in group["params"]):
        moments = {name: torch.zeros_like(parameter) for name in ("exp_avg", "exp_avg_sq")}
        step = torch.zeros((), device=parameter.device)
        optimizer.state[parameter] = {"step": step, **moments}
