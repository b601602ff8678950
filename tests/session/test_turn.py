"""What a channel asks a turn model, and what it makes of the answer."""

from __future__ import annotations

import numpy as np

from streamer.session.channel import Channel
from streamer.session.events import SpeechEnded
from streamer.session.inputs import TurnJudged
from streamer.session.outputs import AskTurn, Output
from streamer.session.settings import StreamSettings
from streamer.speech.end_reason import EndReason
from streamer.speech.frames import FrameLength
from streamer.turns.endpointer import Endpointer
from streamer.turns.endpointing import Endpointing
from streamer.turns.waits import TurnPolicy

FRAME = 320
POLICY = TurnPolicy(threshold=0.2, likely_ms=200, unlikely_ms=1000)


def channel() -> Channel:
    rules = Endpointing.by_voice(160, 600, 35, FrameLength(FRAME), turn=POLICY)
    return Channel("s", 0, StreamSettings(language="en"), Endpointer(rules), FRAME)


def push(one: Channel, frames: int, level: float) -> list[Output]:
    """Take for speech what is not silent."""
    samples = np.full((frames, FRAME), level, np.float32)
    return [output for _, output in one.push(samples, [float(level > 0)] * frames)]


def reasons(outputs: list[Output]) -> list[EndReason]:
    return [one.reason for one in outputs if isinstance(one, SpeechEnded)]


def test_a_pause_is_asked_about_with_all_that_was_said_and_its_beginning() -> None:
    one = channel()
    push(one, 50, 0.5)
    (asked,) = [output for output in push(one, 20, 0.0) if isinstance(output, AskTurn)]
    assert (asked.channel, asked.utterance, asked.pause) == (0, 0, 1)
    assert len(asked.samples) == 60 * FRAME
    assert np.all(asked.samples[: 50 * FRAME] == np.float32(0.5))


def test_the_answer_ends_the_utterance_that_it_is_about() -> None:
    one = channel()
    push(one, 50, 0.5)
    push(one, 12, 0.0)
    assert reasons(one.judge(TurnJudged(0, utterance=1, pause=1, probability=1.0))) == []
    assert reasons(one.judge(TurnJudged(0, utterance=0, pause=1, probability=1.0))) == ["turn"]
    assert one.judge(TurnJudged(0, utterance=0, pause=1, probability=1.0)) == []
