"""The native protocol over a real socket, message by message."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from typing import Any

import numpy as np
import pytest
from engines import CountingEngine
from servers import client, get, of_type, receive, receive_all, receive_until, send, serving
from sounds import pcm, silence, two_utterances, voice
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


async def test_a_stream_from_start_to_done() -> None:
    async with serving() as address, client(address) as ws:
        await send(ws, "start", language="de")
        await ws.send(pcm(two_utterances()))
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[0]["type"] == "ready"
    assert messages[-1] == {
        "type": "done",
        "seq": len(messages) - 1,
        "audio": 5.3,
        "utterances": 2,
    }
    assert [message["seq"] for message in messages] == list(range(len(messages)))
    finals = of_type(messages, "final")
    assert [(final["utterance"], final["language"]) for final in finals] == [(0, "de"), (1, "de")]
    assert all(final["text"].startswith("word0 word1") for final in finals)
    assert ws.close_code == 1000


async def test_ready_tells_what_is_in_force() -> None:
    async with serving() as address, client(address, "?sample_rate=8000&channels=2") as ws:
        await send(ws, "start", sample_rate=48000)
        ready = await receive(ws)
    assert ready["model"] == "counting"
    assert ready["languages"] == ["en", "de"]
    assert ready["settings"]["channels"] == 2
    assert ready["settings"]["sample_rate"] == 48000, "the message wins over the query"
    assert ready["limits"]["max_frame_bytes"] == 1_048_576


async def test_a_client_that_waits_for_ready_gets_it_and_may_start_afterwards() -> None:
    async with serving() as address, client(address) as ws:
        assert (await receive(ws))["settings"]["language"] == "en"
        await send(ws, "start", language="de")
        assert (await receive(ws))["settings"]["language"] == "de"


async def test_two_channels_are_one_ordered_and_labelled_conversation() -> None:
    agent = np.concatenate([silence(0.3), voice(6.0), silence(3.0)])
    customer = np.concatenate([silence(1.5), voice(1.0), silence(2.0), voice(1.0), silence(3.8)])
    stereo = np.stack([agent, customer], axis=1)

    async def heard(query: str) -> list[tuple[str, float]]:
        async with serving() as address, client(address, f"?channels=2&{query}") as ws:
            await ws.send(pcm(stereo))
            await send(ws, "stop")
            finals = of_type(await receive_all(ws), "final")
        return [(final["label"], final["start"]) for final in finals]

    as_they_come = await heard("labels=agent,customer")
    ordered = await heard("labels=agent,customer&ordered=true")
    assert [label for label, _ in as_they_come] == ["customer", "customer", "agent"]
    assert [label for label, _ in ordered] == ["agent", "customer", "customer"]
    assert sorted(as_they_come, key=lambda final: final[1]) == ordered


async def test_audio_may_come_first() -> None:
    async with serving() as address, client(address, "?encoding=mulaw&sample_rate=8000") as ws:
        await ws.send(bytes(range(256)) * 40)
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[0]["settings"]["encoding"] == "mulaw"
    assert messages[-1]["audio"] == pytest.approx(1.28, abs=0.001)


async def test_flush_closes_now_and_is_answered_with_its_id() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "flush", id="here")
        messages = await receive_until(ws, "flushed")
    assert messages[-1]["id"] == "here"
    assert of_type(messages, "final")[0]["reason"] == "flush"


async def test_configure_changes_the_next_utterance() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0)])))
        await receive_until(ws, "final")
        await send(ws, "configure", language="de", partials=False)
        await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0)])))
        messages = await receive_until(ws, "final")
    assert messages[-1]["language"] == "de"
    assert of_type(messages, "partial") == []


async def test_a_wrong_setting_in_the_query_is_refused_before_the_upgrade() -> None:
    async with serving() as address:
        status, headers, body = await get(address, "/v1/stream?channels=0", **UPGRADE)
    assert status == 400
    assert headers["Content-Type"] == "application/json"
    error = json.loads(body)
    assert (error["code"], error["setting"], error["accepted"]) == (
        "invalid_setting",
        "channels",
        "1 to 8",
    )


async def test_a_setting_that_stands_twice_in_the_query_is_refused() -> None:
    async with serving() as address:
        status, _, body = await get(address, "/v1/stream?language=en&language=de", **UPGRADE)
    assert (status, json.loads(body)["setting"]) == (400, "language")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("language", "tlh"),
        ("sample_rate", 4_000_000),
        ("channels", 3.5),
        ("vad", "silero"),
        ("resume", 7),
        ("colour", "blue"),
    ],
)
async def test_a_wrong_setting_in_start_is_fatal_and_named(name: str, value: object) -> None:
    async with serving() as address, client(address) as ws:
        await send(ws, "start", **{name: value})
        (error,) = await receive_all(ws)
    assert (error["code"], error["setting"], error["fatal"]) == ("invalid_setting", name, True)
    assert error["accepted"]
    assert ws.close_code == 1008


async def test_words_are_refused_where_the_model_cannot_tell_them_in_any_way_of_asking() -> None:
    async with serving() as address:
        status, _, body = await get(address, "/v1/stream?words=true", **UPGRADE)
        assert (status, json.loads(body)["setting"]) == (400, "words")
        async with client(address) as ws:
            await ws.send(pcm(voice(0.1)))
            await send(ws, "configure", words=True)
            await send(ws, "stop")
            (error,) = of_type(await receive_all(ws), "error")
    assert (error["setting"], error["accepted"], error["fatal"]) == ("words", [False], False)
    assert "cannot tell word timings" in error["message"]


async def test_a_wrong_change_is_told_and_loses_nothing() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "configure", endpoint_silence_ms=5)
        await send(ws, "stop")
        messages = await receive_all(ws)
    (error,) = of_type(messages, "error")
    assert (error["setting"], error["accepted"], error["fatal"]) == (
        "endpoint_silence_ms",
        "100 to 3000",
        False,
    )
    assert len(of_type(messages, "final")) == 1


@pytest.mark.parametrize(
    "text",
    ["hello", "{", "[]", "12", '"stop"', "{}", '{"type":"sing"}', '{"type":"flush","id":7}', ""],
)
async def test_text_that_is_no_message_is_told_and_the_session_goes_on(text: str) -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(text)
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        messages = await receive_all(ws)
    (error,) = of_type(messages, "error")
    assert (error["code"], error["fatal"]) == ("invalid_message", False)
    assert "start" in error["accepted"]
    assert len(of_type(messages, "final")) == 1


async def test_start_comes_once_and_before_audio() -> None:
    async with serving() as address, client(address) as ws:
        await send(ws, "start")
        await send(ws, "start")
        await ws.send(pcm(voice(0.5)))
        await send(ws, "start", language="de")
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert [error["code"] for error in of_type(messages, "error")] == ["invalid_message"] * 2
    assert of_type(messages, "final")[0]["language"] == "en"


async def test_json_where_audio_belongs_is_noise_not_an_error() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(b'{"type":"stop"}')
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[-1]["type"] == "done"
    assert of_type(messages, "warning")[0]["code"] == "incomplete_sample"


async def test_frames_without_bytes_change_nothing() -> None:
    async with serving() as address, client(address) as ws:
        for piece in (b"", pcm(voice(1.0)), b"", b""):
            await ws.send(piece)
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[-1]["audio"] == 1.0


async def test_floats_that_are_no_numbers_are_warned_of() -> None:
    async with serving() as address, client(address, "?encoding=pcm_f32le") as ws:
        await ws.send(np.full(1000, np.nan, "<f4").tobytes())
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert of_type(messages, "warning")[0]["code"] == "invalid_samples"


async def test_a_frame_beyond_the_limit_closes_with_1009() -> None:
    async with serving() as address:
        ws = await connect(f"ws://{address}/v1/stream", compression=None)
        with contextlib.suppress(ConnectionClosed):
            await ws.send(bytes(100_000_000))
        async with asyncio.timeout(10):
            await ws.wait_closed()
    assert ws.close_code == 1009


async def test_stop_twice_and_audio_after_stop_are_harmless() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine) as address, client(address, "?partials=false") as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        await send(ws, "stop")
        await ws.send(pcm(voice(1.0)))
        await receive_until(ws, "warning")
        engine.may_run.set()
        messages = await receive_all(ws)
    assert [message["type"] for message in messages] == ["final", "done"]
    assert messages[-1]["audio"] == 1.0


async def test_a_file_ahead_of_the_engine_is_told_and_read_as_fast_as_it_is_done() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine) as address, client(address, "?partials=false") as ws:
        data = pcm(np.tile(np.concatenate([voice(4.0), silence(1.0)]), 40))
        sending = asyncio.create_task(_send_in_pieces(ws, data))
        (warning,) = of_type(await receive_until(ws, "warning"), "warning")
        assert warning["code"] == "audio_ahead"
        engine.may_run.set()
        await sending
        messages = await receive_all(ws)
    assert messages[-1]["utterances"] == 40
    assert len(of_type(messages, "final")) == 40


async def _send_in_pieces(ws: ClientConnection, data: bytes) -> None:
    for at in range(0, len(data), 65_536):
        await ws.send(data[at : at + 65_536])
    await send(ws, "stop")


async def test_two_channels_are_told_apart() -> None:
    both = np.stack([np.concatenate([voice(1.0), silence(2.0)]), silence(3.0)]).T.reshape(-1)
    async with serving() as address, client(address, "?channels=2") as ws:
        await ws.send(pcm(both)[:60_000])
        await ws.send(pcm(both)[60_000:120_001])
        await ws.send(pcm(both)[120_001:])
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert {final["channel"] for final in of_type(messages, "final")} == {0}
    assert messages[-1]["audio"] == 3.0


async def test_a_silent_client_is_ended_after_its_finals() -> None:
    async with serving(idle_timeout_s=0.3) as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        messages = await receive_all(ws)
    assert [message["type"] for message in messages[-2:]] == ["final", "error"]
    assert (messages[-1]["code"], messages[-1]["fatal"]) == ("idle_timeout", True)
    assert ws.close_code == 1008


async def test_a_sign_of_life_keeps_a_silent_client() -> None:
    async with serving(idle_timeout_s=0.4) as address, client(address) as ws:
        for _ in range(6):
            await asyncio.sleep(0.15)
            await send(ws, "keepalive")
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert messages[-1]["type"] == "done"


async def test_waiting_for_finals_is_not_idleness() -> None:
    engine = CountingEngine()
    engine.may_run.clear()
    async with serving(engine, idle_timeout_s=0.2) as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        await asyncio.sleep(0.6)
        engine.may_run.set()
        messages = await receive_all(ws)
    assert messages[-1]["type"] == "done"


async def test_an_engine_fault_is_tried_again_then_told() -> None:
    engine = CountingEngine()
    engine.failures = 2
    async with serving(engine) as address, client(address, "?partials=false") as ws:
        await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0), voice(1.0), silence(1.0)])))
        await send(ws, "stop")
        messages = await receive_all(ws)
    texts = [final["text"] for final in of_type(messages, "final")]
    assert texts[0] == ""
    assert texts[1] != ""
    (error,) = of_type(messages, "error")
    assert (error["code"], error["utterance"]) == ("engine_failed", 0)
    assert messages[-1]["type"] == "done"


async def answered(address: str, query: str = "", **options: Any) -> tuple[int, str | None]:
    """Try to connect; return the HTTP status, and the error's code if it was refused."""
    try:
        async with client(address, query, **options):
            return 101, None
    except InvalidStatus as error:
        return error.response.status_code, json.loads(error.response.body)["code"]


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 401),
        ({"Authorization": "Bearer wrong"}, "", 401),
        ({"Authorization": "Basic secret"}, "", 401),
        ({}, "?api_key=wrong", 401),
        ({"Authorization": "Bearer secret"}, "", 101),
        ({}, "?api_key=other", 101),
    ],
)
async def test_keys_are_asked_for_where_keys_are_set(
    headers: dict[str, str], query: str, status: int
) -> None:
    async with serving(api_keys=["secret", "other"]) as address:
        answer, code = await answered(address, query, additional_headers=headers)
    assert answer == status
    assert code == (None if status == 101 else "unauthorized")


