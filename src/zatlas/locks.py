"""Locks of files and folders. A lock ends with its process."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

from zatlas.errors import InputError

if sys.platform != "win32":
    import fcntl

WAIT = 10.0  # seconds that a short command waits for another one
_held: ContextVar[frozenset[str]] = ContextVar("held", default=frozenset())  # locked folders


@contextmanager
def one_writer(folder: Path, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of a folder, so that no other process writes in it.

    The lock is that of the folder itself, so it leaves no file. It ends with its process. A block
    inside of another one on the same folder has the lock already.

    Parameters
    ----------
    folder : an existing folder.
    wait : the time in seconds to wait for another process.

    Raises
    ------
    InputError
        Another process has the lock.
    """
    place, until = os.path.realpath(folder), time.monotonic() + wait
    if place in _held.get():
        yield
        return
    with ExitStack() as stack:
        while not stack.enter_context(locked(folder)):
            if time.monotonic() >= until:
                hint = "wait until that has ended, or give another folder"
                raise InputError(f"{folder}: another zatlas process writes in it; {hint}")
            stack.close()
            time.sleep(0.05)
        before = _held.set(_held.get() | {place})
        stack.callback(_held.reset, before)
        yield


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Lock a file or folder for this process; yield False where another process has the lock.

    File systems without locks never say so.
    """
    if sys.platform == "win32":
        yield True
        return
    handle, free = os.open(path, os.O_RDONLY), True
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            free = False
        except OSError:
            pass
        yield free
    finally:
        os.close(handle)
