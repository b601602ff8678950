"""Encoder passes on threads beside the decoder."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from streamer.decoding.encoder_pool import EncoderPool, Ready
from streamer.decoding.ragged import Encoded
from streamer.decoding.request import Request
from streamer.speech.hypothesis import EngineError


def request(frames: int) -> Request:
    return Request(np.zeros(160 * frames, np.float32), [])


def frames_of(request: Request) -> int:
    return len(request.samples) // 160


def encoded(request: Request) -> Encoded:
    return Encoded([], frames_of(request))


def all_of(crew: EncoderPool) -> list[Ready]:
    taken: list[Ready] = []
    while len(crew):
        taken += crew.take(None)
    return taken


def test_clips_come_out_as_they_went_in_where_one_pass_runs_at_a_time() -> None:
    crew = EncoderPool(encoded, 1)
    for key in range(20):
        crew.put(key, request(10 + key))
    assert [(one.key, one.encoded) for one in all_of(crew)] == [
        (key, Encoded([], 10 + key)) for key in range(20)
    ]


def test_as_many_passes_run_at_once_as_the_crew_is_large() -> None:
    together = threading.Barrier(3)
    running: list[int] = []

    def encode(request: Request) -> Encoded:
        running.append(frames_of(request))
        together.wait(5)
        return encoded(request)

    crew = EncoderPool(encode, 3)
    for key in range(6):
        crew.put(key, request(key))
    assert sorted(one.key for one in all_of(crew)) == [0, 1, 2, 3, 4, 5]
    assert sorted(running[:3]) == [0, 1, 2]


def test_taking_without_waiting_gives_nothing_while_a_pass_runs() -> None:
    may_end = threading.Event()

    def encode(request: Request) -> Encoded:
        may_end.wait(5)
        return encoded(request)

    crew = EncoderPool(encode, 1)
    crew.put(1, request(10))
    assert crew.take(0) == []
    assert len(crew) == 1
    may_end.set()
    assert [one.key for one in crew.take(None)] == [1]
    assert len(crew) == 0


def test_a_dropped_clip_is_never_encoded_and_one_in_its_pass_is_never_given() -> None:
    begun, may_end = threading.Event(), threading.Event()
    seen: list[int] = []

    def encode(request: Request) -> Encoded:
        seen.append(frames_of(request))
        begun.set()
        may_end.wait(5)
        return encoded(request)

    crew = EncoderPool(encode, 1)
    for key in range(3):
        crew.put(key, request(key))
    begun.wait(5)
    crew.drop(0)
    crew.drop(1)
    may_end.set()
    assert [one.key for one in all_of(crew)] == [2]
    assert seen == [0, 2]


def test_nothing_in_flight_is_nothing_to_wait_for() -> None:
    assert EncoderPool(encoded, 1).take(None) == []


def test_what_encoding_raises_is_that_clips_end_and_no_others() -> None:
    def encode(_: Request) -> Encoded:
        raise RuntimeError("no memory")

    crew = EncoderPool(encode, 2)
    crew.put(1, request(10))
    (failed,) = crew.take(None)
    assert failed.encoded == EngineError("no memory")
    crew.put(2, request(20))
    assert [one.key for one in all_of(crew)] == [2]


def test_one_thread_encodes_clip_after_clip() -> None:
    seen: set[int] = set()

    def encode(request: Request) -> Encoded:
        seen.add(threading.get_ident())
        return encoded(request)

    crew = EncoderPool(encode, 1)
    for key in range(5):
        crew.put(key, request(10))
        all_of(crew)
    assert len(seen) == 1


def test_crews_that_are_idle_for_long_have_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.decoding.encoder_pool.IDLE_S", 0.05)
    crew = EncoderPool(encoded, 2)
    for key in range(4):
        crew.put(key, request(10))
    threads = [thread for thread in threading.enumerate() if thread.name == "encoder"]
    all_of(crew)
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_closing_waits_for_the_pass_in_progress_and_starts_no_other() -> None:
    began, ended = threading.Event(), list[int]()

    def encode(request: Request) -> Encoded:
        began.set()
        time.sleep(0.1)
        ended.append(frames_of(request))
        return encoded(request)

    crew = EncoderPool(encode, 1)
    crew.put(0, request(10))
    crew.put(1, request(20))
    assert began.wait(5)
    crew.close()
    assert ended == [10]
