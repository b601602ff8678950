"""Addresses, forms, answers, the circuit and the pace of upstreams, without a socket."""

from __future__ import annotations

import re
import wave
from io import BytesIO

import numpy as np
import pytest
from hosts import a_host
from hypothesis import given
from hypothesis import strategies as st

from streamer.engines.upstream.address import parse_upstream
from streamer.engines.upstream.answer import Fault, read
from streamer.engines.upstream.busy import BusyTime
from streamer.engines.upstream.circuit import FAILURES, PROBE_S, WAITS_S, Circuit
from streamer.engines.upstream.loading import Wanted, serving
from streamer.engines.upstream.pace import Latency
from streamer.engines.upstream.profiles import PROFILES
from streamer.engines.upstream.request import form, wav
from streamer.models.errors import ModelError
from streamer.session.settings import InvalidSettingError
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import EngineError, Hypothesis
from streamer.speech.options import DecodeOptions

COHERE, QWEN = PROFILES["vllm-cohere"], PROFILES["vllm-qwen3"]
EN = DecodeOptions("en")


def a_clip(language: str = "en", seconds: float = 2.0) -> Clip:
    return Clip(np.zeros(int(16_000 * seconds), np.float32), DecodeOptions(language))


def test_an_address_names_its_kind_and_one_or_more_servers() -> None:
    found = parse_upstream("upstream:vllm-cohere+http://a:8000/v1/, https://b")
    assert found.profile is COHERE
    assert found.urls == ("http://a:8000/v1", "https://b/v1")
    plain = parse_upstream("upstream:http://a/api+x/v1")
    assert (plain.profile.name, plain.urls) == ("generic", ("http://a/api+x/v1",))


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("upstream:", "no http:// or https:// address: write upstream:PROFILE"),
        ("upstream:ftp://a", "no http"),
        ("upstream:http://a:x", "no http"),
        ("upstream:whisper+http://a", "'whisper' is no kind of upstream: there is vllm-cohere"),
        ("upstream:http://me:secret@a", "STREAMER_UPSTREAM_KEY"),
        ("upstream:http://a?key=secret", "STREAMER_UPSTREAM_KEY"),
        ("upstream:http://a,http://a/v1", "named twice"),
        ("upstream:nim+http://a,openai+http://b", "all upstreams must be of one kind"),
    ],
)
def test_any_other_is_refused_and_no_secret_repeated(model: str, told: str) -> None:
    with pytest.raises(ModelError, match=told) as caught:
        parse_upstream(model)
    assert "secret" not in str(caught.value)


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_a_clip_is_posted_to_the_last_bit(pcm: list[int]) -> None:
    samples = np.array(pcm, np.int16).astype(np.float32) / np.float32(32768)
    with wave.open(BytesIO(wav(samples))) as sound:
        assert sound.getparams()[:4] == (1, 2, 16_000, len(pcm))
        assert np.frombuffer(sound.readframes(99), "<i2").tolist() == pcm


def test_each_kind_is_asked_in_its_own_words() -> None:
    assert form(a_clip("de"), COHERE, "m")["language"] == "de"
    assert form(a_clip(seconds=30.0), COHERE, "m")["max_completion_tokens"] == "256"
    assert "language" not in form(a_clip("yue"), QWEN, "m")
    assert form(a_clip(), PROFILES["nim"], "m")["language"] == "en-US"
    assert "max_completion_tokens" not in form(a_clip(), PROFILES["openai"], "m")
    assert form(a_clip(), PROFILES["streamer"], "m")["chunking_strategy"] == "none"


def test_no_kind_is_sent_a_prompt() -> None:
    """vLLM ignores it for one model and not for another, and may change its mind."""
    for profile in PROFILES.values():
        assert "prompt" not in form(a_clip(), profile, "m")


def test_a_language_that_the_server_takes_and_the_model_never_learnt_is_refused() -> None:
    info = serving("http://a", [{"id": "m"}], COHERE, Wanted()).info
    host = a_host(info)
    assert host.stream_settings({"language": "de-AT"}).language == "de"
    with pytest.raises(InvalidSettingError, match="language"):
        host.stream_settings({"language": "ru"})
    with pytest.raises(InvalidSettingError, match="words"):
        host.stream_settings({"words": True})


def test_languages_are_the_profiles_or_the_servers_or_chosen() -> None:
    def languages(kind: str, wanted: tuple[str, ...] = (), **told: object) -> tuple[str, ...]:
        models = [{"id": "m", **told}]
        return serving("http://a", models, PROFILES[kind], Wanted(languages=wanted)).info.languages

    assert languages("vllm-cohere")[0] == "en"
    assert languages("streamer", languages=["de", "en"]) == ("de", "en")
    assert languages("generic") == ("en",)
    assert languages("nim", ("de", "en")) == ("de", "en")
    with pytest.raises(ModelError, match="'fr' is none of streamer's: de"):
        languages("streamer", ("fr",), languages=["de"])


