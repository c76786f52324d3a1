"""Progress on the terminal: a bar with the time left, and a line an epoch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zatlas.cli.program import console
from zatlas.training.callbacks import Callback

if TYPE_CHECKING:
    from rich.progress import Progress

    from zatlas.run.history import HistoryRow


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield ``advance(done, total)``, which draws a bar with speed and time left."""
    with _progress() as bar:
        yield _counter(bar, what)


class EpochLines(Callback):
    """A callback for training: a live line within the epoch, a line that stays for each epoch."""

    def __init__(self, bar: "Progress", epochs: int) -> None:
        self.bar, self.epochs = bar, epochs
        self.advance = _counter(bar, "images")

    def counter(self, what: str) -> Callable[[int, int], None]:
        """``advance(done, total)`` for something that is counted before the training."""
        return _counter(self.bar, what)

    def images(self, epoch: int, done: int, total: int) -> None:
        """Move the live line."""
        past, line = (epoch - 1) * total, f"epoch {epoch}/{self.epochs}"
        self.advance(past + done, self.epochs * total, line)

    def epoch(self, row: "HistoryRow") -> None:
        """Print the epoch's line above it."""
        losses = f"train {row.train_loss:.5g}  valid {row.valid_loss:.5g}"
        speed = f"{row.images_per_second:,.0f} images/s  {row.seconds:.1f} s"
        self.bar.console.print(f"epoch {row.epoch:>3}/{self.epochs}  {losses}  {speed}")

    def note(self, text: str) -> None:
        """Print it above the live line."""
        self.bar.console.print(text, markup=False)


@contextmanager
def epoch_lines(epochs: int) -> Iterator[EpochLines]:
    """Yield a callback for ``zatlas.train``."""
    with _progress() as bar:
        yield EpochLines(bar, epochs)


def _counter(bar: "Progress", what: str) -> Callable[..., None]:
    """A line of ``bar``, visible from its first count on."""
    task = bar.add_task(what, total=None, speed="", visible=False)

    def advance(done: int, total: int, description: str = what) -> None:
        speed = bar.tasks[task].speed
        text = f"{speed:,.0f} {what}/s" if speed else ""
        bar.update(task, completed=done, total=total, description=description,
                   visible=done < total, speed=text)  # fmt: skip

    return advance


@contextmanager
def _progress() -> Iterator[Any]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[speed]}"), TextColumn("left"), TimeRemainingColumn(compact=True),
        console=console(), transient=True,
    )  # fmt: skip
    bar.disable = bar.console.quiet or not bar.console.is_terminal
    with bar:
        yield bar
