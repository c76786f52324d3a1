"""Progress on the terminal: a bar with the time left, and a line an epoch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zatlas.cli.program import console
from zatlas.training.history import Watcher

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield ``advance(done, total)``, which draws a bar with speed and time left."""
    with _progress(f"{{task.fields[speed]}} {what}/s") as bar:
        task = bar.add_task(what, total=None, speed="")

        def advance(done: int, total: int) -> None:
            speed = bar.tasks[task].speed
            bar.update(task, completed=done, total=total, speed=f"{speed:,.0f}" if speed else "")

        yield advance


class EpochLines(Watcher):
    """Watches a training run: a live line within the epoch, a line that stays for each epoch."""

    def __init__(self, bar: "Progress", epochs: int) -> None:
        self.bar, self.epochs = bar, epochs
        self.task = bar.add_task("training", total=None, speed="")

    def images(self, epoch: int, done: int, total: int) -> None:
        """Move the live line."""
        speed = self.bar.tasks[self.task].speed
        self.bar.update(
            self.task, completed=(epoch - 1) * total + done, total=self.epochs * total,
            description=f"epoch {epoch}/{self.epochs}", speed=f"{speed:,.0f}" if speed else "",
        )  # fmt: skip

    def epoch(self, row: dict[str, float]) -> None:
        """Print the epoch's line above it."""
        self.bar.console.print(
            f"epoch {row['epoch']:>3.0f}/{self.epochs}  train {row['train_loss']:.5g}  "
            f"valid {row['valid_loss']:.5g}  {row['images_per_second']:,.0f} images/s  "
            f"{row['seconds']:.1f} s"
        )

    def note(self, text: str) -> None:
        """Print it above the live line."""
        self.bar.console.print(text, markup=False)


@contextmanager
def epoch_lines(epochs: int) -> Iterator[EpochLines]:
    """Yield a watcher for ``zatlas.train``."""
    with _progress("{task.fields[speed]} images/s") as bar:
        yield EpochLines(bar, epochs)


@contextmanager
def _progress(speed: str) -> Iterator[Any]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn(speed), TextColumn("left"), TimeRemainingColumn(compact=True),
        console=console(), transient=True,
    )  # fmt: skip
    bar.disable = bar.console.quiet or not bar.console.is_terminal
    with bar:
        yield bar
