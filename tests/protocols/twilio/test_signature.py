"""Who is Twilio: against the validator of Twilio's own package."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from twilio.request_validator import RequestValidator
from websockets.datastructures import Headers

from streamer.protocols.door import Handshake, RefusalError, Signing
from streamer.protocols.twilio.signature import is_signed

TOKEN = "12345678901234567890123456789012"


def theirs(url: str) -> str:
    return RequestValidator(TOKEN).compute_signature(url, {})


def handshake(signature: str | None, host: str = "stt.example.com") -> Handshake:
    headers = Headers({"Host": host})
    if signature is not None:
        headers["X-Twilio-Signature"] = signature
    return Handshake("/twilio", [], headers, [], "/twilio")


def signing(public_url: str = "", *, asks_for_keys: bool = False) -> Signing:
    return Signing(SecretStr(TOKEN), public_url, asks_for_keys)


@pytest.mark.parametrize("signed", ["wss://stt.example.com", "wss://stt.example.com:443"])
@pytest.mark.parametrize("host", ["stt.example.com", "stt.example.com:443"])
def test_an_address_is_good_with_and_without_its_default_port(signed: str, host: str) -> None:
    assert is_signed(handshake(theirs(f"{signed}/twilio"), host), signing())


def test_behind_a_proxy_the_public_address_counts() -> None:
    signature = theirs("wss://calls.example.com:8443/stt/twilio")
    behind = signing(public_url="wss://calls.example.com:8443/stt/")
    assert is_signed(handshake(signature, "10.0.0.7:8000"), behind)


@pytest.mark.parametrize(
    "signature",
    [
        theirs("https://stt.example.com/twilio"),
        theirs("wss://stt.example.com/twilio/"),
        theirs("wss://stt.example.com:8443/twilio"),
        "bm9uc2Vuc2U=",
        "é",
    ],
)
def test_another_signature_is_refused_even_where_keys_are_set(signature: str) -> None:
    with pytest.raises(RefusalError, match="public_url") as refused:
        is_signed(handshake(signature), signing(asks_for_keys=True))
    assert refused.value.status == 403


@pytest.mark.parametrize("host", ["", "//", "x://", ":443"])
def test_a_host_that_is_none_is_refused_as_any_other(host: str) -> None:
    with pytest.raises(RefusalError):
        is_signed(handshake("c2Vj", host), signing())


def test_without_a_signature_a_key_is_needed() -> None:
    with pytest.raises(RefusalError) as refused:
        is_signed(handshake(None), signing())
    assert refused.value.status == 401
    assert not is_signed(handshake(None), signing(asks_for_keys=True)), "the key will be asked for"


def test_without_a_token_signatures_are_not_looked_at() -> None:
    assert not is_signed(handshake("bm9uc2Vuc2U="), Signing())
