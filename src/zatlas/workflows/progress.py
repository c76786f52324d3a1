"""Progress in Python: a line with the time left, in a notebook or on a terminal."""

import shutil
import sys
import time
from collections.abc import Callable
from html import escape
from typing import Any

from zatlas.run.history import HistoryRow
from zatlas.training.callbacks import Callback

_SECONDS_BETWEEN_UPDATES = 0.2
_CLEAR = "\r\033[K"  # the cursor to the start of the line, which becomes empty

Show = Callable[[int, int, str, bool], None]  # done, total, words, whether it is the last time


def in_notebook() -> bool:
    """Whether this is a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def notebook_line() -> Show:
    """A bar below the cell."""
    from IPython.display import HTML, display

    shown: Any = display(HTML(""), display_id=True)

    def show(done: int, total: int, words: str, _: bool) -> None:
        bar = f'<progress value="{done}" max="{total}"></progress> {escape(words)}'
        shown.update(HTML(bar))

    return show


def terminal_line(done: int, total: int, words: str, last: bool) -> None:
    """One line of standard error, which the next one replaces; the last one stays."""
    line = f"{done / total:4.0%}  {words}"[: shutil.get_terminal_size().columns - 1]
    print(f"{_CLEAR}{line}", end="\n" * last, file=sys.stderr, flush=True)


class Progress(Callback):
    """One line about ``what`` is counted; while training, the losses of the last epoch too."""

    def __init__(self, show: Show, what: str, epochs: int = 1) -> None:
        self._show, self._what, self._epochs, self._text = show, what, epochs, ""
        self._images = 0  # of an epoch
        self._started = self._shown = 0.0

    def advance(self, done: int, total: int) -> None:
        """Show ``done`` of ``total``."""
        self._move(done, total, done >= total)

    def images(self, epoch: int, done: int, total: int) -> None:
        """Show how far the training is."""
        self._images = total
        self._move((epoch - 1) * total + done, self._epochs * total, False)

    def epoch(self, row: HistoryRow) -> None:
        """Show the losses of the epoch that has ended."""
        losses = f"loss {row.train_loss:.4g}, held-out {row.valid_loss:.4g}"
        self._text = f"· epoch {row.epoch}/{self._epochs}: {losses}"
        done, total = row.epoch * self._images, self._epochs * self._images
        self._move(done, total, done == total)

    def note(self, text: str) -> None:
        """Print it."""
        print(text, file=sys.stderr)

    def _move(self, done: int, total: int, last: bool) -> None:
        now = time.perf_counter()
        self._started = self._started or now
        if not last and now - self._shown < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown, elapsed = now, now - self._started
        left = elapsed * (total - done) / max(done, 1)
        words = f"{self._what} {done:,} of {total:,}, {left:.0f} s left {self._text}"
        self._show(done, total, words.rstrip(), last)


def default_progress(what: str) -> Callable[[int, int], None] | None:
    """A line in a notebook and on a terminal; elsewhere nothing."""
    show = _line()
    return Progress(show, what).advance if show else None


def default_callback(epochs: int) -> Callback:
    """A line in a notebook and on a terminal; elsewhere a callback that shows nothing."""
    show = _line()
    return Progress(show, "images", epochs) if show else Callback()


def _line() -> Show | None:
    if in_notebook():
        return notebook_line()
    return terminal_line if sys.stderr.isatty() else None
