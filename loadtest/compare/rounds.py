"""Turns and tables: who was how fast, in the same round as the others, and who said the same."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from loadtest.compare.contestants import Contestant
from loadtest.run.wer.scoring import compared
from streamer.speech.clip import Clip

Result = TypeVar("Result")
OURS = "streamer"


@dataclass(slots=True)
class Track:
    """What one contestant did: RTFx of each round, seconds of each clip alone, its texts."""

    contestant: Contestant
    rtfx: list[float] = field(default_factory=list[float])
    alone_s: list[float] = field(default_factory=list[float])
    texts: list[str] = field(default_factory=list[str])


def choose(contestants: Sequence[Contestant], audio_s: float) -> list[Contestant]:
    """Try every variant twice, the first time to warm it up; return each peer's fastest."""
    speeds: dict[str, list[tuple[float, Contestant]]] = {}
    for one in contestants:
        one.everything()
        seconds, _ = _timed(one.everything)
        speeds.setdefault(one.peer, []).append((audio_s / seconds, one))
    return [max(tried, key=lambda pair: pair[0])[1] for tried in speeds.values()]


def run_rounds(
    contestants: Sequence[Contestant], clips: Sequence[Clip], audio_s: float, rounds: int
) -> list[Track]:
    """Let everyone do everything once a round, each round beginning with another."""
    tracks = [Track(one) for one in contestants]
    for number in range(rounds):
        first = number % len(tracks)
        for track in tracks[first:] + tracks[:first]:
            seconds, track.texts = _timed(track.contestant.everything)
            track.rtfx.append(audio_s / seconds)
            for clip in clips:
                seconds, _ = _timed(partial(track.contestant.alone, clip))
                track.alone_s.append(seconds)
    return tracks


def report(
    tracks: Sequence[Track], reference: Sequence[str], said: str = ""
) -> list[dict[str, object]]:
    """Medians; ratios are medians of the rounds' ratios.

    Texts are compared with a reference, unless they are cut otherwise, and word errors counted
    against what is `said` in it all, where that is known.
    """
    ours = next(track for track in tracks if track.contestant.peer == OURS)
    lines: list[dict[str, object]] = []
    for track in tracks:
        ratios = [mine / other for mine, other in zip(ours.rtfx, track.rtfx, strict=True)]
        line: dict[str, object] = {
            "peer": track.contestant.peer,
            "variant": track.contestant.variant,
            "rtfx": round(statistics.median(track.rtfx), 1),
            "ours_over_it": round(statistics.median(ratios), 2),
            "alone_ms_p50": round(1000 * statistics.median(track.alone_s), 1),
            "alone_ms_p95": round(1000 * _p95(track.alone_s), 1),
            "characters": sum(map(len, track.texts)),
        }
        if len(track.texts) == len(reference):
            line["equal_texts"] = round(share_of_equals(track.texts, reference), 3)
        if said:
            line["wer"] = round(compared(said, " ".join(track.texts)).percent, 2)
        lines.append(line)
    return lines


def share_of_equals(texts: Sequence[str], reference: Sequence[str]) -> float:
    """Share of texts that are the reference's. Raises ValueError where their number differs."""
    pairs = list(zip(texts, reference, strict=True))
    return sum(one == other for one, other in pairs) / max(1, len(pairs))


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
