"""How the C library's allocator keeps a server's memory flat."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3), as in glibc's malloc.h."""

_LARGE = 128 * 1024
"""Bytes; glibc's own first value of both thresholds."""
_ARENAS = 2
"""One for the event loop, one for the threads of the engine."""


def keep_memory_flat() -> None:
    """Have large blocks given back to the system when they are freed, for as long as it runs.

    glibc begins so, but with every large block that is freed it raises the size from which blocks
    are large, up to 32 MiB: after the first long utterance audio and features of all sizes lie in
    one heap, whose holes stay. It also gives every few threads a heap of their own. Does nothing
    where the C library is another one.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_TRIM_THRESHOLD, _LARGE)
    mallopt(_M_ARENA_MAX, _ARENAS)
