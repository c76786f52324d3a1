"""Decode a source, in order, on all cores: the one loop behind every image set that is made."""

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zatlas.errors import InputError
from zatlas.images.decode import Data, Fit, Fitted, UnreadableError, prepare_one
from zatlas.images.records import Item, Source

_NAMED = 20  # pictures left out that are named
_CHUNK = 64  # pictures a worker takes at once,
_CHUNK_BYTES = 1 << 24  # fewer where they are large

Progress = Callable[[int, int], None]
Outcome = Fitted | UnreadableError


class Fault(NamedTuple):
    """A picture that was skipped, and why."""

    name: str
    reason: str


def remarks(notes: tuple[str, ...], skipped: tuple[Fault, ...]) -> list[str]:
    """What was assumed and left out, a line each; of many left out the first ones by name."""
    lines = [*notes, *(f"skipped {name}: {reason}" for name, reason in skipped[:_NAMED])]
    if len(skipped) > _NAMED:
        lines.append(f"... and {len(skipped) - _NAMED} more")
    return [*lines, f"{len(skipped)} pictures skipped"] if skipped else lines


@dataclass(frozen=True)
class Poured:
    """How many pictures came through, their (H,W,C), the skipped ones, what had to be assumed."""

    count: int
    shape: tuple[int, int, int]
    skipped: tuple[Fault, ...]
    notes: tuple[str, ...]


def pour(
    source: Source,
    fit: Fit,
    write: Callable[[Item, NDArray[np.uint8]], None],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Poured:
    """Decode and fit every picture of ``source`` and hand it to ``write``, in order.

    Unreadable pictures are skipped and named. Raises InputError where none is readable, or where
    two have different sizes and ``fit`` does not say which to take.
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
                    raise InputError(_mixed(source, first, shape, item, outcome))
                write(item, outcome.pixels)
                count, trimmed = count + 1, trimmed + outcome.trimmed
            done = count + len(skipped)
            if progress and (done % 16 == 0 or done == source.count):
                progress(done, source.count)
    if not count and not skipped:
        raise InputError(f"{source.name}: no pictures in it")
    if not count:
        raise InputError(
            f"{source.name}: none of its {len(skipped)} pictures can be read; "
            f"the first: {skipped[0].name}: {skipped[0].reason}"
        )
    notes = list(source.notes)
    if trimmed and fit.to:
        notes.append(
            f"the centre was taken of {trimmed} of {count} pictures, whose aspect is not that of "
            f"{fit.to[1]}x{fit.to[0]}"
        )
    return Poured(count, (shape[0], shape[1], shape[2]), tuple(skipped), tuple(notes))


def _mixed(source: Source, first: str, shape: tuple[int, ...], item: Item, other: Fitted) -> str:
    a, b = shape, other.pixels.shape
    return (
        f"{source.name}: pictures of different sizes (width x height): {first} is {a[1]}x{a[0]}, "
        f"{item.name} is {b[1]}x{b[0]}; bring them to one, such as --to 64"
    )


def _outcomes(
    source: Source, fit: Fit, workers: int | None
) -> Generator[tuple[Item, Outcome], None, None]:
    items = iter(source.items)
    for item in items:  # the first readable one here: its size tells how many make a chunk
        (outcome,) = _work([item.data], fit)
        yield item, outcome
        if isinstance(outcome, Fitted):
            break
    else:
        return
    chunks = _chunks(items, max(1, min(_CHUNK, _CHUNK_BYTES // outcome.pixels.nbytes)))
    workers = workers or _cores()
    ready = isinstance(item.data, np.ndarray) and fit == Fit()  # nothing is left to do
    if workers == 1 or source.count < _CHUNK or ready:
        for chunk in chunks:
            yield from zip(chunk, _work([item.data for item in chunk], fit), strict=True)
        return
    waiting: deque[tuple[list[Item], Future[list[Outcome]]]] = deque()
    pool = ProcessPoolExecutor(workers, initializer=_leave_interrupts_to_the_parent)
    try:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(_work, [item.data for item in chunk], fit)))
            if len(waiting) > 2 * workers:  # bounds the memory
                yield from _next(waiting)
        while waiting:
            yield from _next(waiting)
    except BrokenProcessPool:
        raise InputError(
            f"{source.name}: a worker process died (out of memory, or a picture that crashes the "
            "decoder); try fewer workers"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _next(
    waiting: deque[tuple[list[Item], Future[list[Outcome]]]],
) -> Iterator[tuple[Item, Outcome]]:
    chunk, future = waiting.popleft()
    yield from zip(chunk, future.result(), strict=True)


def _chunks(items: Iterator[Item], most: int) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    weight = 0
    for item in items:
        chunk.append(item)
        weight += len(item.data) if isinstance(item.data, bytes) else 0
        if len(chunk) == most or weight > _CHUNK_BYTES:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def _work(chunk: list[Data], fit: Fit) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for data in chunk:
        try:
            outcomes.append(prepare_one(data, fit))
        except UnreadableError as fault:
            outcomes.append(fault)
    return outcomes


def _cores() -> int:
    known = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
