"""Keep freed memory in the process: a training step frees and asks again for the same blocks.

By default the C library hands large blocks back to the kernel, and the next step faults them in
again, page by page. This changes the whole process, so only the command line calls it.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # <malloc.h> of glibc


def give_back() -> None:
    """Hand pages that are free by now back to the kernel (glibc; elsewhere nothing happens).

    Threads take blocks in an order of chance, so holes add up over hundreds of steps. Once in 32
    steps it costs a hundredth of the time, and memory stays where it was at the start.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


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
    return all(kept)
