"""How much memory is left is read where the system says it."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from streamer.runtime.memory_left import memory_left

GIB = 1 << 30


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return root


MACHINE = {"proc/meminfo": f"MemTotal: 99 kB\nMemAvailable:   {8 * GIB // 1024} kB\n"}


def test_what_the_machine_has_is_left_where_nothing_else_is_said(tmp_path: Path) -> None:
    assert memory_left(written(tmp_path, MACHINE)) == 8 * GIB


def test_a_container_leaves_its_limit_less_what_it_uses(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": f"{2 * GIB}\n",
        "sys/fs/cgroup/memory.current": f"{GIB}\n",
        "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {GIB // 4}\n",
    }
    assert memory_left(written(tmp_path, MACHINE | files)) == GIB + GIB // 4


def test_the_tightest_of_the_groups_around_a_service_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/system.slice/streamer.service\n",
        "sys/fs/cgroup/system.slice/streamer.service/memory.max": "max\n",
        "sys/fs/cgroup/system.slice/streamer.service/memory.current": "1\n",
        "sys/fs/cgroup/system.slice/memory.max": f"{3 * GIB}\n",
        "sys/fs/cgroup/system.slice/memory.current": f"{GIB}\n",
    }
    assert memory_left(written(tmp_path, MACHINE | files)) == 2 * GIB


def test_groups_of_the_first_version_count_as_well(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "4:memory:/pod\n0::/\n",
        "sys/fs/cgroup/memory/pod/memory.limit_in_bytes": f"{GIB}\n",
        "sys/fs/cgroup/memory/pod/memory.usage_in_bytes": f"{GIB // 2}\n",
    }
    assert memory_left(written(tmp_path, MACHINE | files)) == GIB // 2


def test_an_address_space_that_is_limited_leaves_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limits(_: int) -> tuple[int, int]:
        return GIB, GIB

    monkeypatch.setattr(resource, "getrlimit", limits)
    pages = GIB // 4 // resource.getpagesize()
    files = {"proc/self/statm": f"{pages} 1 1 1 0 1 0\n"}
    assert memory_left(written(tmp_path, MACHINE | files)) == 3 * GIB // 4