def test_a_text_has_no_confidence_and_no_tokens() -> None:
    body = b'{"text":" It works,  he said. ","usage":{"type":"duration","seconds":11}}'
    assert read(200, "", body, COHERE, EN).outcome == Hypothesis("It works, he said.", (), None)
    plain = DecodeOptions("en", punctuation=False)
    assert read(200, "", body, COHERE, plain).outcome == Hypothesis("It works he said", (), None)


def test_the_language_that_qwen_detects_is_no_part_of_the_text() -> None:
    body = b'{"text":"language Cantonese<asr_text>hello"}'
    assert read(200, "", body, QWEN, EN).outcome == Hypothesis("hello", (), None)


@pytest.mark.parametrize(
    ("status", "body", "fault", "away", "told"),
    [
        (400, b'{"error":{"message":"No such code","code":400}}', Fault.CLIP, False, "No such"),
        (401, b'{"error":"Unauthorized"}', Fault.REFUSED, True, "401: Unauthorized"),
        (404, b'{"error":{"message":"no model"}}', Fault.REFUSED, True, "no model"),
        (422, b'{"detail":[1]}', Fault.CLIP, False, "422"),
        (429, b"", Fault.BUSY, True, "429: nothing"),
        (500, b"<html>\n\x1b[31m", Fault.SERVER, False, r"500: <html> \[31m"),
        (502, b"", Fault.SERVER, True, "502"),
        (503, b"loading", Fault.BUSY, True, "loading"),
        (307, b"", Fault.SERVER, False, "307"),
    ],
)
def test_whose_fault_it_is(status: int, body: bytes, fault: Fault, away: bool, told: str) -> None:
    answer = read(status, "", body, COHERE, EN)
    assert answer.fault is fault
    assert isinstance(answer.outcome, EngineError)
    assert answer.outcome.away is away
    assert re.search(told, answer.outcome.message)


def test_a_server_is_left_alone_for_as_long_as_it_asks_within_reason() -> None:
    holds = [read(429, asked, b"", COHERE, EN).hold_s for asked in ("7", "9999", "soon", "")]
    assert holds == [7, 30, 1, 1]


@given(st.integers(100, 599), st.text(max_size=5), st.binary(max_size=60))
def test_no_answer_does_harm(status: int, retry_after: str, body: bytes) -> None:
    read(status, retry_after, body, QWEN, EN)


def test_the_circuit_opens_after_failures_in_a_row_and_closes_with_an_answer() -> None:
    circuit = Circuit()
    for _ in range(FAILURES - 1):
        circuit.failed()
    circuit.succeeded(0.0)
    for _ in range(FAILURES):
        assert circuit.allows(0.0)
        circuit.failed()
    assert not circuit.allows(0.0)
    waits: list[float] = []
    for _ in range(len(WAITS_S) + 1):
        waits.append(circuit.probe_in_s(0.0))
        circuit.probed_in_vain()
    assert waits == [*WAITS_S, WAITS_S[-1]]
    circuit.succeeded(9.0)
    assert circuit.allows(9.0)
    assert circuit.probe_in_s(10.0) == PROBE_S - 1


def test_one_that_refuses_a_key_gets_nothing_more() -> None:
    circuit = Circuit()
    circuit.failed(at_once=True)
    assert circuit.is_open


def test_one_that_asks_for_patience_is_not_broken() -> None:
    circuit = Circuit()
    circuit.hold(5.0)
    assert (circuit.allows(4.9), circuit.is_open, circuit.allows(5.0)) == (False, False, True)


def test_partials_and_patience_stretch_with_what_answers_take() -> None:
    latency = Latency()
    assert (latency.partial_every_s, latency.timeout_s) == (0.7, 30)
    latency.took(0.1)
    assert (latency.partial_every_s, latency.timeout_s) == (0.7, 5)
    for _ in range(100):
        latency.took(2.0)
    assert latency.partial_every_s == pytest.approx(4.0, abs=0.01)
    assert latency.timeout_s == pytest.approx(20, abs=0.01)


def test_half_of_the_places_for_a_second_is_half_a_second() -> None:
    busy = BusyTime(4, now=10.0)
    busy.change(11.0, 2)
    assert busy.until(12.0) == 0.5
    busy.change(12.0, 4)
    assert busy.until(13.0) == 1.5
