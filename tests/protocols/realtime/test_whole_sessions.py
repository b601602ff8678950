"""Whatever is heard, committed and changed in whatever order, what is told is consistent."""

from __future__ import annotations

import base64
import itertools
import json
from collections import Counter
from dataclasses import replace
from typing import Any

from carrying import Carrier
from engines import CountingEngine
from hosts import a_host
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sounds import pcm, silence, voice

from streamer.protocols.realtime.dialect import RealtimeDialect

# The model hears two seconds at a time, so that the limit cuts often.
HOST = a_host(replace(CountingEngine().info, max_seconds=2.0))


def event(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def update(**audio_input: Any) -> str:
    return event("session.update", session={"audio": {"input": audio_input}})


MESSAGES = {
    "commit": event("input_audio_buffer.commit"),
    "clear": event("input_audio_buffer.clear"),
    "by hand": update(turn_detection=None),
    "by voice": update(turn_detection={"type": "server_vad", "silence_duration_ms": 300}),
    "language": update(transcription={"language": "de"}),
    "rate": update(format={"type": "audio/pcm", "rate": 8_000}),
}
SOUNDS = {"voice": voice, "silence": silence}

steps = st.one_of(
    st.tuples(st.sampled_from(list(SOUNDS)), st.sampled_from([0.05, 0.3, 0.7, 1.6, 2.9])),
    st.tuples(st.sampled_from(list(MESSAGES)), st.none()),
    st.tuples(st.just("answer"), st.none() | st.integers(0, 9)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=14))
def test_every_item_is_told_once_in_order_and_its_deltas_are_its_transcript(
    script: list[tuple[str, Any]],
) -> None:
    carrier = Carrier(RealtimeDialect(HOST))
    carrier.send(update(format={"type": "audio/pcm", "rate": 16_000}))
    for what, much in script:
        if what in SOUNDS:
            audio = base64.b64encode(pcm(SOUNDS[what](much))).decode()
            carrier.send(event("input_audio_buffer.append", audio=audio))
        elif what == "answer":
            carrier.answer(much)
        else:
            carrier.send(MESSAGES[what])
    carrier.send(event("input_audio_buffer.commit"))
    carrier.answer()

    told = [json.loads(text) for text in carrier.said]
    assert [one["event_id"] for one in told] == [f"event_s_{n + 1}" for n in range(len(told))]
    kinds = Counter(one["type"].rpartition(".")[2] for one in told)
    committed = [one for one in told if one["type"] == "input_audio_buffer.committed"]
    completed = [one for one in told if one["type"].endswith(".completed")]
    items = [one["item_id"] for one in committed]
    assert [one["item_id"] for one in completed] == items
    assert len(set(items)) == len(items) == kinds["added"] == kinds["done"]
    assert [one["previous_item_id"] for one in committed] == [None, *items[:-1]][: len(items)]
    starts = [one for one in told if "audio_start_ms" in one]
    stops = [one for one in told if "audio_end_ms" in one]
    assert {one["item_id"] for one in stops} <= {one["item_id"] for one in starts}
    ends = {one["item_id"]: one["audio_end_ms"] for one in stops}
    for before, after in itertools.pairwise(starts):
        assert ends.get(before["item_id"], 0) <= after["audio_start_ms"]
    done: set[str] = set()
    for one in told:
        if one["type"].endswith(".delta"):
            assert one["item_id"] not in done
        if one["type"].endswith(".completed"):
            done.add(one["item_id"])
    for one in completed:
        deltas = [
            other["delta"]
            for other in told
            if other["type"].endswith(".delta") and other["item_id"] == one["item_id"]
        ]
        told_before, transcript = "".join(deltas), one["transcript"]
        # A cut takes words back from the piece before it; what was told then stands alone.
        assert told_before == transcript or not transcript.startswith(told_before)
