"""Worker processes: each item has a limit of time and memory, and a worker that dies is replaced.

A decoder of damaged pictures may crash or never end. The kernel ends a worker that computes too
long on one item, and every worker when its parent ends.
"""

import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from zatlas.errors import InputError

if sys.platform != "win32":
    import resource

MAX_SECONDS = 60  # of processor time for one item
MAX_BYTES = 4 << 30  # of memory for one item
_AHEAD = 4  # chunks a worker that are taken before the first one is done
_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
FORKS = sys.platform == "linux"  # elsewhere a worker imports the program anew
_START: Any = multiprocessing.get_context("fork" if FORKS else "spawn")

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """The number of cores that this process may use."""
    known = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1


def in_processes(
    function: Callable[[Task], Result], chunks: Iterable[list[Task]], workers: int,
    failed: Callable[[str], Result] | None = None,
) -> Generator[tuple[Task, Result], None, None]:  # fmt: skip
    """Yield every task and its result, in order.

    Parameters
    ----------
    function : called with a task, in a worker.
    chunks : lists of tasks. Few are taken at a time: this limits the memory.
    workers : the number of processes; 0 computes in this one, without limits.
    failed
        The result of a task that ends its worker, from the reason in words; by default InputError.
    """
    chunks = iter(chunks)
    if not workers:
        yield from ((task, function(task)) for chunk in chunks for task in chunk)
        return
    team: list[_Worker] = []
    idle: list[_Worker] = []
    jobs: deque[_Job] = deque()  # in the order of the chunks
    try:
        while True:
            while jobs and jobs[0].is_done:
                job = jobs.popleft()
                yield from zip(job.tasks, job.results, strict=True)
            while (idle or len(team) < workers) and len(jobs) < _AHEAD * workers:
                tasks = next(chunks, None)
                if tasks is None:
                    break
                if not idle:
                    idle.append(_Worker(function, failed))
                    team.append(idle[-1])
                jobs.append(_Job(tasks))
                idle.pop().give(jobs[-1])
            if not jobs:
                return
            busy = {worker.pipe: worker for worker in team if not worker.job.is_done}
            for pipe in wait(list(busy)):
                worker = busy[pipe]
                worker.collect()
                if worker.job.is_done:
                    idle.append(worker)
    finally:
        for worker in team:
            worker.end()


class _Job:
    """A chunk of tasks, and the results so far."""

    def __init__(self, tasks: list[Any]) -> None:
        self.tasks, self.results = tasks, list[Any]()

    @property
    def is_done(self) -> bool:
        return len(self.results) == len(self.tasks)


class _Worker:
    """A process that computes one job at a time, and is started again where it dies."""

    def __init__(self, function: Callable[[Any], Any], failed: Callable[[str], Any] | None) -> None:
        self.function, self.failed, self.job = function, failed, _Job([])
        self._start()

    def _start(self) -> None:
        self.pipe, theirs = _START.Pipe()
        arguments = theirs, self.function, os.getpid()
        self.process = _START.Process(target=_work, args=arguments, daemon=True)
        blocked = _block_signals(signal.SIG_BLOCK)  # until the worker has its own handlers
        try:
            self.process.start()
        finally:
            if blocked:
                _block_signals(signal.SIG_UNBLOCK)
        theirs.close()

    def give(self, job: _Job, singly: bool = False) -> None:
        """Send the tasks of a job that have no results; ``singly``: each result comes by itself."""
        self.job, self.singly = job, singly
        with suppress(OSError):  # it died; the next result says so
            self.pipe.send((job.tasks[len(job.results) :], singly))

    def collect(self) -> None:
        """Take results. Where the process died, start another one, and find the task."""
        try:
            results = self.pipe.recv()
        except (EOFError, OSError):
            self.pipe.close()
            self.process.join()
            failure = self._failure(self.process.exitcode or 0)
            self._start()
            self.job.results += [failure] * self.singly
            if not self.job.is_done:
                self.give(self.job, singly=True)
            return
        for result in results:
            if isinstance(result, _Raised):
                raise result.error
        self.job.results += results

    def _failure(self, status: int) -> Any:
        """The result of the task on which the process died."""
        from_outside = status >= 0 or -status in (signal.SIGKILL, signal.SIGTERM)
        if from_outside or self.failed is None:
            reason = "out of memory, or ended from outside"
            raise InputError(f"a worker process died ({reason}); try fewer workers")
        if -status == getattr(signal, "SIGXCPU", 0):
            return self.failed(f"takes more than {MAX_SECONDS} seconds to decode")
        return self.failed(f"crashes the decoder ({signal.Signals(-status).name})")

    def end(self) -> None:
        """End the process."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


class _Raised:
    """An error of the function, which is raised again in the parent."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _work(pipe: Connection, function: Callable[[Any], Any], parent: int) -> None:
    """What a worker does: compute the tasks that come, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _block_signals(signal.SIG_UNBLOCK)
    _end_with(parent)
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # C libraries print warnings about pictures
    _limit_memory()
    with suppress(EOFError, OSError):
        while True:
            tasks, singly = pipe.recv()
            for part in ([task] for task in tasks) if singly else [tasks]:
                pipe.send([_result(function, task) for task in part])


def _result(function: Callable[[Any], Any], task: Any) -> Any:
    _limit_time()
    try:
        return function(task)
    except Exception as error:
        return _Raised(error)


def _end_with(parent: int) -> None:
    """Let the kernel end this process when its parent ends (Linux)."""
    if FORKS:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before
            os._exit(1)


def _limit_memory() -> None:
    """Let this process take ``MAX_BYTES`` more than it has now (Linux)."""
    if sys.platform == "linux":
        with suppress(OSError, ValueError), open("/proc/self/statm") as pages:
            now = int(pages.read().split()[0]) * resource.getpagesize()
            _, most = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (now + MAX_BYTES, most))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time() -> None:
    """Let this process compute ``MAX_SECONDS`` from now on; then the kernel ends it."""
    if sys.platform != "win32":
        with suppress(OSError, ValueError):
            _, most = resource.getrlimit(resource.RLIMIT_CPU)
            limit = int(time.process_time()) + MAX_SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


def _block_signals(how: int) -> bool:
    """Block Ctrl-C and SIGTERM in this thread, or let them through; whether that changed anything.

    An exception that a signal raises while Python forks is lost.
    """
    if sys.platform == "win32":
        return False
    both = {signal.SIGINT, signal.SIGTERM}
    return not both <= signal.pthread_sigmask(how, both)
