"""Decode the images of a source, in order, on all cores. Every image set is made by this loop."""

from collections.abc import Generator
from contextlib import closing
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from zatlas.errors import InputError
from zatlas.images.decode import Fit, Fitted, Item, Source, UnreadableError, prepare_one
from zatlas.images.workers import FORKS, MAX_BYTES, cores, in_processes

_NAMED = 20  # the most skipped images that are listed by name
_CHUNK = 64  # the most images of one task of a worker
_CHUNK_BYTES = 1 << 24  # of the images of one task, if all are as large as the first

Outcome = Fitted | UnreadableError


class Fault(NamedTuple):
    """A skipped image, and the reason."""

    name: str
    reason: str


def remarks(notes: tuple[str, ...], skipped: tuple[Fault, ...]) -> list[str]:
    """The assumptions and the skipped images, one line each; at most 20 images are named."""
    lines = [*notes, *(f"left out {name}: {reason}" for name, reason in skipped[:_NAMED])]
    if len(skipped) > _NAMED:
        lines.append(f"... and {len(skipped) - _NAMED} more")
    total = f"{len(skipped)} picture{'s' * (len(skipped) > 1)} left out"
    return [*lines, total] if skipped else lines


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
        A worker process was ended from outside, as by a system without memory.
    """
    items = iter(source.items)
    decode = partial(_outcome, fit)
    alone = not FORKS and source.count < _CHUNK  # a worker would start slowly
    singles = ([item] for item in items)
    with closing(in_processes(decode, singles, 0 if alone else 1, UnreadableError)) as single:
        for item, outcome in single:  # up to the first readable image: its size gives a chunk's
            yield item, outcome
            if isinstance(outcome, Fitted):
                break
        else:
            return
    ready = isinstance(item.data, np.ndarray) and fit == Fit()  # these need no work
    workers = 0 if ready or alone else 1 if source.count < _CHUNK else workers or cores()
    packed = len(item.data) if isinstance(item.data, bytes) else 0
    most = max(1, min(_CHUNK, _CHUNK_BYTES // max(packed, outcome.pixels.nbytes)))
    chunks = iter(lambda: list(islice(items, most)), [])
    try:
        yield from in_processes(decode, chunks, workers, UnreadableError)
    except InputError as error:
        raise InputError(f"{source.name}: {error}") from None


def _outcome(fit: Fit, item: Item) -> Outcome:
    try:
        return prepare_one(item.data, fit)
    except UnreadableError as fault:
        return fault
    except MemoryError:
        return UnreadableError(f"takes more than {MAX_BYTES >> 30} GiB of memory to decode")
