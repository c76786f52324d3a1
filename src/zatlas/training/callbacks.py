"""Callbacks: what a caller may do while a model is trained."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line's help brings this module in, and shall stay quick
    from zatlas.run.history import HistoryRow


class Callback:
    """The methods that training calls; here they do nothing."""

    def images(self, epoch: int, done: int, total: int) -> None:
        """``done`` of ``total`` images of an epoch (from 1) have been trained on."""

    def epoch(self, row: "HistoryRow") -> None:
        """An epoch has ended; its row of the history."""

    def note(self, text: str) -> None:
        """Something worth a line: what was picked, left out or assumed."""
