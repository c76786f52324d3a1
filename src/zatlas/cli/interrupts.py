"""Ctrl-C and SIGTERM end a command in one line, and leave nothing half-written."""

import os
import signal
import sys
import time
from types import FrameType

STATUS = 130  # the exit status of a command that was stopped
STOPPED = "stopped by the keyboard; nothing is left half-written"
ENDED = "stopped by a signal; nothing is left half-written"
_QUICK_SECONDS = 1.0  # a signal so soon after another one is the same wish

_last = -_QUICK_SECONDS  # when the last signal came


def handle() -> None:
    """Let both signals raise KeyboardInterrupt. One that the caller ignores stays ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
            signal.signal(number, _stop)


def ignore() -> None:
    """Ignore both signals from now on."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> None:
    """Stop; signals in quick succession stop once, so that none interrupts the clearing up."""
    global _last
    now = time.monotonic()
    is_new, _last = now - _last >= _QUICK_SECONDS, now
    words = STOPPED if number == signal.SIGINT else ENDED
    if is_new and _is_importing(frame) and not _is_writing():
        os.write(2, f"zatlas: {words}\n".encode())  # some imports suppress every exception
        os._exit(STATUS)
    if is_new:
        raise KeyboardInterrupt(words)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None


def _is_writing() -> bool:
    files = sys.modules.get("zatlas.files")
    return files is not None and files.is_writing()
