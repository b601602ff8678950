"""How a server's memory stays flat, and its event loop free of long garbage collections."""

from __future__ import annotations

import ctypes
import gc
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3), as in glibc's malloc.h."""

_LARGE = 4 << 20
"""Bytes. glibc's own 128 KiB made a fault for each page of each array of audio or features: a fifth
fewer utterances a second. With 4 MiB there are few left."""
_ARENAS = 2
"""One for the event loop, one for the threads of the engine."""


def give_back_what_is_freed() -> None:
    """Have large blocks go back to the system when they are freed, for as long as it runs.

    Left alone, glibc raises the size from which blocks are large with every one that is freed, up
    to 32 MiB: after the first long utterance audio and features of all sizes lie in one heap, whose
    holes stay. It also gives every few threads a heap of their own. Does nothing where the C
    library is another one.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_TRIM_THRESHOLD, _LARGE)
    mallopt(_M_ARENA_MAX, _ARENAS)


def keep_what_is_loaded() -> None:
    """Let the garbage collector look only at what comes from now on.

    A server has some 70,000 objects before its first client. To look through them all held the
    event loop for 45 ms, and because that is dear Python does it rarely: sessions that had ended,
    whose objects refer to each other, kept their audio for minutes.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # how soon the next full pass comes goes by how much the last one has found
