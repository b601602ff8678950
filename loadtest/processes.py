"""What a process and those that it has started take of the machine; Linux only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def family(pid: int) -> Iterator[int]:
    """Yield a process's number and those of all that it has started, their children too."""
    yield pid
    with contextlib.suppress(OSError):  # it may end at any moment
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from family(int(child))


def engine_of(pid: int) -> int | None:
    """Return the number of the process in which a server's model lives, if there is one."""
    for one in family(pid):
        words = Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
        if b"streamer.engines.worker" in words:
            return one
    return None


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU time that a process and its children have taken."""
    return sum(_cpu_s(one) for one in family(pid))


def resident(pid: int) -> int:
    """Return the resident memory of a process and its children, in bytes."""
    return sum(_resident(one) for one in family(pid))


def _cpu_s(pid: int) -> float:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    fields = text.rpartition(")")[2].split()  # from the third of proc(5) on
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
