"""What a process that decodes a stranger's file may have."""

from __future__ import annotations

import resource
import sys

MEMORY_BYTES = 1 << 30
"""Of addresses, 0.2 GiB of which are Python and the libraries; an index of 12 hours takes 0.1."""

BLOCK_CPU_S = 60
"""Of computing for the next block of samples."""


def confine() -> None:
    """Take from this process all that decoding does not need.

    It opens nothing any more, be it a file or a socket, and leaves no image of what it held.
    """
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    if sys.platform == "linux":  # elsewhere it is no limit, or none that can be set
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def begin_block() -> None:
    """Begin to count the computing for a block, beyond which the system kills this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    until = int(used.ru_utime + used.ru_stime) + BLOCK_CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (until, most))
