"""What a log of memory readings says."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from loadtest.run.memory import WARM_UP_S, Reading, judge, read_log, resident

MIB = 2**20


def readings(*mib: float) -> list[Reading]:
    return [Reading(at, WARM_UP_S + at - 1, round(size * MIB)) for at, size in enumerate(mib)]


def test_memory_within_five_per_cent_of_its_median_is_flat() -> None:
    assert judge(readings(500, 100, 104, 97, 100))["flat"]
    assert not judge(readings(500, 100, 106, 97, 100))["flat"]


def test_the_warm_up_of_every_server_is_left_out() -> None:
    restarted = [*readings(0, 100, 100), Reading(10, 0.0, 1), Reading(11, WARM_UP_S, 100 * MIB)]
    report = judge(restarted)
    assert (report["flat"], report["after_warm_up_s"]) == (True, 3)


def test_a_run_that_never_warmed_up_shows_nothing() -> None:
    assert not judge([Reading(1.0, 1.0, 1)])["flat"]


def test_a_log_that_was_broken_off_in_a_line_can_be_gone_on_with(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    kept = readings(1, 2)
    text = "".join(json.dumps(asdict(one)) + "\n" for one in kept)
    log.write_text(text + '{"at_s": 3', encoding="utf-8")
    assert read_log(log) == kept
    assert read_log(tmp_path / "none") == []


def test_this_process_has_memory() -> None:
    assert 10 * MIB < resident(os.getpid()) < 100_000 * MIB
