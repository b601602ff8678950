"""What holds of a session whatever is said, however it is cut and whatever the engine does."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session.driver import FRAME_S, driver
from sounds import pcm, room, silence, voice

from streamer.dispatch.job import JobKind
from streamer.session.events import (
    Done,
    Final,
    Partial,
    SpeechStarted,
)
from streamer.turns.endpointing import SETTLED_MS

splits = st.lists(st.integers(0, 20_000), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    splits,
    st.sampled_from([8000, 16000, 44100]),
    st.sampled_from(["pcm_s16le", "pcm_f32le"]),
    st.integers(1, 2),
)
def test_any_split_of_the_same_bytes_gives_the_same_outputs(
    sizes: list[int], rate: int, encoding: str, channels: int
) -> None:
    samples = np.concatenate([silence(0.3), voice(1.0), silence(0.8), voice(0.5)])
    samples = np.stack([np.roll(samples, 9000 * channel) for channel in range(channels)], axis=1)
    data = pcm(samples) if encoding == "pcm_s16le" else samples.astype("<f4").tobytes()
    chosen = {"encoding": encoding, "sample_rate": rate, "channels": channels}
    whole = driver(answering=False, **chosen)
    split = driver(answering=False, **chosen)
    whole.feed(data, [])
    split.feed(data, sizes)
    for stream in (whole, split):
        stream.take(stream.session.stop())
        for job in list(stream.jobs):
            stream.answer(job)
    assert whole.events == split.events
    assert [(job.key, job.kind, job.end) for job in whole.jobs] == [
        (job.key, job.kind, job.end) for job in split.jobs
    ]
    for one, other in zip(whole.jobs, split.jobs, strict=True):
        assert np.array_equal(one.clip.pcm, other.clip.pcm)


sounds = st.tuples(
    st.sampled_from(["voice", "silence", "room"]), st.sampled_from([0.1, 0.25, 0.49, 1.0, 1.5])
)
pieces = st.lists(sounds, max_size=6)
answers = st.lists(st.integers(0, 50), max_size=40)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces, answers, st.integers(0, 8), st.sampled_from(["webrtc", "off"]))
def test_every_start_has_one_final_in_order_whatever_the_engine_does(
    sounds: list[tuple[str, float]], order: list[int], flush_at: int, vad: str
) -> None:
    makers = {"voice": voice, "silence": silence, "room": room}
    stream = driver(answering=False, vad=vad, max_utterance_s=1.5)
    for at, (kind, seconds) in enumerate(sounds):
        stream.feed(pcm(makers[kind](seconds)))
        if at == flush_at:
            stream.take(stream.session.flush("f"))
    stream.take(stream.session.stop())
    waiting = list(stream.jobs)
    for pick in order:
        if waiting:
            stream.answer(waiting.pop(pick % len(waiting)))
    for job in waiting:
        if job.kind is JobKind.FINAL and len(job.clip.pcm) % 3 == 0:
            stream.take(stream.session.fail(job, "broken"))
        else:
            stream.answer(job)
    started = [event.utterance for event in stream.of(SpeechStarted)]
    finals = stream.of(Final)
    assert started == [final.utterance for final in finals] == list(range(len(finals)))
    assert isinstance(stream.events[-1], Done)
    for before, after in itertools.pairwise(finals):
        assert before.end <= after.start
    for final in finals:
        at = stream.events.index(final)
        assert not any(
            isinstance(event, Partial) and event.utterance == final.utterance
            for event in stream.events[at:]
        )
    if vad == "off" and finals:  # together they are the stream, but for what it may end with
        assert finals[0].start == 0
        assert all(before.end == after.start for before, after in itertools.pairwise(finals))
        left_out = stream.of(Done)[0].audio - finals[-1].end
        assert left_out + FRAME_S / 2 >= 0
        assert left_out <= SETTLED_MS / 1000 + FRAME_S
