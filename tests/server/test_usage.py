"""What was used is not lost with the disk, and what failed is not charged."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from streamer.server.usage import UsageLog
from streamer.session.events import Final
from streamer.speech.end_reason import EndReason


def test_a_final_that_failed_is_charged_nothing() -> None:
    final = Final(0, 0, "", 1.0, 2.5, EndReason.SILENCE, "en", 1.0)
    failed = Final(0, 0, "", 1.0, 2.5, EndReason.SILENCE, "en", 1.0, failure="no engine")
    assert (final.usage_s, failed.usage_s) == (1.5, 0.0)


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        UsageLog(tmp_path)


def test_a_line_that_cannot_be_written_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    log = UsageLog(folder / "usage.jsonl")
    (folder / "usage.jsonl").unlink()
    folder.rmdir()
    with caplog.at_level(logging.ERROR):
        log.add({"session": "s", "usage_s": 2.5})
        log.close()
    assert '"usage_s": 2.5' in caplog.text
