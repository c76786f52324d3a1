"""The training loop: epochs, when a checkpoint is due, and when to stop."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from zatlas.distributed import Processes
from zatlas.errors import InputError
from zatlas.models.network import Autoencoder
from zatlas.models.precision import Precision
from zatlas.process import trim_allocator
from zatlas.recipes.objective import LossValues
from zatlas.run import history
from zatlas.run.config import TrainConfig
from zatlas.run.history import HistoryRow
from zatlas.run.split import Part
from zatlas.training import checkpoint
from zatlas.training.averaging import averaged_copy
from zatlas.training.callbacks import Callback
from zatlas.training.signals import Stopped, asked_to_stop
from zatlas.training.state import TrainState, allocate_moments, initial_state
from zatlas.training.steps import Steps, order

MAX_CHECKPOINT_TIME_FRACTION = 0.05  # of the training time
MAX_SECONDS_BETWEEN_CHECKPOINTS = 300.0  # of work that a kill may cost, within an epoch
TRIM_EVERY_STEPS = 16  # by malloc_trim, where freed memory is kept
CLOCK_EVERY_STEPS = 8  # the checkpoint timer is read; several processes have to agree on it


def fit(
    model: Autoencoder, train: Part, valid: Part, config: TrainConfig, folder: Path,
    processes: Processes, callback: Callback, precision: Precision,
) -> dict[str, Tensor]:  # fmt: skip
    """Train a model in place, from the newest checkpoint in ``folder`` where there is one.

    Returns the best weights: those of the lowest held-out loss after every weight's warm-up. Where
    a critic is trained, losses of different epochs cannot be compared: they are the last ones.
    ``history.csv`` and ``state/`` are kept in ``folder``. Layers such as dropout draw from torch's
    global generator, which is seeded in every step and set back at the end: train one model at a
    time in a process.

    Raises
    ------
    InputError
        Where the loss stops being finite.
    Stopped
        A KeyboardInterrupt, where a signal asked to stop: the step is finished and saved first.
    """
    with torch.random.fork_rng(devices=[]), asked_to_stop() as asked:
        model.to(processes.device)
        model.to(memory_format=model.memory_format)  # type: ignore[call-overload]  # torch's stub
        state = initial_state(model, config.lr)
        if config.ema is not None:
            state.average = averaged_copy(model)
        resumed = checkpoint.load(folder / "state", state)
        if not resumed:
            for optimizer in state.optimizers.values():
                allocate_moments(optimizer)
        steps = Steps(state, train, valid, config, processes, precision)
        loop = _Loop(state, steps, folder, callback, resumed)
        if processes.count == 1:  # of several, each would stop at another step
            loop.asked_to_stop = asked
        weights = loop.run()
    del state, steps, loop
    trim_allocator()  # what the optimizers held, before the run is measured
    return weights


class _Loop:
    """One call of ``fit``."""

    def __init__(
        self, state: TrainState, steps: Steps, folder: Path, callback: Callback, resumed: bool
    ) -> None:
        self.state, self.steps, self.folder, self.callback = state, steps, folder, callback
        self.config, self.processes = steps.config, steps.processes
        done = state.position.epoch
        self.rows = history.read(folder / "history.csv")[:done] if done else []
        self.asked_to_stop: Callable[[], bool] = lambda: False
        self.saved = state.position.name * resumed  # the name of the newest checkpoint
        self.saved_at, self.seconds_to_save = time.perf_counter(), 0.0

    def run(self) -> dict[str, Tensor]:
        while self.state.position.epoch < self.config.epochs and not self._patience_is_over():
            self._epoch()
        self._save()
        return checkpoint.best_weights(self.folder / "state")

    def _due(self, pause: float) -> bool:
        """Whether the newest checkpoint is older than ``pause`` seconds, on the main process."""
        older = self.processes.on_main_process(lambda: time.perf_counter() - self.saved_at > pause)
        return bool(older)

    def _save(self) -> None:
        """Write a checkpoint, unless the newest one is of the same position."""
        name, started = self.state.position.name, time.perf_counter()
        if name == self.saved:
            return
        self.processes.on_main_process(lambda: checkpoint.save(self.folder / "state", self.state))
        self.saved, self.saved_at, self.state.best = name, time.perf_counter(), None
        self.seconds_to_save = self.saved_at - started

    def _epoch(self) -> None:
        position, bounds, started = self.state.position, self.steps.bounds, time.perf_counter()
        train = self.steps.train
        rows = train.rows[order(len(train), self.config.seed, position.epoch)]
        sums = torch.tensor(position.sums or [], dtype=torch.float64, device=self.processes.device)
        self.steps.model.train()
        first = position.step
        for step, (start, stop) in enumerate(bounds[first:], first):
            vector = self.steps.take(position.epoch, step, rows[start:stop])
            sums = sums + vector if len(sums) else vector
            self.callback.images(position.epoch + 1, stop, len(rows))
            position.step = step + 1
            if step % TRIM_EVERY_STEPS == 0:
                trim_allocator()
            due = step % CLOCK_EVERY_STEPS == 0 and self._due(MAX_SECONDS_BETWEEN_CHECKPOINTS)
            if due or self.asked_to_stop():
                mean = self.processes.sum(sums) / self.processes.count  # each resumes with it
                position.sums = mean.tolist()
                self._stop_if_asked()
                self._save()
        seconds = time.perf_counter() - started
        done = len(rows) - bounds[first][0] if first < len(bounds) else 0
        mean = self.processes.sum(sums) / len(rows)
        train_loss = self._finite("training", self.steps.named(mean))
        valid_loss = self._finite("held-out", self.steps.evaluate())
        row = HistoryRow(
            epoch=position.epoch + 1, train_loss=train_loss.total, valid_loss=valid_loss.total,
            terms=_columns(train_loss, valid_loss), images_per_second=done / seconds,
            seconds=time.perf_counter() - started,
        )  # fmt: skip
        self.rows.append(row)
        self._close_epoch(row)

    def _finite(self, images: str, loss: LossValues) -> LossValues:
        if not math.isfinite(loss.total):
            epoch = f"{loss.total} in epoch {self.state.position.epoch + 1}"
            fault = f"{epoch} with lr={self.config.lr:g}; give a smaller one"
            raise InputError(f"{self.folder}: the {images} loss is {fault}", arguments=("lr",))
        return loss

    def _close_epoch(self, row: HistoryRow) -> None:
        state, position, file = self.state, self.state.position, self.folder / "history.csv"
        position.epoch, position.step, position.sums = row.epoch, 0, None
        warm, best = position.epoch > self.steps.objective.warmup_epochs, position.best_loss
        better = warm and (best is None or row.valid_loss < best or self.steps.has_critic)
        if better:
            position.best_loss, position.best_epoch = row.valid_loss, position.epoch
            state.best = None
        self.processes.on_main_process(lambda: history.write(file, self.rows))
        if self._due(self.seconds_to_save / MAX_CHECKPOINT_TIME_FRACTION):
            self._save()
        elif better:
            state.best = state.weights()
        self.callback.epoch(row)
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if not self.asked_to_stop():
            return
        self._save()
        position = self.state.position
        place = f"after epoch {position.epoch} of {self.config.epochs}"
        if position.step:
            place = f"in epoch {position.epoch + 1} of {self.config.epochs}, after "
            place += f"{position.step} of its {len(self.steps.bounds)} batches"
        again = "The same command with resume=True continues the training."
        if position.epoch:
            again += f" With resume=True and epochs={position.epoch} it finishes the run as it is."
        raise Stopped(f"{self.folder}: stopped {place}; the state is saved. {again}")

    def _patience_is_over(self) -> bool:
        patience, best = self.config.patience, self.state.position.best_epoch
        return patience is not None and best >= 0 and self.state.position.epoch - best >= patience


def _columns(train: LossValues, valid: LossValues) -> dict[str, float]:
    """The terms on both sets of images, then the exact KL divergence of each element."""
    named = {"train": train.terms, "valid": valid.terms}
    terms = {f"{part}_{name}": v for part, values in named.items() for name, v in values.items()}
    return {**terms, **{f"kl_{i}": v for i, v in enumerate(valid.kl_D)}}
