"""Whatever is heard, in whatever pieces, Deepgram's results are consistent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from carrying import Carrier
from hosts import a_host
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sounds import pcm, silence, voice

from streamer.protocols.deepgram.dialect import DeepgramDialect
from streamer.protocols.deepgram.options import parse_options

HOST = a_host()
QUERY = {
    "encoding": "linear16",
    "sample_rate": "16000",
    "interim_results": "true",
    "vad_events": "true",
    "utterance_end_ms": "700",
}
SOUNDS = {"voice": voice, "silence": silence}

steps = st.one_of(
    st.tuples(st.sampled_from(list(SOUNDS)), st.sampled_from([0.1, 0.3, 0.7, 1.6])),
    st.tuples(st.just("Finalize"), st.none()),
    st.tuples(st.just("answer"), st.none() | st.integers(0, 9)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=14))
def test_results_are_in_order_every_finalize_is_answered_and_metadata_is_last(
    script: list[tuple[str, Any]],
) -> None:
    options = parse_options(list(QUERY.items()), HOST)
    carrier = Carrier(DeepgramDialect(options, HOST, datetime(2026, 1, 1, tzinfo=UTC)))
    for what, much in script:
        if what in SOUNDS:
            carrier.send(pcm(SOUNDS[what](much)))
        elif what == "answer":
            carrier.answer(much)
        else:
            carrier.send('{"type":"Finalize"}')
    carrier.send('{"type":"CloseStream"}')
    carrier.answer()

    told = [json.loads(text) for text in carrier.said]
    assert carrier.closed is not None
    assert [one["type"] for one in told].count("Metadata") == 1
    assert told[-1]["type"] == "Metadata"
    finals = [one for one in told if one["type"] == "Results" and one["is_final"]]
    finalized = [one for one in finals if one["from_finalize"]]
    assert len(finalized) == sum(what == "Finalize" for what, _ in script)
    spoken = [one for one in finals if one["duration"] > 0]
    assert [one["start"] for one in spoken] == sorted(one["start"] for one in spoken)
    assert len([one for one in told if one["type"] == "SpeechStarted"]) == len(spoken)
    ends = [one["last_word_end"] for one in told if one["type"] == "UtteranceEnd"]
    assert ends == sorted(set(ends))
    assert len(ends) <= len(spoken)
