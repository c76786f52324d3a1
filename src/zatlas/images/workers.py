"""Apply a function to many tasks in worker processes."""

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """The number of cores that this process may use."""
    known = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1


def in_processes(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int
) -> Generator[tuple[Task, Result], None, None]:
    """Yield every task and its result, in order; one worker is this process.

    Few tasks wait at a time: this limits the memory. Raises BrokenProcessPool where a worker dies.
    """
    if workers == 1:
        yield from ((task, function(task)) for task in tasks)
        return
    tasks, waiting = iter(tasks), deque[tuple[Task, Future[Result]]]()
    ignore = signal.SIGINT, signal.SIG_IGN  # the parent handles Ctrl-C
    pool = ProcessPoolExecutor(workers, initializer=signal.signal, initargs=ignore)
    try:
        while True:
            for task in islice(tasks, 2 * workers - len(waiting)):
                waiting.append((task, pool.submit(function, task)))
            if not waiting:
                return
            task, future = waiting.popleft()
            yield task, future.result()
    finally:
        pool.shutdown(cancel_futures=True)
