"""The measures of one session, taken where its inputs and events pass by.

They mean something for audio that comes in real time only: a file that is sent as fast as it is
read has no moment at which a word was said, and is left out.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import Histogram

from streamer.server.metrics import Metrics
from streamer.session.events import Event, Final, Partial, SpeechEnded, SpeechStarted
from streamer.session.inputs import Audio, Configure, Input, Stop
from streamer.session.settings import StreamSettings
from streamer.turns.endpointing import POST_ROLL_MS, PRE_ROLL_MS

TICK_S = 0.1
"""How often partial lag is sampled, and how finely arrivals are remembered."""

REMEMBERED = 512
"""Ticks of audio: longer than any utterance and the silence behind it."""

AHEAD_S = 1.0
"""Audio that may be ahead of real time and still pass for live."""

PRE_ROLL_S = PRE_ROLL_MS / 1000
POST_ROLL_S = POST_ROLL_MS / 1000


class Arrivals:
    """When each tick of audio came; `ticks` have so far."""

    def __init__(self) -> None:
        self._times = array("d", bytes(8 * REMEMBERED))
        self.ticks = 0

    def reached(self, seconds: float, now: float) -> int:
        """Note that so much audio has come; returns how many ticks have passed with it."""
        before = self.ticks
        self.ticks = int(seconds / TICK_S)
        for tick in range(max(before, self.ticks - REMEMBERED) + 1, self.ticks + 1):
            self._times[tick % REMEMBERED] = now
        return self.ticks - before

    def of(self, seconds: float) -> float | None:
        """Return when this second of audio came, if that is remembered.

        Within a tick audio is taken to come evenly.
        """
        tick = int(seconds / TICK_S) + 1
        if not self.ticks - REMEMBERED < tick <= self.ticks:
            return None
        return self._times[tick % REMEMBERED] - (tick * TICK_S - seconds)


@dataclass(slots=True)
class _Open:
    """An utterance without its final."""

    start: float
    text: str = ""
    transcribed_until: float = 0.0
    closed_at: float | None = None


class SessionMeter:
    """Looks on at one session (`SessionObserver`), and tells the metrics.

    It looks at the clock once a tick, not at each piece of audio: there are 50 a second of each
    client. `clock` is in seconds, and monotonic. `heard_s` tells how many seconds the session has
    heard, which of compressed audio no count of bytes does: that counts as the samples it becomes.
    """

    def __init__(
        self,
        settings: StreamSettings,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        heard_s: Callable[[], float] = float,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        compressed = settings.encoding.is_compressed
        self._heard_s = heard_s if compressed else None
        width = 1 if compressed else settings.encoding.sample_bytes
        self._bytes_a_second_a_channel = width * settings.sample_rate
        self._bytes_a_second = self._bytes_a_second_a_channel * settings.channels
        self._tick_bytes = int(TICK_S * self._bytes_a_second)
        self._bytes = 0
        self._bytes_counted = 0
        self._next_tick = 0
        self._began: float | None = None
        self._arrivals = Arrivals()
        self._open: dict[tuple[int, int], _Open] = {}
        self._live = True
        self._partials = settings.partials

    def on_input(self, given: Input) -> None:
        """Note when audio comes, and how far behind it the partials are."""
        match given:
            case Audio(data):
                if self._heard_s is None:
                    self._bytes += len(data)
                else:
                    self._bytes = int(self._heard_s() * self._bytes_a_second)
                if self._bytes >= self._next_tick:
                    self._tick()
            case Configure(settings):
                self._partials = settings.partials
            case Stop():
                self._count()
            case _:
                pass

    def on_event(self, event: Event) -> None:
        """Measure an event."""
        match event:
            case SpeechStarted():
                start = min(event.at + PRE_ROLL_S, self._audio_s)
                self._open[event.channel, event.utterance] = _Open(start)
            case Partial():
                self._partial(event, self._open[event.channel, event.utterance])
            case SpeechEnded():
                self._open[event.channel, event.utterance].closed_at = self._clock()
            case Final():
                self._final(event, self._open.pop((event.channel, event.utterance)))
            case _:
                pass

    def on_close(self) -> None:
        """Count what the last tick has not."""
        self._count()

    @property
    def _audio_s(self) -> float:
        return self._bytes / self._bytes_a_second

    def _tick(self) -> None:
        now, audio_s = self._clock(), self._audio_s
        if self._began is None:
            self._began = now
        self._count()
        self._live = self._live and audio_s - (now - self._began) <= AHEAD_S
        ticks = self._arrivals.reached(audio_s, now)
        self._next_tick = (self._arrivals.ticks + 1) * self._tick_bytes
        if ticks and self._live and self._partials:
            for utterance in self._open.values():
                if utterance.closed_at is None:
                    lag = audio_s - max(utterance.transcribed_until, utterance.start)
                    self._metrics.partial_lag.observe(lag)

    def _count(self) -> None:
        """Count the audio that has come since the last time."""
        new = self._bytes - self._bytes_counted
        self._bytes_counted = self._bytes
        if new:
            self._metrics.audio.inc(new / self._bytes_a_second_a_channel)

    def _partial(self, event: Partial, utterance: _Open) -> None:
        if not utterance.text:
            self._since(utterance.start, self._metrics.first_partial)
        self._revise(utterance, event.text)
        utterance.transcribed_until = event.end

    def _final(self, event: Final, utterance: _Open) -> None:
        now = self._clock()
        if utterance.closed_at is not None:
            self._metrics.final_wait.observe(now - utterance.closed_at)
        if event.reason.by_silence:
            self._since(event.end - POST_ROLL_S, self._metrics.final_latency)
        self._revise(utterance, event.text)
        self._metrics.final_characters.inc(len(event.text))
        self._metrics.utterances.labels(event.reason).inc()

    def _revise(self, utterance: _Open, text: str) -> None:
        """Count what a client has to erase of what it shows."""
        if not text.startswith(utterance.text):
            kept = next(
                (n for n, (a, b) in enumerate(zip(utterance.text, text, strict=False)) if a != b),
                min(len(utterance.text), len(text)),
            )
            self._metrics.erased_characters.inc(len(utterance.text) - kept)
        utterance.text = text

    def _since(self, position: float, histogram: Histogram) -> None:
        arrived = self._arrivals.of(position)
        if self._live and arrived is not None:
            histogram.observe(max(0.0, self._clock() - arrived))
