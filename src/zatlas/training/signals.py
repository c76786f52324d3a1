"""Ctrl-C and SIGTERM: the step that runs is finished and saved before the training stops."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """Training was asked to stop, and has saved its state; the message says how to go on."""

    arguments = ("resume", "epochs")  # as those of an InputError


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether a signal to stop has come; a second one acts at once.

    Signals that the caller ignores stay ignored. Outside the main thread, where Python delivers no
    signals, it is always False.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    ours = [n for n in SIGNALS if before[n] not in (signal.SIG_IGN, None)]

    def restore() -> None:
        for number in ours:
            signal.signal(number, before[number])

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)
        restore()

    for number in ours:
        signal.signal(number, note)
    try:
        yield lambda: bool(came)
    finally:
        restore()
