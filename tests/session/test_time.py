"""The whole session with time: audio that comes in any way, and ticks where it does not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session.driver import FRAME_S, Driver, driver
from sounds import pcm, silence, voice

from streamer.pipeline.stream_clock import StreamClock
from streamer.session.events import Done, Event, Final, SpeechEnded, SpeechStarted
from streamer.session.inputs import Tick
from streamer.speech.end_reason import EndReason
from streamer.turns.endpointing import PAUSE_MS, STALL_MS

TICK_S = 0.1
PIECE_S = 0.1
PIECE = round(PIECE_S * 32_000)  # bytes
HANGOVER_S = 0.15
SILENCE_S = 0.6


class Live:
    """Audio over a line that stalls: what is said meanwhile comes all at once."""

    def __init__(self, data: bytes) -> None:
        self.stream: Driver = driver()
        self.clock = StreamClock()
        self.now = 0.0
        self._data = data
        self._sent = 0

    def run(self, stalls: dict[int, float]) -> None:
        """Send it all, stalled before the pieces of these numbers for so many seconds."""
        spoken = 0.0
        for number in range(-(-len(self._data) // PIECE)):
            spoken += PIECE_S
            free = max(self.now, spoken) + stalls.get(number, 0.0)
            self.wait(free - self.now)
            self._send()

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now + TICK_S <= until:
            self.now += TICK_S
            if (missing := self.clock.missing(self.now)) >= TICK_S:
                self.stream.take(self.stream.session.handle(Tick(missing)))
        self.now = until

    def _send(self) -> None:
        piece = self._data[self._sent : self._sent + PIECE]
        self._sent += len(piece)
        self.stream.feed(piece, [])
        self.clock.came(self.now, len(piece) / 32_000)

    def stop(self) -> list[Event]:
        self.stream.take(self.stream.session.stop())
        return [one for one in self.stream.events if isinstance(one, SpeechEnded | Final | Done)]


def spoken(*seconds: float) -> bytes:
    """Speech and silence by turns."""
    makers = itertools.cycle((voice, silence))
    return pcm(np.concatenate([make(one) for make, one in zip(makers, seconds, strict=False)]))


parts = st.lists(st.sampled_from([0.3, 0.5, 1.0, 1.5]), min_size=1, max_size=7)
places = st.dictionaries(st.integers(0, 60), st.floats(0, 2.0), max_size=4)
jitter = st.dictionaries(st.integers(0, 60), st.floats(0, 0.45), max_size=20)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts, jitter)
def test_jitter_changes_nothing(seconds: list[float], late: dict[int, float]) -> None:
    even, uneven = Live(spoken(*seconds)), Live(spoken(*seconds))
    even.run({})
    uneven.run(late)
    assert uneven.stop() == even.stop()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts, places)
def test_a_line_that_stalls_ends_no_utterance_in_the_middle_of_speech(
    seconds: list[float], stalls: dict[int, float]
) -> None:
    """Wherever and however often: what ends, ends in a pause."""
    live = Live(spoken(*seconds))
    live.run(stalls)
    live.stop()
    edges = [0.0, *itertools.accumulate(seconds)]
    pauses = list(itertools.pairwise(edges))[1::2]
    for ended in live.stream.of(SpeechEnded):
        in_pause = any(start <= ended.at <= end + HANGOVER_S for start, end in pauses)
        assert in_pause or ended.reason is EndReason.STOP


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts, places, st.floats(0, 5.0))
def test_every_start_has_one_final_in_order_however_the_audio_comes(
    seconds: list[float], stalls: dict[int, float], silent: float
) -> None:
    live = Live(spoken(*seconds))
    live.run(stalls)
    live.wait(silent)
    live.stop()
    started = [one.utterance for one in live.stream.of(SpeechStarted)]
    finals = live.stream.of(Final)
    assert [one.utterance for one in finals] == started == list(range(len(finals)))
    for before, after in itertools.pairwise(finals):
        assert before.end <= after.start
    assert live.stream.of(Done)[0].audio == pytest.approx(sum(seconds), abs=FRAME_S)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts)
def test_audio_that_stops_for_good_leaves_nothing_open(seconds: list[float]) -> None:
    live = Live(spoken(*seconds))
    live.run({})
    live.wait(STALL_MS / 1000 + 2 * TICK_S + PIECE_S)
    assert len(live.stream.of(Final)) == len(live.stream.of(SpeechStarted))


@pytest.mark.parametrize("still", [PAUSE_MS / 1000 + HANGOVER_S, 0.5])
def test_what_stops_in_a_pause_ends_after_the_silence_that_was_asked_for(still: float) -> None:
    live = Live(spoken(1.0, still))
    live.run({})
    live.wait(SILENCE_S + PIECE_S - TICK_S)
    assert live.stream.of(Final) == []
    live.wait(2 * TICK_S)
    assert len(live.stream.of(Final)) == 1


def test_a_file_sent_in_a_moment_ends_only_once_it_would_have_been_heard() -> None:
    live = Live(spoken(3.0, 0.4))
    live.stream.feed(spoken(3.0, 0.4), [])
    live.clock.came(0.0, 3.4)
    live.wait(3.4 + SILENCE_S - TICK_S)
    assert live.stream.of(Final) == []
    live.wait(3 * TICK_S)
    assert len(live.stream.of(Final)) == 1


def test_what_comes_later_goes_on_from_the_last_sample() -> None:
    live = Live(spoken(1.0))
    live.run({})
    live.wait(20.0)
    live.stream.feed(spoken(1.0, 1.0))
    first, second = live.stream.of(Final)
    assert first.end == pytest.approx(1.0, abs=FRAME_S)
    assert first.end <= second.start <= 1.0 + FRAME_S
