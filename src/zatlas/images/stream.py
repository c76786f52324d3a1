"""Decode the images of a source, in order, on all cores. Every image set is made by this loop."""

import os
import signal
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np

from zatlas.errors import InputError
from zatlas.images.decode import Data, Fit, Fitted, Item, Source, UnreadableError, prepare_one

_NAMED = 20  # the most skipped images that are listed by name
_CHUNK = 64  # the most images of one task of a worker
_CHUNK_BYTES = 1 << 24  # of the images of one task, if all are as large as the first

Outcome = Fitted | UnreadableError
Task = TypeVar("Task")
Result = TypeVar("Result")


class Fault(NamedTuple):
    """A skipped image, and the reason."""

    name: str
    reason: str


def remarks(notes: tuple[str, ...], skipped: tuple[Fault, ...]) -> list[str]:
    """The assumptions and the skipped images, one line each; at most 20 images are named."""
    lines = [*notes, *(f"skipped {name}: {reason}" for name, reason in skipped[:_NAMED])]
    if len(skipped) > _NAMED:
        lines.append(f"... and {len(skipped) - _NAMED} more")
    return [*lines, f"{len(skipped)} pictures skipped"] if skipped else lines


def decoded(
    source: Source, fit: Fit, workers: int | None
) -> Generator[tuple[Item, Outcome], None, None]:
    """Decode and fit every image of a source, in order.

    Parameters
    ----------
    source : the open source.
    fit : how every image is fitted.
    workers : the number of processes; None for one per core.

    Yields
    ------
    tuple
        An item, and its image or the reason why it is unreadable.

    Raises
    ------
    InputError
        A worker process died.
    """
    items = iter(source.items)
    for item in items:  # up to the first readable image: its size gives the size of a chunk
        outcome = _outcome(fit, item.data)
        yield item, outcome
        if isinstance(outcome, Fitted):
            break
    else:
        return
    ready = isinstance(item.data, np.ndarray) and fit == Fit()  # these need no work
    workers = 1 if ready or source.count < _CHUNK else workers or cores()
    packed = len(item.data) if isinstance(item.data, bytes) else 0
    most = max(1, min(_CHUNK, _CHUNK_BYTES // max(packed, outcome.pixels.nbytes)))
    chunks = iter(lambda: list(islice(items, most)), [])
    try:
        for chunk, outcomes in in_processes(partial(_outcomes, fit), chunks, workers):
            yield from zip(chunk, outcomes, strict=True)
    except BrokenProcessPool:
        reason = "out of memory, or a picture that crashes the decoder"
        fault = f"{source.name}: a worker process died ({reason}); try fewer workers"
        raise InputError(fault) from None


def _outcomes(fit: Fit, chunk: list[Item]) -> list[Outcome]:
    return [_outcome(fit, item.data) for item in chunk]


def _outcome(fit: Fit, data: Data) -> Outcome:
    try:
        return prepare_one(data, fit)
    except UnreadableError as fault:
        return fault


def cores() -> int:
    """The number of cores that this process may use."""
    known = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1


def in_processes(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Generator[tuple[Task, Result], None, None]:
    """Yield every task and its result, in order; one worker is this process.

    Few tasks are taken at a time: this limits the memory. Raises BrokenProcessPool where a worker
    dies.
    """
    tasks = iter(tasks)
    if workers == 1:
        yield from ((task, function(task)) for task in tasks)
        return
    ignore = signal.SIGINT, signal.SIG_IGN  # the parent handles Ctrl-C
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=ignore) as pool:
        while group := list(islice(tasks, 4 * workers)):
            yield from zip(group, pool.map(function, group), strict=True)
