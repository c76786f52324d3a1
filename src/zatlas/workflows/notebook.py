"""Progress in a notebook: a bar with the time left."""

import sys
import time
from collections.abc import Callable
from html import escape
from typing import Any

from zatlas.run.history import HistoryRow
from zatlas.training.callbacks import Callback

_SECONDS_BETWEEN_UPDATES = 0.2


def in_notebook() -> bool:
    """Whether this is a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


class NotebookProgress(Callback):
    """One bar below a cell; while training, the losses of the last epoch too."""

    def __init__(self, what: str, epochs: int = 1) -> None:
        from IPython.display import HTML, display

        self._html = HTML
        self._display: Any = display(HTML(""), display_id=True)
        self._what, self._epochs, self._text = what, epochs, ""
        self._started = self._shown = time.perf_counter()

    def advance(self, done: int, total: int) -> None:
        """Show ``done`` of ``total``."""
        now = time.perf_counter()
        if done < total and now - self._shown < _SECONDS_BETWEEN_UPDATES:
            return
        self._shown, elapsed = now, now - self._started
        left = elapsed * (total - done) / max(done, 1)
        words = f"{self._what} {done:,} of {total:,}, {left:.0f} s left {self._text}"
        bar = f'<progress value="{done}" max="{total}"></progress> {escape(words)}'
        self._display.update(self._html(bar))

    def images(self, epoch: int, done: int, total: int) -> None:
        """Show how far the training is."""
        self.advance((epoch - 1) * total + done, self._epochs * total)

    def epoch(self, row: HistoryRow) -> None:
        """Keep the losses of the last epoch for the bar."""
        losses = f"training loss {row.train_loss:.4g}, held-out {row.valid_loss:.4g}"
        self._text = f"· epoch {row.epoch}/{self._epochs}: {losses}"


def default_progress(what: str) -> Callable[[int, int], None] | None:
    """A bar in a notebook; elsewhere nothing."""
    return NotebookProgress(what).advance if in_notebook() else None


def default_callback(epochs: int) -> Callback:
    """A bar in a notebook; elsewhere a callback that shows nothing."""
    return NotebookProgress("images", epochs) if in_notebook() else Callback()
