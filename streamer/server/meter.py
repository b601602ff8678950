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
from streamer.session.inputs import AudioCame, Input, SettingsChanged
from streamer.session.settings import StreamSettings
from streamer.speech.end_reason import EndReason
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
    """When each tick of audio came."""

    def __init__(self) -> None:
        self._times = array("d", bytes(8 * REMEMBERED))
        self._ticks = 0

    def reached(self, seconds: float, now: float) -> int:
        """Note that so much audio has come; returns how many ticks have passed with it."""
        before = self._ticks
        self._ticks = int(seconds / TICK_S)
        for tick in range(max(before, self._ticks - REMEMBERED) + 1, self._ticks + 1):
            self._times[tick % REMEMBERED] = now
        return self._ticks - before

    def of(self, seconds: float) -> float | None:
        """Return when this second of audio came, if that is remembered.

        Within a tick audio is taken to come evenly.
        """
        tick = int(seconds / TICK_S) + 1
        if not self._ticks - REMEMBERED < tick <= self._ticks:
            return None
        return self._times[tick % REMEMBERED] - (tick * TICK_S - seconds)


@dataclass(slots=True)
class _Open:
    """An utterance without its final."""

    start: float
    text: str = ""
    heard_until: float = 0.0
    closed_at: float | None = None


class SessionMeter:
    """The witness of one session that tells the metrics (`live.Witness`)."""

    def __init__(
        self,
        settings: StreamSettings,
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        frame = settings.encoding.sample_bytes * settings.channels
        self._bytes_a_second = frame * settings.sample_rate
        self._began: float | None = None
        self._audio_s = 0.0
        self._arrivals = Arrivals()
        self._open: dict[tuple[int, int], _Open] = {}
        self._live = True
        self._partials = settings.partials

    def took(self, given: Input) -> None:
        """Note when audio comes, and how far behind it the partials are."""
        match given:
            case AudioCame(data):
                self._hear(data)
            case SettingsChanged(settings):
                self._partials = settings.partials
            case _:
                pass

    def gave(self, event: Event) -> None:
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

    def ended(self) -> None:
        """Nothing is left to measure."""

    def _hear(self, data: bytes) -> None:
        now = self._clock()
        if self._began is None:
            self._began = now
        self._audio_s += len(data) / self._bytes_a_second
        self._live = self._live and self._audio_s - (now - self._began) <= AHEAD_S
        ticks = self._arrivals.reached(self._audio_s, now)
        if ticks and self._live and self._partials:
            for utterance in self._open.values():
                if utterance.closed_at is None:
                    lag = self._audio_s - max(utterance.heard_until, utterance.start)
                    self._metrics.partial_lag.observe(lag)

    def _partial(self, event: Partial, utterance: _Open) -> None:
        if not utterance.text:
            self._since(utterance.start, self._metrics.first_partial)
        self._revise(utterance, event.text)
        utterance.heard_until = event.end

    def _final(self, event: Final, utterance: _Open) -> None:
        now = self._clock()
        if utterance.closed_at is not None:
            self._metrics.final_wait.observe(now - utterance.closed_at)
        if event.reason is EndReason.SILENCE:
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
