"""The loop: every line between a batch of images and a smaller loss, in one place."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from zatlas.errors import InputError
from zatlas.models.modelfile import Objective
from zatlas.models.network import Autoencoder, Passed
from zatlas.models.objectives import Loss, loss
from zatlas.models.precision import Precision
from zatlas.training import checkpoint, history
from zatlas.training.batches import Draw, Gather, bounds, generator, order, resident, seed_of
from zatlas.training.checkpoint import Position
from zatlas.training.heap import give_back
from zatlas.training.plan import Plan
from zatlas.training.processes import Processes
from zatlas.training.split import Part
from zatlas.training.stopping import Stopped, asked_to_stop

WRITING_SHARE = 0.05  # at most this share of the time goes into checkpoints
LARGEST_PAUSE = 300.0  # seconds of work that a kill may cost
TIDIED = 16  # steps between two times that a process that keeps freed memory gives it back
CHECKED = 8  # steps between two looks at the clock, which several processes have to agree on
NAMES = {"train": "training", "valid": "held-out"}


@dataclass(frozen=True)
class Trained:
    """What training leaves: the history, and the best weights."""

    rows: list[history.Row]
    weights: dict[str, Tensor]


def fit(
    model: Autoencoder,
    train: Part,
    valid: Part,
    plan: Plan,
    folder: Path,
    processes: Processes,
    watcher: history.Watcher,
    precision: Precision,
) -> Trained:
    """Train ``model`` in place, from the newest checkpoint in ``folder`` where there is one.

    ``history.csv`` and ``state/`` are kept in ``folder``. "Best" is the least held-out loss after
    the warm-up of the KL term. Raises InputError where the loss stops being finite, and Stopped,
    a KeyboardInterrupt, where a signal asked it to stop: the step is finished and saved first.
    """
    with torch.random.fork_rng(devices=[]), precision.setting(), asked_to_stop() as asked:
        fitting = _Fit(model, train, valid, plan, folder, processes, watcher, precision)
        if processes.count == 1:  # of several, each would stop at another step
            fitting.asked_to_stop = asked
        trained = fitting.run()
    del fitting
    give_back()  # what the optimizer held, before the run is measured
    return trained


class _Fit:
    """The state of one call of ``fit``."""

    def __init__(
        self, model: Autoencoder, train: Part, valid: Part, plan: Plan, folder: Path,
        processes: Processes, watcher: history.Watcher, precision: Precision,
    ) -> None:  # fmt: skip
        self.plan, self.folder, self.processes, self.watcher = plan, folder, processes, watcher
        self.precision = precision
        self.train, self.valid, self.objective = train, valid, model.model_file.objective
        self.device = processes.device
        self.train_images = self.valid_images = resident(train.images, self.device)
        if valid.images is not train.images:
            self.valid_images = resident(valid.images, self.device)
        self.model = model.to(self.device)
        self.model.to(memory_format=model.memory_format)  # type: ignore[call-overload]  # torch's stub
        self.optimizer = torch.optim.Adam(model.parameters(), lr=plan.lr, fused=True)
        found = checkpoint.load(folder / "state", self.model, self.optimizer)
        self.position = Position() if found is None else found
        if found is None:
            _begin(self.optimizer)
        self.best: dict[str, Tensor] | None = None  # held here only until it is on disk
        self.rows = history.read(folder / "history.csv") if self.position.epoch else []
        self.rows = self.rows[: self.position.epoch]
        wrapped, self.stepper = processes.setup(self.model, self.optimizer)
        self.forward: Callable[..., Passed] = wrapped
        if precision.compiled:
            self.forward = torch.compile(wrapped, dynamic=False, mode="reduce-overhead")
        self.bounds = bounds(len(train), plan.batch_size)
        largest = min(plan.batch_size + 1, max(len(train), len(valid)))
        image = model.architecture.image
        self.gather = Gather(image, largest, model.pixel_range, self.device, model.memory_format)
        self.saved_at, self.saving_took = time.perf_counter(), 0.0
        self.saved = (-1, 0) if found is None else (found.epoch, found.step)
        self.asked_to_stop: Callable[[], bool] = lambda: False

    def run(self) -> Trained:
        while self.position.epoch < self.plan.epochs and not self._stopped():
            self._epoch()
        self._save()
        return Trained(self.rows, checkpoint.best_weights(self.folder / "state"))

    def _epoch(self) -> None:
        epoch, started = self.position.epoch, time.perf_counter()
        rows = self.train.rows[order(len(self.train), self.plan.seed, epoch)]
        sums = torch.tensor(self.position.sums or [], dtype=torch.float64, device=self.device)
        self.model.train()
        first = self.position.step
        for step, (start, stop) in enumerate(self.bounds[first:], first):
            record = self._step(epoch, step, rows[start:stop])
            sums = record if not len(sums) else sums + record
            self.watcher.images(epoch + 1, stop, len(rows))
            self.position.step = step + 1
            if step % TIDIED == 0:
                give_back()
            if (step % CHECKED == 0 and self._due(LARGEST_PAUSE)) or self.asked_to_stop():
                shared = self.processes.sum(sums) / self.processes.count  # each resumes with it
                self.position.sums = shared.tolist()
                self._stop_if_asked()
                self._save()
        seconds = time.perf_counter() - started
        done = len(rows) - self.bounds[first][0] if first < len(self.bounds) else 0
        train = self._columns("train", self.processes.sum(sums) / len(rows))
        valid = self._evaluate()
        row = {"epoch": epoch + 1, **_losses(train, valid), "images_per_second": done / seconds}
        self.rows.append({**row, "seconds": time.perf_counter() - started})
        self._close_epoch(valid["valid_loss"])

    def _step(self, epoch: int, step: int, rows: NDArray[np.int64]) -> Tensor:
        """One batch of the whole run: this process's share of it; the summed record of its loss."""
        torch.manual_seed(seed_of(Draw.LAYERS, self.plan.seed, epoch, step))
        mine = slice(self.processes.rank, None, self.processes.count)
        noise = self._noise(len(rows), Draw.NOISE, epoch, step)
        x = self.gather(self.train_images, rows[mine])
        with self.precision.computing(self.device):
            passed = self.forward(x, None if noise is None else noise[mine].to(self.device))
        part = loss(self.objective, x, passed, self._kl_share(epoch, step))
        weight = len(x) * self.processes.count / len(rows)  # shares differ by an image
        self.processes.backward(part.total * weight)
        self.stepper.step()
        self.stepper.zero_grad()
        return _record(part) * len(x)

    @torch.no_grad()
    def _evaluate(self) -> history.Row:
        """The same objective on the held-out images, its noise the same in every epoch."""
        self.model.eval()
        total = torch.zeros(0)
        for step, (start, stop) in enumerate(bounds(len(self.valid), self.plan.batch_size)):
            x = self.gather(self.valid_images, self.valid.rows[start:stop])
            noise = self._noise(len(x), Draw.VALIDATION, 0, step)
            passed = self.model(x, None if noise is None else noise.to(self.device))
            record = _record(loss(self.objective, x, passed)) * len(x)
            total = record if not len(total) else total + record
        return self._columns("valid", total / len(self.valid))

    def _noise(self, count: int, draw: Draw, epoch: int, step: int) -> Tensor | None:
        """Noise for the whole batch, so that several processes draw what one would."""
        if not len(self.model.log_sds):
            return None
        drawn = generator(draw, self.plan.seed, epoch, step)
        return torch.randn(count, self.model.latent, generator=drawn)

    def _kl_share(self, epoch: int, step: int) -> float:
        warmup = self.objective.kl_warmup_epochs * len(self.bounds)
        return min(1.0, (epoch * len(self.bounds) + step + 1) / warmup) if warmup else 1.0

    def _columns(self, part: str, record: Tensor) -> history.Row:
        """The numbers of a mean loss record under their names in the history."""
        values = record.tolist()
        if not math.isfinite(values[0]):
            raise InputError(
                f"{self.folder}: the {NAMES[part]} loss is {values[0]} in epoch "
                f"{self.position.epoch + 1}; train with a smaller --lr than {self.plan.lr:g}"
            )
        names = [f"{part}_loss", *(f"{part}_{name}" for name in _term_names(self.objective))]
        if part == "valid":
            names += [f"kl_{i}" for i in range(len(values) - len(names))]
        return dict(zip(names, values, strict=False))

    def _close_epoch(self, valid_loss: float) -> None:
        self.position.epoch += 1
        self.position.step, self.position.sums = 0, None
        warm = self.position.epoch > self.objective.kl_warmup_epochs
        best = self.position.best_loss
        better = warm and (best is None or valid_loss < best)
        if better:
            self.position.best_loss, self.position.best_epoch = valid_loss, self.position.epoch
            self.best = None
        self.processes.first(lambda: history.write(self.folder / "history.csv", self.rows))
        if self._due(self.saving_took / WRITING_SHARE):
            self._save()
        elif better:
            self.best = checkpoint.weights(self.model)
        self.watcher.epoch(self.rows[-1])
        self._stop_if_asked()

    def _due(self, pause: float) -> bool:
        """Whether the last checkpoint is older than ``pause`` seconds, by the first's clock."""
        return bool(self.processes.first(lambda: time.perf_counter() - self.saved_at > pause))

    def _stop_if_asked(self) -> None:
        if not self.asked_to_stop():
            return
        self._save()
        place = f"after {self.position.epoch} of {self.plan.epochs} epochs"
        if self.position.step:
            place += f" and {self.position.step} of {len(self.bounds)} batches of the next"
        raise Stopped(
            f"{self.folder}: stopped {place}; the state is saved, and the same command with "
            "--resume goes on from there"
        )

    def _stopped(self) -> bool:
        patience, best = self.plan.patience, self.position.best_epoch
        return patience is not None and best >= 0 and self.position.epoch - best >= patience

    def _save(self) -> None:
        here = (self.position.epoch, self.position.step)
        if here == self.saved:
            return
        started = time.perf_counter()
        state = self.folder / "state"
        self.processes.first(
            lambda: checkpoint.save(state, self.model, self.optimizer, self.position, self.best)
        )
        self.saved_at, self.saved, self.best = time.perf_counter(), here, None
        self.saving_took = self.saved_at - started


def _begin(optimizer: torch.optim.Optimizer) -> None:
    """Give an Adam that has taken no step its moments before the first batch comes.

    It would take their memory in the middle of the first step, between blocks that every step gives
    back, and later steps would not find their places there again.
    """
    state = optimizer.state_dict()
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state["state"] = {
        index: {
            "step": torch.zeros(()),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
        for index, parameter in enumerate(parameters)
    }
    optimizer.load_state_dict(state)


def _record(part: Loss) -> Tensor:
    """A loss as one vector of float64: total, terms, exact KL of each element."""
    values = [part.total.detach()[None], *(v.detach()[None] for v in part.terms.values())]
    if part.kl_D is not None:
        values.append(part.kl_D)
    return torch.cat(values).double()


def _term_names(objective: Objective) -> list[str]:
    return [objective.reconstruction, *(["kl"] if objective.kl else [])]


def _losses(train: history.Row, valid: history.Row) -> history.Row:
    """Both losses first, as people look for them, then the terms, then the KL of each element."""
    both = {"train_loss": train.pop("train_loss"), "valid_loss": valid["valid_loss"]}
    return {**both, **train, **{k: v for k, v in valid.items() if k != "valid_loss"}}
