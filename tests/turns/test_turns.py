"""How a judge of pauses decides how long a silence must last, told in frames of 20 ms."""

from __future__ import annotations

import pytest

from streamer.speech.end_reason import EndReason
from streamer.speech.frames import FrameLength
from streamer.turns.endpointer import Boundary, Closed, Endpointer, Paused
from streamer.turns.endpointing import Endpointing
from streamer.turns.waits import TurnPolicy

LIKELY, PLAIN, UNLIKELY = 25, 30, 50  # frames: 500, 600 and 1000 ms
POLICY = TurnPolicy(threshold=0.2, likely_ms=500, unlikely_ms=1000)
SURE, UNSURE = 0.2, 0.19


def endpointer(policy: TurnPolicy = POLICY) -> Endpointer:
    machine = Endpointer(Endpointing.by_voice(160, 600, 35, FrameLength(320), turn=policy))
    run(machine, "v" * 40)
    return machine


def run(machine: Endpointer, voiced: str) -> list[Boundary]:
    return [one for flag in voiced for one in machine.push(flag != ".", 1.0)]


def frames_to_the_end(machine: Endpointer) -> int:
    for frame in range(1, 200):
        for boundary in run(machine, "."):
            if isinstance(boundary, Closed):
                return frame
    pytest.fail("it never ends")


def reason(boundaries: list[Boundary]) -> list[EndReason]:
    return [one.reason for one in boundaries if isinstance(one, Closed)]


def test_each_pause_is_to_be_judged_once_at_200_ms() -> None:
    machine = endpointer()
    assert Paused(1) not in run(machine, "." * 9)
    assert Paused(1) in run(machine, ".")
    assert not [one for one in run(machine, "." * 10) if isinstance(one, Paused)]
    run(machine, "v" * 10)
    assert Paused(2) in run(machine, "." * 10)


@pytest.mark.parametrize(("probability", "silence"), [(SURE, LIKELY), (UNSURE, UNLIKELY)])
def test_a_judgement_decides_how_long_the_silence_lasts(probability: float, silence: int) -> None:
    machine = endpointer()
    run(machine, "." * 10)
    assert machine.judge(1, probability) == []
    assert frames_to_the_end(machine) == silence - 10


def test_without_a_judgement_it_is_plain_silence() -> None:
    machine = endpointer()
    assert reason(run(machine, "." * (PLAIN - 1))) == []
    assert reason(run(machine, ".")) == [EndReason.SILENCE]


def test_a_judgement_that_comes_late_may_end_the_utterance_at_once() -> None:
    machine = endpointer()
    run(machine, "." * (LIKELY + 2))
    closed = machine.judge(1, SURE)
    assert closed == [Closed(44, EndReason.TURN)]
    assert machine.judge(1, SURE) == []


def test_a_judgement_of_a_pause_that_is_over_decides_nothing() -> None:
    machine = endpointer()
    run(machine, "." * 10)
    machine.judge(1, UNSURE)
    run(machine, "v" * 10)
    assert machine.judge(1, SURE) == []
    run(machine, "." * 12)
    assert machine.judge(1, SURE) == []
    assert frames_to_the_end(machine) == PLAIN - 12


def test_a_judged_utterance_ends_as_a_turn() -> None:
    machine = endpointer()
    run(machine, "." * 10)
    machine.judge(1, UNSURE)
    assert reason(run(machine, "." * 40)) == [EndReason.TURN]
