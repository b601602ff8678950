"""A recording gives the same events again, or the first difference is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engines import CountingEngine, words_of
from recording.recordings import record_into
from vad.networks import LoudNetwork

from streamer.recording.entries import Gave
from streamer.recording.lines import read_recording
from streamer.recording.replay import Difference, Replay
from streamer.session.events import Final, Partial
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import Hypothesis


def replayed(file: Path, engine: CountingEngine) -> tuple[Difference | None, Replay]:
    with read_recording(file) as (header, entries):
        replay = Replay(header, engine, max_batch=8)
        return replay.run(entries), replay


def changed(file: Path, wanted: Callable[[dict[str, Any]], bool], **fields: object) -> int:
    """Change the value of the first line that is wanted; returns its number."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    number = next(n for n, line in enumerate(lines, 1) if wanted(line))
    value = lines[number - 1]["value"]
    for path, new in fields.items():
        *way, last = path.split("__")
        target = value
        for step in way:
            target = target[step]
        assert target[last] != new
        target[last] = new
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return number


async def test_what_a_detector_outside_the_session_found_is_recorded(tmp_path: Path) -> None:
    """So a replay needs no detector; one that found something else is a difference."""
    file, events = await record_into(tmp_path, CountingEngine(), LoudNetwork())
    assert {type(event) for event in events} > {Partial, Final}
    difference, replay = replayed(file, CountingEngine())
    assert difference is None
    assert replay.tally.events == len(events)
    changed(file, lambda line: line.get("took") == "Detected", probabilities=[[0.0] * 99])
    difference, _ = replayed(file, CountingEngine())
    assert difference is not None
    assert difference.replayed == "other frames were to be judged"


async def test_a_recording_gives_the_same_events(tmp_path: Path) -> None:
    file, events = await record_into(tmp_path, CountingEngine())
    with read_recording(file) as (_, entries):
        assert [entry.event for _, entry in entries if isinstance(entry, Gave)] == events
    assert {type(event) for event in events} > {Partial, Final}
    difference, replay = replayed(file, CountingEngine())
    assert difference is None
    assert replay.tally.events == len(events)
    assert replay.tally.hypotheses >= 3


async def test_what_the_engine_failed_at_is_repeated_as_it_was(tmp_path: Path) -> None:
    engine = CountingEngine()
    engine.failures = 8
    file, events = await record_into(tmp_path, engine)
    assert any(isinstance(event, Final) and not event.text for event in events)
    difference, _ = replayed(file, CountingEngine())
    assert difference is None


async def test_an_event_that_is_not_as_it_was_is_the_first_difference(tmp_path: Path) -> None:
    file, _ = await record_into(tmp_path, CountingEngine())
    line = changed(file, lambda one: one.get("gave") == "Final", end=3.14)
    difference, _ = replayed(file, CountingEngine())
    assert difference is not None
    assert difference.line == line
    assert isinstance(difference.recorded, Final)
    assert isinstance(difference.replayed, Final)
    assert (difference.recorded.end, difference.replayed.text) == (3.14, difference.recorded.text)


async def test_an_event_that_is_missing_is_a_difference(tmp_path: Path) -> None:
    file, _ = await record_into(tmp_path, CountingEngine())
    lines = file.read_bytes().splitlines(keepends=True)
    missing = next(n for n, line in enumerate(lines) if b'"gave":"SpeechEnded"' in line)
    del lines[missing]
    file.write_bytes(b"".join(lines))
    difference, _ = replayed(file, CountingEngine())
    assert difference is not None
    assert difference.line == missing + 1


async def test_an_event_too_many_is_a_difference(tmp_path: Path) -> None:
    file, _ = await record_into(tmp_path, CountingEngine())
    lines = file.read_bytes().splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if b'"gave":"SpeechStarted"' in line)
    lines.insert(first, lines[first])
    file.write_bytes(b"".join(lines))
    difference, _ = replayed(file, CountingEngine())
    assert difference is not None
    assert (difference.line, difference.replayed) == (first + 2, None)


class DeafEngine(CountingEngine):
    """Hears one word in everything."""

    def step(self) -> list[tuple[int, Hypothesis]]:
        return [(key, Hypothesis("what", (1,), 0.5)) for key, _ in super().step()]


class BrokenEngine(CountingEngine):
    """Takes no clip."""

    def join(self, key: int, clip: Clip) -> None:
        raise RuntimeError("no device")


async def test_an_engine_that_hears_something_else_is_a_difference(tmp_path: Path) -> None:
    file, _ = await record_into(tmp_path, CountingEngine())
    difference, _ = replayed(file, DeafEngine())
    assert difference is not None
    assert isinstance(difference.recorded, Hypothesis)
    assert difference.replayed == Hypothesis("what", (1,), 0.5)


async def test_an_engine_that_fails_is_a_difference(tmp_path: Path) -> None:
    file, _ = await record_into(tmp_path, CountingEngine())
    difference, _ = replayed(file, BrokenEngine())
    assert difference is not None
    assert difference.replayed == "the engine failed: no device"


class UnsureEngine(CountingEngine):
    """Hears the same, a little less sure."""

    def __init__(self, doubt: float) -> None:
        super().__init__()
        self.doubt = doubt

    def step(self) -> list[tuple[int, Hypothesis]]:
        sure = [(key, one, one.confidence or 0.0) for key, one in super().step()]
        return [(key, replace(one, confidence=was - self.doubt)) for key, one, was in sure]


@pytest.mark.parametrize(("doubt", "same"), [(0.0003, True), (0.1, False)])
async def test_confidence_may_differ_as_much_as_batches_make_it(
    tmp_path: Path, doubt: float, same: bool
) -> None:
    file, _ = await record_into(tmp_path, CountingEngine())
    difference, _ = replayed(file, UnsureEngine(doubt))
    assert (difference is None) == same


async def test_the_engine_is_asked_about_the_audio_that_the_session_cut(tmp_path: Path) -> None:
    asked: list[Clip] = []

    class Listening(CountingEngine):
        def join(self, key: int, clip: Clip) -> None:
            asked.append(clip)
            super().join(key, clip)

    file, events = await record_into(tmp_path, CountingEngine())
    replayed(file, Listening())
    finals = [event for event in events if isinstance(event, Final)]
    texts = {words_of(clip).text for clip in asked}
    assert {final.text for final in finals} <= texts


@pytest.mark.parametrize("field", ["channel", "utterance", "end"])
async def test_an_answer_that_nobody_asked_for_is_a_difference(tmp_path: Path, field: str) -> None:
    file, _ = await record_into(tmp_path, CountingEngine())
    line = changed(file, lambda one: one.get("took") == "Heard", **{f"job__{field}": 7})
    difference, _ = replayed(file, CountingEngine())
    assert difference is not None
    assert difference.line == line
    assert "nobody asked for" in str(difference.replayed)
