"""The batches of an epoch, one training step, and the measurement on held-out images."""

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zatlas.distributed import Processes
from zatlas.models.pixels import fill
from zatlas.models.precision import Precision
from zatlas.recipes.objective import Loss, LossValues
from zatlas.recipes.schedules import RATE_SCHEDULES
from zatlas.recipes.step import Context, ForwardOutput, Step
from zatlas.run.config import TrainConfig
from zatlas.run.split import Part
from zatlas.seeding import Draw, generator, seed_of
from zatlas.training.averaging import update
from zatlas.training.state import TrainState


def order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of ``count`` images in an epoch, (count,)."""
    shuffled = torch.randperm(count, generator=generator(Draw.ORDER, seed, epoch))
    return np.asarray(shuffled.numpy())


def bounds(count: int, batch_size: int) -> list[tuple[int, int]]:
    """First and last+1 of every batch; a last batch of one image joins the one before.

    One image has no batch statistics, and its gradient would weigh as much as a whole batch's.
    """
    starts = list(range(0, count, batch_size))
    if len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, [*starts[1:], count], strict=True))


def resident(images_NHWC: NDArray[np.uint8], device: torch.device) -> NDArray[np.uint8] | Tensor:
    """The images as a uint8 tensor on a GPU that has room for them twice, else the array itself."""
    if device.type != "cuda" or 2 * images_NHWC.nbytes > torch.cuda.mem_get_info(device)[0]:
        return images_NHWC
    held = torch.empty(images_NHWC.shape, dtype=torch.uint8, device=device)
    for start in range(0, len(held), 4096):  # a part at a time: the host need not hold them all
        part = images_NHWC[start : start + 4096]
        held[start : start + len(part)] = torch.from_numpy(np.array(part))
    return held


def gather(
    buffer_BCHW: Tensor, pixel_range: tuple[float, float],
    images_NHWC: NDArray[np.uint8] | Tensor, rows: NDArray[np.int64],
) -> Tensor:  # fmt: skip
    """The images of these rows as float32 (B, C, H, W), a part of the buffer."""
    if isinstance(images_NHWC, Tensor):
        batch = images_NHWC[torch.from_numpy(rows).to(images_NHWC.device)]
    else:
        batch = torch.from_numpy(images_NHWC[rows])
    return fill(buffer_BCHW[: len(rows)], batch, pixel_range)


class Steps:
    """The steps of one training run: images and network are on the device of the process."""

    def __init__(
        self, state: TrainState, train: Part, valid: Part, config: TrainConfig,
        processes: Processes, precision: Precision,
    ) -> None:  # fmt: skip
        self.model, self.config, self.train, self.valid = state.model, config, train, valid
        self.average, self.measured = state.average, state.measured
        self.processes, self.precision = processes, precision
        self.bounds = bounds(len(train), config.batch_size)
        recipe = self.model.model_file
        self.objective, self.closing = recipe.objective, recipe.closing
        self.corruption, self.critic = recipe.corruption, recipe.critic
        images = train_images = resident(train.images, processes.device)
        if valid.images is not train.images:
            images = resident(valid.images, processes.device)
        self.forward, self.optimizers = processes.setup(self.model, state.optimizers)
        optimizers = self.optimizers.values()
        groups = (group for optimizer in optimizers for group in optimizer.param_groups)
        self.rates = [(group, group["lr"]) for group in groups]  # before any schedule
        self.schedule = RATE_SCHEDULES[config.schedule]
        self.has_critic = len(self.optimizers) > 1
        if precision.compiled:
            self.forward = torch.compile(self.forward, dynamic=False, mode="reduce-overhead")  # type: ignore[assignment]  # called alone
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
        x = self.train_batch(rows[mine])
        corrupted = self.corruption(x, generator(Draw.CORRUPTION, seed, epoch, step))
        context = self._context(epoch, step)
        factor = self.schedule(context.step / (self.config.epochs * context.steps_per_epoch))
        for group, rate in self.rates:
            group["lr"] = rate * factor
        self._train_alone("model")
        with self.precision.computing(device):
            output = self.forward(corrupted, None if noise is None else noise[mine].to(device))
        draws = generator(Draw.TERMS, seed, epoch, step)
        record = Step(x, output, context, self.model, corrupted, draws)
        loss = self.objective.loss(record, self.closing)
        weight = len(x) * count / len(rows)  # shares differ by an image
        self._update("model", loss.total * weight)
        if self.has_critic:
            self._train_alone(self.critic.name)
            loss = self._with_critic(loss, record)
            self._update(self.critic.name, loss.terms[self.critic.name])
        if self.average is not None and self.config.ema is not None:
            update(self.average, self.model, self.config.ema, context.step)
        return loss.vector() * len(x)

    def _train_alone(self, name: str) -> None:
        """Of the objective and a critic, give gradients to the parameters of one alone."""
        for other, optimizer in self.optimizers.items() if self.has_critic else ():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    parameter.requires_grad_(other == name)

    def _update(self, name: str, loss: Tensor) -> None:
        self.processes.backward(loss)
        self.optimizers[name].step()
        self.optimizers[name].zero_grad()

    def _with_critic(self, loss: Loss, step: Step) -> Loss:
        """The loss, with that of the critic among its terms."""
        value = self.critic.loss(step._replace(output=step.output.detach().float())).mean()
        return replace(loss, terms={**loss.terms, self.critic.name: value})

    @torch.no_grad()
    def evaluate(self) -> LossValues:
        """The mean loss on the held-out images; its noise is the same in every epoch."""
        self.measured.eval()
        total = torch.zeros(0)
        for step, (start, stop) in enumerate(bounds(len(self.valid), self.config.batch_size)):
            x = self.valid_batch(self.valid.rows[start:stop])
            noise = self._noise(len(x), Draw.VALIDATION, 0, step)
            output: ForwardOutput
            output = self.measured(x, None if noise is None else noise.to(self.processes.device))
            context = self._context(0, step)._replace(training=False)
            draws = generator(Draw.TERMS, self.config.seed, 0, step)
            record = Step(x, output, context, self.measured, x, draws)
            loss = self.objective.loss(record, self.closing)
            if self.has_critic:
                loss = self._with_critic(loss, record)
            vector = loss.vector() * len(x)
            total = total + vector if len(total) else vector
        return self.named(total / len(self.valid))

    def named(self, vector: Tensor) -> LossValues:
        """The numbers of a mean of ``Loss.vector`` under their names."""
        return self.objective.named(vector.tolist(), self.critic if self.has_critic else None)

    def _noise(self, count: int, draw: Draw, epoch: int, step: int) -> Tensor | None:
        """Noise for the whole batch, so that several processes draw what one would."""
        if not self.model.bottleneck.needs_noise:
            return None
        drawn = generator(draw, self.config.seed, epoch, step)
        return torch.randn(count, self.model.latent, generator=drawn)

    def _context(self, epoch: int, step: int) -> Context:
        steps = len(self.bounds)
        return Context(epoch * steps + step, steps, len(self.train))
