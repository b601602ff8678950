"""Log lines say what happened and to which session, and never hold the server up."""

from __future__ import annotations

import contextvars
import json
import logging
import os
import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest

from streamer.runtime.logs import AtMost, LogFormat, logging_to, session_id

log = logging.getLogger("streamer.test")


Written = Callable[[], list[str]]


@contextmanager
def written(style: LogFormat) -> Generator[Written]:
    """Log as a server does; after the block the lines can be read."""
    reading, writing = os.pipe()
    lines: list[str] = []
    with logging_to(writing, style):
        yield lambda: lines
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as file:
        lines += file.read().splitlines()


def in_session(session: str, function: Callable[..., None], *args: Any) -> None:
    def run() -> None:
        session_id.set(session)
        function(*args)

    contextvars.copy_context().run(run)


def test_json_lines_have_names_for_everything() -> None:
    with written("json") as lines:
        in_session("abc", log.info, "%d sessions\nare öpen", 3)
        log.warning("of another", extra={"session": "def"})
        log.error("of none")
    first, second, third = map(json.loads, lines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": "streamer.test",
        "message": "3 sessions\nare öpen",
        "session": "abc",
    }
    assert (second["level"], second["session"]) == ("warning", "def")
    assert "session" not in third


def test_text_lines_end_with_the_session() -> None:
    with written("text") as lines:
        in_session("abc", log.info, "opened")
        log.info("started")
    assert re.fullmatch(r"[\d-]+ [\d:,]+ INFO opened \[session abc\]", lines()[0])
    assert lines()[1].endswith("INFO started")


@pytest.mark.parametrize("style", ["text", "json"])
def test_an_exception_comes_with_its_traceback(style: LogFormat) -> None:
    with written(style) as lines:
        try:
            raise RuntimeError("boom")
        except RuntimeError:
            log.exception("it failed")
    if style == "json":
        (line,) = map(json.loads, lines())
        assert line["message"] == "it failed"
        told = line["exception"]
    else:
        told = "\n".join(lines())
    assert "test_logs.py" in told
    assert told.rstrip().endswith("RuntimeError: boom")


def test_debug_lines_are_not_written() -> None:
    with written("text") as lines:
        log.debug("too much")
    assert lines() == []


def test_a_terminal_that_takes_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.runtime.logs.WAITING_BYTES", 100_000)
    monkeypatch.setattr("streamer.runtime.logs.CLOSE_TIMEOUT_S", 0.1)
    reading, writing = os.pipe()
    with logging_to(writing, "text"):
        slowest = 0.0
        for number in range(2000):
            began = time.monotonic()
            log.info("line %d %s", number, "x" * 100)
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 1.0, "a handler that writes would wait for ever"
        taken = os.read(reading, 1 << 20)
        while b"dropped" not in taken:
            log.info("one more")
            taken += os.read(reading, 1 << 20)
    assert re.search(rb"\(\d+ lines before this were dropped\) (line|one more)", taken)
    os.close(reading)  # ends the thread: its write fails
    os.close(writing)


def test_a_full_disk_is_no_error_and_lines_go_on_once_it_has_room(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reading, writing = os.pipe()
    full = os.open("/dev/full", os.O_WRONLY)
    with logging_to(full, "text"):
        log.info("nobody will read this")
        time.sleep(0.1)  # it has been tried by now
        os.dup2(writing, full)
        log.info("there is room again")
    os.close(full)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as file:
        (line,) = file.read().splitlines()
    assert line.endswith("there is room again")
    assert capsys.readouterr() == ("", "")


def test_a_bound_lets_so_many_a_second_through() -> None:
    limit = AtMost(3)
    assert [limit.allows(100.0) for _ in range(5)] == [True, True, True, False, False]
    assert limit.allows(101.0)
