"""The query of Flux: what is honoured, and what is refused before the upgrade."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from engines import CountingEngine
from hosts import a_host
from toy_turns import INFO

from streamer.protocols.door import RefusalError
from streamer.protocols.flux.options import Options, parse_options
from streamer.protocols.flux.thresholds import Thresholds
from streamer.turns.waits import TurnPolicy

HOST = a_host(turns=INFO)

# As the clients wrote them: deepgram-sdk 7.17.0, pipecat 1.14.0, livekit-plugins-deepgram 1.8.9.
SDK = (
    "model=flux-general-en&encoding=linear16&sample_rate=16000&eager_eot_threshold=0.5"
    "&eot_threshold=0.8&eot_timeout_ms=5000&keyterm=streamer&keyterm=living+room&tag=a"
)
PIPECAT = "model=flux-general-en&sample_rate=16000&encoding=linear16&eager_eot_threshold=0.5"
LIVEKIT = PIPECAT + "&mip_opt_out=false&keyterm=streamer"
PLAIN = "model=flux-general-en&encoding=linear16&sample_rate=16000"
MULTI = PLAIN.replace("-en", "-multi")


def options(query: str) -> Options:
    return parse_options(parse_qsl(query, keep_blank_values=True), HOST)


@pytest.mark.parametrize("query", [SDK, PIPECAT, LIVEKIT])
def test_what_clients_send_is_taken(query: str) -> None:
    taken = options(query)
    assert (taken.settings.encoding, taken.settings.sample_rate) == ("pcm_s16le", 16_000)
    assert taken.thresholds.eager == 0.5
    assert taken.hints is None


def test_thresholds_become_waits() -> None:
    assert options(SDK).thresholds == Thresholds(0.8, 0.5, 5000)
    assert options(SDK).settings.turn_policy == TurnPolicy(0.2, 600, 1500)
    assert options(PLAIN).settings.turn_policy == TurnPolicy(0.2, 500, 1000)
    assert options(SDK).keyterms == ("streamer", "living room")


@pytest.mark.parametrize(
    ("query", "encoding"),
    [
        ("model=flux-general-en", "container"),
        ("model=flux-general-en&encoding=ogg-opus", "container"),
        (PLAIN.replace("linear16", "opus"), "opus"),
    ],
)
def test_compressed_audio_says_its_rate_itself(query: str, encoding: str) -> None:
    settings = options(query).settings
    assert (settings.encoding, settings.sample_rate) == (encoding, 16_000)


def test_without_a_turn_model_every_turn_gets_the_longer_wait() -> None:
    settings = parse_options(parse_qsl(SDK), a_host()).settings
    assert settings.turn_policy is None
    assert settings.endpoint_silence_ms == 1500


def test_languages_are_those_of_the_model_or_hinted() -> None:
    assert options(PLAIN).settings.language == "en"
    hinted = options(MULTI + "&language_hint=de&language_hint=en-US")
    assert hinted.hints == ("de", "en")
    assert hinted.settings.language == "de"
    assert options(MULTI).hints == ()


@pytest.mark.parametrize(
    ("query", "setting"),
    [
        ("encoding=linear16&sample_rate=16000", "model"),
        (PLAIN.replace("flux-general-en", "nova-3"), "model"),
        ("model=flux-general-en&sample_rate=16000", "encoding"),
        (PLAIN.replace("linear16", "mp3"), "encoding"),
        ("model=flux-general-en&encoding=linear16", "sample_rate"),
        (PLAIN.replace("16000", "4000"), "sample_rate"),
        (PLAIN + "&eot_threshold=0.49", "eot_threshold"),
        (PLAIN + "&eot_threshold=1.01", "eot_threshold"),
        (PLAIN + "&eager_eot_threshold=0.8", "eager_eot_threshold"),
        (PLAIN + "&eot_timeout_ms=soon", "eot_timeout_ms"),
        (PLAIN + "&redact=pii", "redact"),
        (PLAIN + "&numerals=perhaps", "numerals"),
        (PLAIN + "&keyterm=a" * 101, "keyterm"),
        (MULTI + "&language_hint=", "language_hint"),
        (MULTI + "&language_hint=fr", "language_hint"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(query: str, setting: str) -> None:
    with pytest.raises(RefusalError) as refused:
        options(query)
    assert (refused.value.status, refused.value.setting) == (400, setting)
    assert setting in refused.value.message


def test_a_model_without_english_is_no_flux_general_en() -> None:
    host = a_host(replace(CountingEngine().info, languages=("de",)), turns=INFO)
    with pytest.raises(RefusalError, match="has no en"):
        parse_options(parse_qsl(PLAIN), host)
