"""Keep freed memory in the process: a training step frees and asks again for the same blocks.

By default the C library hands large blocks back to the kernel, and the next step faults them in
again, page by page. This changes the whole process, so only the command line calls it.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # <malloc.h> of glibc


_kept = False  # by this process


def keep_freed_blocks() -> bool:
    """Tell glibc to keep freed blocks; False where the C library is another one."""
    if sys.platform != "linux":
        return False
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  only glibc has it
        kept = (
            library.mallopt(M_MMAP_MAX, 0),
            library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1),
            library.mallopt(M_ARENA_MAX, 1),  # blocks freed by one thread serve all of them
        )
    except (OSError, AttributeError):
        return False
    global _kept
    _kept = all(kept)
    return _kept


def give_back() -> None:
    """Hand pages that are free by now back to the kernel, where freed blocks are kept.

    Threads take blocks in an order of chance, so holes add up over hundreds of steps.
    """
    if _kept:
        ctypes.CDLL(None).malloc_trim(0)
