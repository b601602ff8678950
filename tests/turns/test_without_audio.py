"""What follows when a live stream brings no audio any more, told in frames of 20 ms."""

from __future__ import annotations

import pytest

from streamer.speech.end_reason import EndReason
from streamer.speech.frames import FrameLength
from streamer.turns.endpointer import Closed, Endpointer
from streamer.turns.endpointing import Endpointing
from streamer.turns.waits import TurnPolicy

FRAME = FrameLength(320)
SILENCE, STALL, POST_ROLL = 30, 110, 4


def speaking(voiced: str, rules: Endpointing | None = None) -> Endpointer:
    machine = Endpointer(rules or Endpointing.by_voice(160, 600, 35, FRAME))
    for flag in voiced:
        machine.push(flag != ".", 1.0)
    return machine


def test_speech_that_has_ended_needs_the_silence_asked_for_and_no_more() -> None:
    machine = speaking("v" * 40 + "." * 12)
    assert machine.wait_without_audio(SILENCE - 1) == []
    assert machine.wait_without_audio(SILENCE) == [Closed(40 + POST_ROLL, EndReason.SILENCE)]


@pytest.mark.parametrize("voiced", ["v" * 40, "v" * 40 + ".." + "vvv", "v" * 40 + "." * 20 + "vvv"])
def test_the_middle_of_a_word_waits_for_a_stalled_line(voiced: str) -> None:
    machine = speaking(voiced)
    assert machine.wait_without_audio(STALL - 1) == []
    assert [type(one) for one in machine.wait_without_audio(STALL)] == [Closed]


def test_what_stops_in_speech_ends_at_the_last_frame_that_came() -> None:
    assert speaking("v" * 40).wait_without_audio(STALL) == [Closed(40, EndReason.SILENCE)]


def test_a_silence_longer_than_any_stall_is_waited_for() -> None:
    machine = speaking("v" * 40, Endpointing.by_voice(160, 3000, 35, FRAME))
    assert machine.wait_without_audio(149) == []
    assert machine.wait_without_audio(150) != []


def test_what_was_judged_decides_here_as_well() -> None:
    policy = TurnPolicy(threshold=0.2, likely_ms=500, unlikely_ms=1000)
    machine = speaking("v" * 40 + "." * 12, Endpointing.by_voice(160, 600, 35, FRAME, turn=policy))
    machine.judge(1, 0.0)
    assert machine.wait_without_audio(49) == []
    assert machine.wait_without_audio(50) == [Closed(40 + POST_ROLL, EndReason.TURN)]


def test_without_detection_time_ends_nothing() -> None:
    assert speaking("v" * 40, Endpointing.by_hand(35, FRAME)).wait_without_audio(10_000) == []


def test_time_without_speech_is_nothing() -> None:
    assert speaking("." * 40).wait_without_audio(10_000) == []


def test_audio_that_comes_later_opens_anew_behind_it() -> None:
    machine = speaking("v" * 40)
    machine.wait_without_audio(STALL)
    assert machine.keeps_from == 40
