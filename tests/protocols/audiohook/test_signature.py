"""Signed requests: the example of AudioHook's documentation, and everything that may be wrong."""

from __future__ import annotations

import base64

import pytest
from audiohook_client import sign
from pydantic import SecretStr
from websockets.datastructures import Headers

from streamer.protocols.audiohook.signature import MAX_AGE_S, SKEW_S, check_signature
from streamer.protocols.door import Handshake, RefusalError, Signing

SECRET = "TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="
CREATED = 1_641_013_200
SIGNED = '"audiohook-organization-id" "audiohook-session-id" "audiohook-correlation-id" "x-api-key"'
PARAMETERS = (
    'keyid="SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl"'
    ';alg="hmac-sha256";created=1641013200;expires=3282026430'
)
EXAMPLE = {
    "Host": "audiohook.example.com",
    "Audiohook-Organization-Id": "d7934305-0972-4844-938e-9060eef73d05",
    "Audiohook-Session-Id": "30b0e395-84d3-4570-ac13-9a62d8f514c0",
    "Audiohook-Correlation-Id": "e160e428-53e2-487c-977d-96989bf5c99d",
    "X-API-KEY": "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh",
    "Signature-Input": f'sig1=("@request-target" "host" {SIGNED});{PARAMETERS}',
    "Signature": "sig1=:zupMJUMfd/kMuvKc5zhRyfJPE3jTROuz1S1hn8SCTpE=:",
}
TARGET = "/api/v1/voicebiometrics/ws"


def check(
    headers: dict[str, str], target: str = TARGET, now: float = CREATED + 1, public_url: str = ""
) -> None:
    handshake = Handshake("/audiohook", [], Headers(headers), [], target)
    ours = Signing(SecretStr(SECRET), public_url)
    assert check_signature(handshake, ours, now) is False, "the API key is still asked for"


def test_the_example_of_the_documentation_is_good() -> None:
    check(EXAMPLE)


def test_behind_a_proxy_the_public_address_counts() -> None:
    check(
        EXAMPLE | {"Host": "10.0.0.7:8000"},
        target="/voicebiometrics/ws",
        public_url="wss://audiohook.example.com/api/v1",
    )


def test_without_a_secret_signatures_are_not_looked_at() -> None:
    assert not check_signature(Handshake("/audiohook", [], Headers({}), []), Signing(), 0.0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"Audiohook-Session-Id": "another"}, "does not fit"),
        ({"Host": "audiohook.example.org"}, "does not fit"),
        ({"Signature": "sig1=:AAAA:"}, "does not fit"),
        ({"Signature": "sig1=:A:"}, "not base64"),
        ({"Signature": ""}, "needed"),
        ({"Signature": "sig2=:zupMJUMfd/kMuvKc5zhRyfJPE3jTROuz1S1hn8SCTpE=:"}, "needed"),
        ({"Signature-Input": ""}, "needed"),
        ({"Signature-Input": "sig1=nonsense"}, "needed"),
        ({"Signature-Input": f'sig1=("host" {SIGNED});{PARAMETERS}'}, "must cover"),
        ({"Signature-Input": f'sig1=("@request-target" {SIGNED});{PARAMETERS}'}, "must cover"),
        ({"X-API-KEY": "another"}, "keyid"),
        (
            {
                "Signature-Input": EXAMPLE["Signature-Input"].replace(
                    "hmac-sha256", "rsa-pss-sha512"
                )
            },
            "alg",
        ),
        (
            {"Signature-Input": EXAMPLE["Signature-Input"].replace(";created=1641013200", "")},
            "created",
        ),
    ],
)
def test_anything_else_is_refused_in_words(change: dict[str, str], problem: str) -> None:
    with pytest.raises(RefusalError, match=problem) as refused:
        check(EXAMPLE | change)
    assert refused.value.status == 401


def test_a_signature_has_its_time() -> None:
    check(EXAMPLE, now=CREATED - SKEW_S)
    check(EXAMPLE, now=CREATED + MAX_AGE_S + SKEW_S)
    with pytest.raises(RefusalError, match="future"):
        check(EXAMPLE, now=CREATED - SKEW_S - 1)
    with pytest.raises(RefusalError, match="expired"):
        check(EXAMPLE, now=CREATED + MAX_AGE_S + SKEW_S + 1)


def test_our_reference_client_signs_what_the_documentation_signs() -> None:
    headers = {name: EXAMPLE[name] for name in EXAMPLE if name.startswith(("Audio", "X-"))}
    signed = sign(base64.b64decode(SECRET), headers, "stt.example.com", "/audiohook")
    created = int(signed["Signature-Input"].split("created=")[1].split(";")[0])
    check(headers | signed | {"Host": "stt.example.com"}, "/audiohook", created)
