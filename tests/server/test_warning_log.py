"""Bytes that are surely no audio stand in the log, so often and no more."""

from __future__ import annotations

import pytest

from streamer.server.warning_log import LOGGED_PER_SECOND, WarningLog
from streamer.session.events import Warned, WarningCode


def test_what_looks_like_no_audio_is_logged_and_the_rest_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 5.0
    log = WarningLog(lambda: now)
    log.on_event(Warned(WarningCode.AUDIO_AHEAD, "ahead"))
    for number in range(LOGGED_PER_SECOND + 5):
        log.on_event(Warned(WarningCode.UNLIKELY_AUDIO, f"looks like JSON {number}"))
    assert caplog.messages == [f"looks like JSON {number}" for number in range(LOGGED_PER_SECOND)]
    now = 6.0
    log.on_event(Warned(WarningCode.UNLIKELY_AUDIO, "again"))
    assert caplog.messages[-1] == "again"