async def test_two_headers_of_one_name_are_no_fault_of_ours() -> None:
    both = [("Authorization", "Bearer secret"), ("Authorization", "Bearer secret")]
    async with serving(api_keys=["secret"]) as address:
        assert (await answered(address, additional_headers=both))[0] == 401
        origins = [("Origin", f"http://{address}"), ("Origin", "https://evil.example"), both[0]]
        assert (await answered(address, additional_headers=origins))[0] == 403


@pytest.mark.parametrize(
    ("origin", "allowed", "status"),
    [
        ("https://evil.example", [], 403),
        ("http://[", [], 403),
        ("https://evil.example", ["https://good.example"], 403),
        ("https://good.example", ["https://good.example"], 101),
        ("https://any.example", ["*"], 101),
        (None, ["https://good.example"], 101),
        ("http://SELF", [], 101),
    ],
)
async def test_pages_of_other_origins_are_let_in_only_by_name(
    origin: str | None, allowed: list[str], status: int
) -> None:
    async with serving(allowed_origins=allowed) as address:
        brought = origin.replace("SELF", address) if origin else None
        answer, code = await answered(address, origin=brought)
    assert answer == status
    assert code == (None if status == 101 else "forbidden_origin")


@pytest.mark.parametrize("headers", [{}, UPGRADE])
async def test_an_address_that_is_none_is_told(headers: dict[str, str]) -> None:
    async with serving() as address:
        assert (await get(address, "//[", **headers))[0] == 400


