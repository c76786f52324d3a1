"""Decode the images of a source, in order, on all cores. Every image set is made by this loop."""

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.decode import Data, Fit, Fitted, UnreadableError, prepare_one
from zatlas.images.items import Item, Source

_NAMED = 20  # the most skipped images that are listed by name
_CHUNK = 64  # the most images of one task of a worker
_CHUNK_BYTES = 1 << 24  # the most bytes of one task

Progress = Callable[[int, int], None]
Write = Callable[[Item, NDArray[np.uint8]], None]
Outcome = Fitted | UnreadableError


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


@dataclass(frozen=True)
class Imported:
    """The number of imported images, their shape (H,W,C), the skipped images, the assumptions."""

    count: int
    shape: tuple[int, int, int]
    skipped: tuple[Fault, ...]
    notes: tuple[str, ...]


def import_images(
    source: Source,
    fit: Fit,
    write: Write,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Decode and fit every image of a source, and pass it to ``write``, in order.

    Parameters
    ----------
    source : the open source; it is closed at the end.
    fit : how every image is fitted.
    write : is called with every item and its pixels (H,W,C).
    workers : the number of processes; None for one per core.
    progress : is called with the number of images done and the number of all images.

    Returns
    -------
    Imported
        Unreadable images are skipped and listed here.

    Raises
    ------
    InputError
        No image is readable, or two images have different sizes and ``fit`` gives none.
    """
    shape: tuple[int, ...] = ()
    first, count, trimmed = "", 0, 0
    skipped: list[Fault] = []
    with closing(source), closing(_outcomes(source, fit, workers)) as outcomes:
        for item, outcome in outcomes:
            if isinstance(outcome, UnreadableError):
                skipped.append(Fault(item.name, str(outcome)))
            else:
                shape, first = shape or outcome.pixels.shape, first or item.name
                if outcome.pixels.shape != shape:
                    raise _mixed(source, first, shape, item, outcome)
                write(item, outcome.pixels)
                count, trimmed = count + 1, trimmed + outcome.trimmed
            done = count + len(skipped)
            if progress and (done % 16 == 0 or done == source.count):
                progress(done, source.count)
    if not count and not skipped:
        raise InputError(f"{source.name}: no pictures in it")
    if not count:
        name, reason = skipped[0]
        fault = f"none of its {len(skipped)} pictures can be read; the first: {name}: {reason}"
        raise InputError(f"{source.name}: {fault}")
    notes = list(source.notes)
    if trimmed and fit.to:
        aspect = f"another aspect ratio than {fit.to[1]}x{fit.to[0]}"
        notes.append(f"{trimmed} of {count} pictures were cropped to their centre: {aspect}")
    return Imported(count, (shape[0], shape[1], shape[2]), tuple(skipped), tuple(notes))


def _mixed(
    source: Source, first: str, shape: tuple[int, ...], item: Item, other: Fitted
) -> InputError:
    (high, wide, _), (height, width, _) = shape, other.pixels.shape
    sizes = f"{first} is {wide}x{high}, {item.name} is {width}x{height}"
    fault = f"pictures of different sizes (width x height): {sizes}; give one size, such as to=64"
    return InputError(f"{source.name}: {fault}", arguments=("to",))


def _outcomes(
    source: Source, fit: Fit, workers: int | None
) -> Generator[tuple[Item, Outcome], None, None]:
    items = iter(source.items)
    for item in items:  # up to the first readable image: its size gives the size of a chunk
        outcome = _outcome(item.data, fit)
        yield item, outcome
        if isinstance(outcome, Fitted):
            break
    else:
        return
    workers = workers or _cores()
    ready = isinstance(item.data, np.ndarray) and fit == Fit()  # these need no work
    if workers == 1 or source.count < _CHUNK or ready:
        yield from ((item, _outcome(item.data, fit)) for item in items)
        return
    waiting: deque[tuple[list[Item], Future[list[Outcome]]]] = deque()
    ignore = signal.SIGINT, signal.SIG_IGN  # the parent handles Ctrl-C
    pool = ProcessPoolExecutor(workers, initializer=signal.signal, initargs=ignore)
    try:
        chunks = _chunks(items, max(1, min(_CHUNK, _CHUNK_BYTES // outcome.pixels.nbytes)))
        while True:
            for chunk in islice(chunks, 2 * workers - len(waiting)):  # limits the memory
                waiting.append((chunk, pool.submit(_work, [item.data for item in chunk], fit)))
            if not waiting:
                return
            chunk, future = waiting.popleft()
            yield from zip(chunk, future.result(), strict=True)
    except BrokenProcessPool:
        reason = "out of memory, or a picture that crashes the decoder"
        fault = f"{source.name}: a worker process died ({reason}); try fewer workers"
        raise InputError(fault) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _chunks(items: Iterator[Item], most: int) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    size = 0
    for item in items:
        chunk.append(item)
        size += len(item.data) if isinstance(item.data, bytes) else 0
        if len(chunk) == most or size > _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _work(chunk: list[Data], fit: Fit) -> list[Outcome]:
    return [_outcome(data, fit) for data in chunk]


def _outcome(data: Data, fit: Fit) -> Outcome:
    try:
        return prepare_one(data, fit)
    except UnreadableError as fault:
        return fault


def _cores() -> int:
    known = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
