"""Settings of the whole process. They are made once, before the work begins.

On AMD processors torch computes float32 products with AVX2 by default, at half the speed of its
AVX-512 kernel. The "medium" precision of torch selects that kernel. Without matrix units (AMX),
this changes only the order of a sum. With them it may compute in bfloat16, so it is tested first.

By default the C library returns large blocks to the kernel, and the next training step gets them
back page by page, which is slow. A process that is configured keeps freed blocks.
"""

import ctypes
import sys
from functools import cache

MAX_RELATIVE_ERROR = 1e-5  # of a product; measured: 3e-7 in float32, 3e-3 in bfloat16
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # <malloc.h> of glibc
# with one arena, threads reuse each other's blocks
OPTIONS = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_ARENA_MAX, 1))

_kept = False  # whether this process keeps freed blocks


def configure_process(threads: int | None = None) -> None:
    """Make this process faster: exact float32 products on the fastest kernel, and the allocator.

    The command line calls this function before a command that computes. A Python program may call
    it once, before it trains or measures: the settings are for all threads. Without it, zatlas
    works, but more slowly.

    Parameters
    ----------
    threads : the number of threads of torch's operations; None does not change it.

    Examples
    --------
    >>> import zatlas
    >>> zatlas.configure_process()
    """
    keep_freed_blocks()  # before torch takes its first large block
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    if not torch.cuda.is_available() and medium_is_exact():  # on a GPU it would not be exact
        torch.set_float32_matmul_precision("medium")


@cache
def medium_is_exact() -> bool:
    """Whether "medium" precision on this CPU is as exact as float32, by a test product.

    The test changes the setting of the process for a moment; only ``configure_process`` and tests
    call it.
    """
    import torch

    draw = torch.Generator().manual_seed(0)
    a, b = (torch.randn(256, 256, generator=draw) for _ in range(2))
    truth = a.double() @ b.double()
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        error = ((a @ b).double() - truth).abs().max() / truth.abs().max()
    finally:
        torch.set_float32_matmul_precision(before)
    return bool(error < MAX_RELATIVE_ERROR)


def keep_freed_blocks() -> bool:
    """Make glibc keep freed blocks. Returns False where the C library is not glibc."""
    global _kept
    if sys.platform != "linux":
        return False
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  only glibc has it
        kept = [library.mallopt(option, value) for option, value in OPTIONS]
    except (OSError, AttributeError):
        return False
    _kept = all(kept)
    return _kept


def trim_allocator() -> None:
    """Return free pages to the kernel, if freed blocks are kept.

    Threads allocate in a random order, so unused gaps add up over hundreds of steps.
    """
    if _kept:
        ctypes.CDLL(None).malloc_trim(0)