async def test_one_session_too_many_is_refused_with_a_time_to_come_back() -> None:
    async with serving(max_sessions=1) as address, client(address) as ws:
        await receive(ws)
        status, headers, body = await get(address, "/v1/stream", **UPGRADE)
        assert status == 503
        assert int(headers["Retry-After"]) > 0
        assert json.loads(body)["code"] == "overloaded"


async def test_new_sessions_are_refused_while_finals_are_late() -> None:
    engine = CountingEngine(capacity=1)
    engine.may_run.clear()
    limits = serving(engine, max_lateness_s=0.1)
    async with limits as address, client(address, "?partials=false") as ws:
        for flush in ("a", "b"):
            await ws.send(pcm(voice(1.0)))
            await send(ws, "flush", id=flush)
        await asyncio.sleep(1.5)
        status, _, _ = await get(address, "/v1/stream", **UPGRADE)
        assert status == 503
        engine.may_run.set()
        await receive_until(ws, "flushed")


async def test_probes_metrics_and_page_share_the_port() -> None:
    async with serving() as address:
        assert (await get(address, "/healthz"))[0] == 200
        assert (await get(address, "/readyz"))[0] == 200
        async with client(address) as ws:
            await ws.send(pcm(np.concatenate([voice(1.0), silence(1.0)])))
            await receive_until(ws, "final")
            metrics = (await get(address, "/metrics"))[2].decode()
            assert "streamer_sessions 1.0" in metrics
            assert 'streamer_events_total{type="speech_started"} 1.0' in metrics
            assert "streamer_audio_seconds_total 2.0" in metrics
        status, headers, page = await get(address, "/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert b"<html" in page
        assert (await get(address, "/v1/stream"))[0] == 426
        assert (await get(address, "/../pyproject.toml"))[0] == 404
        assert (await get(address, "/nowhere", **UPGRADE))[0] == 404


async def test_the_page_is_small_on_the_wire_and_the_same_unpacked() -> None:
    async with serving() as address:
        _, plain_headers, plain = await get(address, "/page/main.js")
        _, headers, zipped = await get(address, "/page/main.js", **{"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain_headers
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped) == plain
    assert len(zipped) < len(plain) / 2


async def test_a_start_behind_the_first_audio_is_refused_even_if_none_came_before() -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(voice(0.5)))
        await send(ws, "start", language="de")
        await send(ws, "stop")
        messages = await receive_all(ws)
    assert [error["code"] for error in of_type(messages, "error")] == ["invalid_message"]
    assert of_type(messages, "final")[0]["language"] == "en"
