"""One training step, and the measurement on held-out images."""

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zatlas.distributed import Processes
from zatlas.models.precision import Precision
from zatlas.recipes.corruptions import CORRUPTIONS
from zatlas.recipes.objective import LossValues
from zatlas.recipes.step import Context
from zatlas.run.split import Part
from zatlas.run.train_config import TrainConfig
from zatlas.seeding import Draw, generator, seed_of
from zatlas.training.batches import bounds, gather, resident
from zatlas.training.state import TrainState


class Steps:
    """The steps of one training run: images and network are on the device of the process."""

    def __init__(
        self, state: TrainState, train: Part, valid: Part, config: TrainConfig,
        processes: Processes, precision: Precision,
    ) -> None:  # fmt: skip
        self.model, self.config, self.train, self.valid = state.model, config, train, valid
        self.processes, self.precision = processes, precision
        self.bounds = bounds(len(train), config.batch_size)
        self.objective = self.model.model_file.objective
        self.corruption = CORRUPTIONS[self.model.model_file.corruption]
        images = train_images = resident(train.images, processes.device)
        if valid.images is not train.images:
            images = resident(valid.images, processes.device)
        network, optimizers = processes.setup(self.model, state.optimizers)
        self.forward, self.optimizers = network, list(optimizers.values())
        if precision.compiled:
            self.forward = torch.compile(network, dynamic=False, mode="reduce-overhead")  # type: ignore[assignment]  # called alone
        largest = min(config.batch_size + 1, max(len(train), len(valid)))
        buffer = torch.empty(
            largest, *self.model.architecture.image, device=processes.device,
            memory_format=self.model.memory_format,
        )  # fmt: skip
        batch = partial(gather, buffer, self.model.pixel_range)  # valid until the next one
        self.train_batch, self.valid_batch = partial(batch, train_images), partial(batch, images)

    def take(self, epoch: int, step: int, rows: NDArray[np.int64]) -> Tensor:
        """Train on one batch, of which this process takes its share of ``rows``.

        The vector of the loss, summed over the images of the share.
        """
        seed, count, device = self.config.seed, self.processes.count, self.processes.device
        torch.manual_seed(seed_of(Draw.LAYERS, seed, epoch, step))
        mine = slice(self.processes.rank, None, count)
        noise = self._noise(len(rows), Draw.NOISE, epoch, step)
        x = corrupted = self.train_batch(rows[mine])
        if self.corruption is not None:
            corrupted = self.corruption(x, generator(Draw.CORRUPTION, seed, epoch, step))
        with self.precision.computing(device):
            output = self.forward(corrupted, None if noise is None else noise[mine].to(device))
        loss = self.objective.loss(x, output, self._context(epoch, step))
        weight = len(x) * count / len(rows)  # shares differ by an image
        self.processes.backward(loss.total * weight)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        return loss.vector() * len(x)

    @torch.no_grad()
    def evaluate(self) -> LossValues:
        """The mean loss on the held-out images; its noise is the same in every epoch."""
        self.model.eval()
        total = torch.zeros(0)
        for step, (start, stop) in enumerate(bounds(len(self.valid), self.config.batch_size)):
            x = self.valid_batch(self.valid.rows[start:stop])
            noise = self._noise(len(x), Draw.VALIDATION, 0, step)
            output = self.model(x, None if noise is None else noise.to(self.processes.device))
            context = self._context(0, step)._replace(training=False)
            vector = self.objective.loss(x, output, context).vector() * len(x)
            total = total + vector if len(total) else vector
        return self.objective.named((total / len(self.valid)).tolist())

    def _noise(self, count: int, draw: Draw, epoch: int, step: int) -> Tensor | None:
        """Noise for the whole batch, so that several processes draw what one would."""
        if not self.model.bottleneck.needs_noise:
            return None
        drawn = generator(draw, self.config.seed, epoch, step)
        return torch.randn(count, self.model.latent, generator=drawn)

    def _context(self, epoch: int, step: int) -> Context:
        steps = len(self.bounds)
        return Context(epoch * steps + step, steps, len(self.train))
