"""How much more memory this process may take before somebody ends it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_PAGE = resource.getpagesize()


class _Version(NamedTuple):
    """Where control groups are, and what their files and figures are called."""

    base: str
    limit: str
    used: str
    cached: str


_V1 = _Version(
    "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "total_inactive_file",
)
_V2 = _Version("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")


def memory_left(root: Path = Path("/")) -> int:
    """Return bytes: the least of what machine, control groups and address space leave.

    Where nothing of the kind is to be found, all that the machine says it has. `root` is for tests.
    """
    return min((*_machine(root), *_control_groups(root), *_address_space(root)))


def _machine(root: Path) -> Iterator[int]:
    found = _table(root / "proc/meminfo")
    yield found["MemAvailable:"] * 1024 if "MemAvailable:" in found else 1 << 32


def _control_groups(root: Path) -> Iterator[int]:
    """Yield what each of our groups leaves; what a group caches of files it gives up.

    A container sees its own group as the root, whatever it is called outside.
    """
    for line in _lines(root / "proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        if number != "0" and "memory" not in controllers.split(","):
            continue
        version = _V2 if number == "0" else _V1
        base = root / version.base
        own = base / path.lstrip("/")
        for group in (own, *own.parents):
            if not group.is_relative_to(base):
                break
            if (limit := _number(group / version.limit)) is not None:
                cached = _table(group / "memory.stat").get(version.cached, 0)
                yield limit - (_number(group / version.used) or 0) + cached


def _address_space(root: Path) -> Iterator[int]:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    pages = _number(root / "proc/self/statm")
    if limit != resource.RLIM_INFINITY and pages is not None:
        yield limit - pages * _PAGE


def _number(path: Path) -> int | None:
    """Read the first number of a file; None where there is none, as where the limit is `max`."""
    words = " ".join(_lines(path)).split()
    return int(words[0]) if words and words[0].isdecimal() else None


def _table(path: Path) -> dict[str, int]:
    """Read lines of a name and a number."""
    rows = (line.split() for line in _lines(path))
    return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
