"""What of Deepgram's query is honoured, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hosts import a_host
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.protocols.deepgram.options import Options, parse_options
from streamer.protocols.door import Host, RefusalError

HOST = a_host()

PIPECAT = (
    "channels=1&detect_entities=false&diarize=false&dictation=false&encoding=linear16"
    "&interim_results=true&language=en&model=nova-3-general&multichannel=false&numerals=false"
    "&punctuate=true&sample_rate=16000&smart_format=false"
)
LIVEKIT = (
    "model=nova-3&punctuate=true&smart_format=false&no_delay=true&interim_results=true"
    "&encoding=linear16&vad_events=true&sample_rate=16000&channels=1&endpointing=25"
    "&filler_words=true&profanity_filter=false&numerals=false&mip_opt_out=false&language=en"
)
PLAIN = "encoding=linear16&sample_rate=16000"


def options(query: str, host: Host = HOST) -> Options:
    return parse_options(parse_qsl(query, keep_blank_values=True), host)


@pytest.mark.parametrize("query", [PIPECAT, LIVEKIT])
def test_the_frameworks_get_what_they_ask_for(query: str) -> None:
    asked = options(query)
    settings = asked.settings
    assert (settings.language, settings.sample_rate, settings.punctuation) == ("en", 16_000, True)
    assert asked.interim_results
    assert asked.settings.partials
    assert asked.vad_events == (query == LIVEKIT)
    assert asked.utterance_end_s is None


@pytest.mark.parametrize(
    ("asked", "silence_ms", "ends_speech"),
    [
        ("", 300, True),
        ("&endpointing=10", 300, True),
        ("&endpointing=true", 300, True),
        ("&endpointing=500", 500, True),
        ("&endpointing=99999", 3000, True),
        ("&endpointing=false", 600, False),
    ],
)
def test_silence_is_bounded_by_what_suits_the_model(
    asked: str, silence_ms: int, ends_speech: bool
) -> None:
    found = options(PLAIN + asked)
    assert found.settings.endpoint_silence_ms == silence_ms
    assert found.endpointing == ends_speech


@pytest.mark.parametrize("code", ["de", "de-AT", "DE_at", "de-Latn-CH"])
def test_a_language_may_be_named_with_its_region(code: str) -> None:
    assert options(f"{PLAIN}&language={code}").settings.language == "de"


def test_telephony_needs_no_rate() -> None:
    settings = options("encoding=mulaw").settings
    assert (settings.encoding, settings.sample_rate) == ("mulaw", 8000)


def test_words_are_asked_of_a_model_that_can_time_them() -> None:
    timing = replace(HOST, info=replace(HOST.info, word_timings=True))
    assert options(PLAIN, timing).settings.words
    assert not options(PLAIN).settings.words


def test_without_formatting_the_text_is_plain() -> None:
    assert not options(PLAIN).settings.punctuation
    assert options(PLAIN + "&smart_format=true").settings.punctuation


@pytest.mark.parametrize(
    ("query", "option"),
    [
        ("encoding=g729&sample_rate=8000", "encoding"),
        ("encoding=linear16", "sample_rate"),
        ("encoding=linear16&sample_rate=fast", "sample_rate"),
        ("encoding=linear16&sample_rate=4000", "sample_rate"),
        (PLAIN + "&channels=0", "channels"),
        (PLAIN + "&channels=9", "channels"),
        (PLAIN + "&language=tlh", "language"),
        (PLAIN + "&language=multi", "language"),
        (PLAIN + "&endpointing=soon", "endpointing"),
        (PLAIN + "&utterance_end_ms=-1", "utterance_end_ms"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(query: str, option: str) -> None:
    with pytest.raises(RefusalError, match=f"^{option}: ") as refused:
        options(query)
    assert (refused.value.status, refused.value.setting) == (400, option)


names = st.sampled_from(
    ["encoding", "sample_rate", "channels", "language", "endpointing", "utterance_end_ms", "x"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(names, st.text(max_size=12))))
def test_any_query_is_taken_or_refused(query: list[tuple[str, str]]) -> None:
    try:
        parse_options([*parse_qsl(PLAIN), *query], HOST)
    except RefusalError as refused:
        assert refused.status == 400  # noqa: PT017 - both outcomes are right


def test_milliseconds_have_nine_digits_at_most() -> None:
    assert options(f"{PLAIN}&endpointing=999999999").endpointing
    with pytest.raises(RefusalError, match="not a number of milliseconds"):
        options(f"{PLAIN}&endpointing=1000000000")


@pytest.mark.parametrize(
    ("query", "encoding"),
    [
        ("", "container"),
        ("model=nova-3&language=en", "container"),
        ("encoding=opus", "opus"),
        ("encoding=opus&sample_rate=48000", "opus"),
        ("encoding=ogg-opus", "container"),
        ("encoding=flac&sample_rate=44100", "container"),
        ("encoding=amr-nb&sample_rate=8000", "amr_nb"),
        ("encoding=amr-wb&sample_rate=16000", "amr_wb"),
    ],
)
def test_compressed_audio_says_its_rate_itself(query: str, encoding: str) -> None:
    assert options(query).settings.encoding == encoding
