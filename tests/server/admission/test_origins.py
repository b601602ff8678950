"""Which pages may connect, in every spelling of proxies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from streamer.server.admission.origins import MAX_LEARNT, Origins

PAGE = "https://stt.example"


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        (PAGE, {"Host": "stt.example"}),
        (PAGE, {"Host": "STT.Example"}),
        (PAGE, {"Host": "stt.example:443"}),
        ("http://stt.example", {"Host": "stt.example:80"}),
        ("https://stt.example:8443", {"Host": "stt.example:8443"}),
        ("https://stt.example:8443", {"Host": "stt.example"}),
        (PAGE, {"Host": "127.0.0.1:8000", "X-Forwarded-Host": "stt.example"}),
        (PAGE, {"Host": "backend", "X-Forwarded-Host": "stt.example:443, inner"}),
        (PAGE, {"Host": "backend", "Forwarded": 'for=1.2.3.4;Host="stt.example:443";proto=https'}),
        ("http://[::1]:8000", {"Host": "[::1]:8000"}),
        (PAGE, {"Host": "backend", "Sec-Fetch-Site": "same-origin"}),
    ],
)
def test_a_page_of_the_servers_own_is_let_in(origin: str, headers: dict[str, str]) -> None:
    assert Origins().lets_in(Headers({"Origin": origin, **headers}))


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        ("https://evil.example", {"Host": "stt.example"}),
        ("https://stt.example.evil.example", {"Host": "stt.example"}),
        ("https://stt.example:8443", {"Host": "stt.example:443"}),
        (PAGE, {"Host": "stt.example:8000"}),
        (PAGE, {"Host": "backend"}),
        (PAGE, {"Host": "backend", "Sec-Fetch-Site": "same-site"}),
        (PAGE, {"Host": "backend", "Sec-Fetch-Site": "cross-site"}),
        (PAGE, {}),
        ("null", {"Host": "null"}),
        ("null", {}),
        ("http://[", {"Host": "["}),
        (PAGE, {"Host": "stt.example:many"}),
    ],
)
def test_a_foreign_page_is_not(origin: str, headers: dict[str, str]) -> None:
    assert not Origins().lets_in(Headers({"Origin": origin, **headers}))


@pytest.mark.parametrize(
    "public", ["https://stt.example", "wss://STT.example:443/", "https://stt.example/speech"]
)
def test_the_public_address_is_the_servers_own(public: str) -> None:
    assert Origins(public_url=public).lets_in({"Origin": PAGE, "Host": "backend"})
    assert not Origins(public_url=public).lets_in({"Origin": "https://evil.example", "Host": "b"})


@pytest.mark.parametrize("allowed", ["https://a.example", "HTTPS://A.example:443/"])
def test_allowed_origins_are_let_in_however_they_are_written(allowed: str) -> None:
    assert Origins([allowed]).lets_in({"Origin": "https://a.example", "Host": "b"})
    assert not Origins([allowed]).lets_in({"Origin": "https://a.example:444", "Host": "b"})
    assert not Origins([allowed]).lets_in({"Origin": "http://a.example", "Host": "b"})


def test_what_a_browser_said_once_of_its_page_is_remembered_for_its_websockets() -> None:
    origins = Origins()
    websocket = {"Origin": PAGE, "Host": "backend"}
    assert not origins.lets_in(websocket)
    assert origins.lets_in({**websocket, "Sec-Fetch-Site": "same-origin"})
    assert origins.lets_in(websocket)
    assert not origins.lets_in({"Origin": "https://other.example", "Host": "backend"})


def test_not_for_ever_more_origins() -> None:
    origins = Origins()
    for number in range(MAX_LEARNT + 1):
        origins.lets_in({"Origin": f"https://{number}.example", "Sec-Fetch-Site": "same-origin"})
    assert not origins.lets_in({"Origin": "https://0.example"})
    assert origins.lets_in({"Origin": f"https://{MAX_LEARNT}.example"})


@given(st.text(), st.text(), st.text(), st.text())
def test_nonsense_is_judged_too(origin: str, host: str, forwarded: str, public: str) -> None:
    Origins([origin]).lets_in({"Origin": host, "Host": forwarded, "Forwarded": origin})
    Origins().lets_in({"Origin": f"https://{origin}", "Host": host, "X-Forwarded-Host": forwarded})
