"""Keep freed memory in the process: every training step frees and allocates the same blocks.

By default the C library returns large blocks to the kernel, and the next step gets them back page
by page, which is slow. The setting is for the whole process, so only ``configure_process`` makes
it.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # <malloc.h> of glibc
# with one arena, threads reuse each other's blocks
OPTIONS = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_ARENA_MAX, 1))

_kept = False  # whether this process keeps freed blocks


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
