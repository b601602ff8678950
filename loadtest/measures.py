"""The measures of a load test, from the log of what each stream sent and received.

Final latency counts from the moment that the last voiced sample was sent in real time, as the
server's endpointing saw it; `beyond silence` is the part that the endpoint's silence is not to
blame for. Flicker is normalised erasure (Arivazhagan et al. 2020), in characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise, takewhile

import numpy as np

from streamer.protocols.native.messages import (
    Error,
    Final,
    Partial,
    Ready,
    ServerMessage,
    SpeechStarted,
)
from streamer.turns.endpointing import POST_ROLL_MS, PRE_ROLL_MS

POST_ROLL_S = POST_ROLL_MS / 1000

LAG_SAMPLES_PER_S = 10


@dataclass(slots=True)
class StreamLog:
    """What one stream saw; `began` is when its first sample was sent, in seconds."""

    began: float = 0.0
    received: list[tuple[float, ServerMessage]] = field(
        default_factory=list[tuple[float, ServerMessage]]
    )
    failure: str | None = None

    def add(self, now: float, message: ServerMessage) -> None:
        """Note a message and when it came."""
        self.received.append((now, message))

    @property
    def refused(self) -> bool:
        """Whether the server had no room for the stream."""
        return self.failure is not None and "HTTP 503" in self.failure

    @property
    def silence_s(self) -> float:
        """The endpoint silence in force."""
        for _, message in self.received:
            if isinstance(message, Ready):
                return float(message.settings["endpoint_silence_ms"]) / 1000
        return 0.0


@dataclass(slots=True)
class Samples:
    """Every single measurement, in seconds unless the name says otherwise."""

    final: list[float] = field(default_factory=list[float])
    beyond_silence: list[float] = field(default_factory=list[float])
    first_partial: list[float] = field(default_factory=list[float])
    partial_lag: list[float] = field(default_factory=list[float])
    erased_characters: int = 0
    final_characters: int = 0
    finals: int = 0
    late_or_lost: int = 0
    errors: int = 0
    failed_streams: int = 0


def measure(logs: list[StreamLog]) -> Samples:
    """Take the measures of all streams together."""
    samples = Samples()
    for log in logs:
        _measure_stream(log, samples)
    return samples


def percentiles(values: list[float]) -> dict[str, float | None]:
    """Summarise in milliseconds; None where nothing was measured."""
    if not values:
        return {"p50": None, "p95": None, "p99": None, "max": None}
    milliseconds = np.asarray(values) * 1000
    p50, p95, p99 = np.percentile(milliseconds, [50, 95, 99])
    return {
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "p99": round(float(p99), 1),
        "max": round(float(milliseconds.max()), 1),
    }


def _measure_stream(log: StreamLog, samples: Samples) -> None:
    if log.failure is not None:
        samples.failed_streams += 1
    started: dict[int, float] = {}
    partials: dict[int, list[tuple[float, Partial]]] = {}
    for now, message in log.received:
        match message:
            case SpeechStarted():
                started[message.utterance] = message.at
                partials[message.utterance] = []
            case Partial():
                if message.text and not partials[message.utterance]:
                    spoken = message.start + _pre_roll_of(message.start)
                    samples.first_partial.append(now - log.began - spoken)
                partials[message.utterance].append((now, message))
            case Final():
                _measure_final(log, now, message, partials[message.utterance], samples)
                started.pop(message.utterance, None)
            case Error():
                samples.errors += 1
            case _:
                pass
    samples.late_or_lost += len(started)


def _pre_roll_of(start: float) -> float:
    """Seconds between an utterance's start and its first voiced sample."""
    return min(PRE_ROLL_MS / 1000, start)


def _measure_final(
    log: StreamLog,
    now: float,
    final: Final,
    partials: list[tuple[float, Partial]],
    samples: Samples,
) -> None:
    samples.finals += 1
    if final.reason.by_silence:
        latency = now - (log.began + final.end - POST_ROLL_S)
        samples.final.append(latency)
        samples.beyond_silence.append(latency - log.silence_s)
    texts = [partial.text for _, partial in partials] + [final.text]
    for before, after in pairwise(texts):
        samples.erased_characters += len(before) - _common(before, after)
    samples.final_characters += len(final.text)
    samples.partial_lag += _lags(log.began, final, partials)


def _common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _lags(began: float, final: Final, partials: list[tuple[float, Partial]]) -> list[float]:
    """Audio sent minus the newest partial's end, ten times a second while there is speech."""
    if not partials:
        return []
    first = partials[0][0]
    last = began + final.end - POST_ROLL_S
    times = np.arange(first, last, 1 / LAG_SAMPLES_PER_S)
    arrived = np.array([now for now, _ in partials])
    ends = np.array([partial.end for _, partial in partials])
    newest = np.searchsorted(arrived, times, side="right") - 1
    return list(times - began - ends[newest])
