"""Admission, probes and metrics tell the truth of several engines together."""

from __future__ import annotations

import re

import pytest
from by_hand import EngineByHand
from servers import client, get, of_type, receive_all, receive_until, send, serving
from sounds import pcm, voice
from websockets.exceptions import InvalidStatus

from streamer.dispatch import dispatcher
from streamer.engines.pool import EnginePool


async def metric(address: str, name: str) -> dict[str, float]:
    text = (await get(address, "/metrics"))[2].decode()
    return {
        state: float(value)
        for state, value in re.findall(rf'^{name}{{state="(\w+)"}} (\S+)$', text, re.MULTILINE)
    }


async def test_the_places_are_those_of_the_engines_that_serve() -> None:
    one, other = EngineByHand(slots=2), EngineByHand(slots=6)
    async with serving(EnginePool([one, other])) as address:
        assert await metric(address, "streamer_engines") == {"serving": 2, "away": 0}
        assert await metric(address, "streamer_engine_places") == {"free": 8, "all": 8}
        other.change("engine restarting")
        assert await metric(address, "streamer_engines") == {"serving": 1, "away": 1}
        assert await metric(address, "streamer_engine_places") == {"free": 2, "all": 2}
        assert (await get(address, "/readyz"))[0] == 200
        one.change("upstream away")
        status, _, body = await get(address, "/readyz")
        assert (status, body) == (503, b"upstream away\n")
        assert (await get(address, "/healthz"))[0] == 200, "a new process would not help"
        other.change(None)
        assert (await get(address, "/readyz"))[0] == 200


async def test_what_was_accepted_is_an_explicit_error_when_all_stay_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatcher, "LOOK_S", 0.01)
    monkeypatch.setattr(dispatcher, "AWAY_S", 0.2)
    hands = [EngineByHand(trouble="upstream away"), EngineByHand(trouble="upstream away")]
    async with (
        serving(EnginePool(hands), max_lateness_s=60.0) as address,
        client(address, "?partials=false") as ws,
    ):
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        messages = await receive_all(ws)
    (final,) = of_type(messages, "final")
    assert final["text"] == ""
    (error,) = of_type(messages, "error")
    assert "the engine is away" in error["message"]
    assert of_type(messages, "done")


async def test_nobody_is_let_in_while_all_have_been_away_for_longer_than_finals_may_be_late() -> (
    None
):
    hand = EngineByHand()
    async with (
        serving(EnginePool([hand, EngineByHand(trouble="upstream away")])) as address,
        client(address) as ws,
    ):
        await receive_until(ws, "ready")
    hand.trouble = "upstream away"
    async with serving(
        EnginePool([hand, EngineByHand(trouble="upstream away")]), max_lateness_s=1e-9
    ) as address:
        with pytest.raises(InvalidStatus, match="503"):
            async with client(address):
                pass
