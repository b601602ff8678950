"""A client of AudioHook that is as strict as Genesys' reference client, written from its rules.

The reference client (purecloudlabs/audiohook-reference-implementation, folder client) is in no
package registry. What it demands of a server, this one demands: see `AudioHookClient._take`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DURATION = re.compile(r"PT(?:\d*\.)?\d+S")
NOBODY = "00000000-0000-0000-0000-000000000000"
KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
KINDS = {"opened", "pong", "updated", "event", "closed", "disconnect", "pause", "resume"}
FRAME_S = 0.2
OFFERS = (["external", "internal"], ["external"], ["internal"])

Message = dict[str, Any]


def media(channels: list[str]) -> Message:
    return {"type": "audio", "format": "PCMU", "channels": channels, "rate": 8000}


def sign(secret: bytes, headers: dict[str, str], authority: str, target: str) -> dict[str, str]:
    """Sign a request as the reference client does."""
    covered = {"@request-target": target, "@authority": authority}
    covered |= {name.lower(): value for name, value in headers.items()}
    names = " ".join(f'"{name}"' for name in covered)
    now = int(time.time())
    parameters = (
        f'({names});keyid="{headers["X-API-KEY"]}";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl"'
        f';alg="hmac-sha256";created={now};expires={now + 10}'
    )
    lines = [f'"{name}": {value}' for name, value in covered.items()]
    lines.append(f'"@signature-params": {parameters}')
    mac = hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).digest()
    return {
        "Signature-Input": f"sig1={parameters}",
        "Signature": f"sig1=:{base64.b64encode(mac).decode()}:",
    }


class AudioHookClient:
    """Speaks to a server, and fails where the reference client would signal an error."""

    def __init__(self, ws: ClientConnection, session: str) -> None:
        self._ws = ws
        self.session = session
        self.seq = 0
        self.server_seq = 0
        self.samples = 0
        self.channels: list[str] = []
        self.transcripts: list[Message] = []
        self.state = "preparing"
        self._ping: int | None = None

    async def send(self, kind: str, **parameters: Any) -> None:
        self.seq += 1
        message = {
            "version": "2",
            "id": self.session,
            "type": kind,
            "seq": self.seq,
            "serverseq": self.server_seq,
            "position": f"PT{self.samples / 8000}S",
            "parameters": parameters,
        }
        await self._ws.send(json.dumps(message))

    async def open(self, *offers: list[str], probe: bool = False, **more: Any) -> Message:
        nobody = {
            "id": NOBODY if probe else str(uuid.uuid4()),
            "ani": "",
            "aniName": "",
            "dnis": "",
        }
        offered = [media(channels) for channels in offers or OFFERS]
        self.state = "opening"
        await self.send(
            "open",
            organizationId="cf00e2ed-6d2b-4e1b-9e2a-7e4e3c1b9a55",
            conversationId=NOBODY if probe else str(uuid.uuid4()),
            participant=nobody,
            media=offered,
            **more,
        )
        opened = await self.receive(within_s=5)
        assert opened["type"] == "opened", opened
        self.state = "open"
        selected = opened["parameters"]["media"]
        assert len(selected) <= 1, "more than one media selected"
        assert all(one in offered for one in selected), "selected media not one of the offered"
        self.channels = selected[0]["channels"] if selected else []
        return opened

    async def stream(self, codes: bytes) -> None:
        """Send interleaved mu-law in frames of 200 ms, and a ping between some of them."""
        size = int(FRAME_S * 8000) * len(self.channels)
        for at in range(0, len(codes), size):
            await self._ws.send(codes[at : at + size])
            self.samples += len(codes[at : at + size]) // len(self.channels)
            if at // size % 10 == 5:
                await self.ping()

    async def ping(self) -> None:
        await self.send("ping")
        self._ping = self.seq
        while (await self.receive(within_s=5))["type"] != "pong":
            pass

    async def close(self) -> None:
        """The close transaction: nothing is owed after `closed`."""
        self.state = "closing"
        await self.send("close", reason="end")
        while (await self.receive(within_s=10))["type"] != "closed":
            pass
        await self._ws.close()

    async def receive(self, within_s: float = 10) -> Message:
        async with asyncio.timeout(within_s):
            text = await self._ws.recv()
        assert isinstance(text, str), "unexpected binary message"
        assert len(text) <= 65535
        message: Message = json.loads(text)
        self._take(message)
        return message

    def _take(self, message: Message) -> None:
        assert message["version"] == "2"
        assert message["id"] == self.session
        assert UUID.fullmatch(message["id"])
        assert message["seq"] == self.server_seq + 1, "server's seq is not strictly one more"
        self.server_seq = message["seq"]
        assert 0 <= message["clientseq"] <= self.seq
        assert isinstance(message["parameters"], dict)
        assert message["type"] in KINDS
        match message["type"]:
            case "pong":
                assert message["clientseq"] == self._ping, "pong does not answer the ping"
                self._ping = None
            case "closed":
                assert self.state == "closing", "unexpected closed"
                self.state = "closed"
            case "opened":
                assert self.state == "opening", "unexpected opened"
            case "event":
                assert self.state in ("open", "closing")
                for entity in message["parameters"]["entities"]:
                    assert entity["type"] == "transcript"
                    self._take_transcript(entity["data"])
            case _:
                pass

    def _take_transcript(self, data: Message) -> None:
        assert UUID.fullmatch(data["id"])
        assert data["channelId"] in self.channels
        (said,) = data["alternatives"]
        (shown,) = said["interpretations"]
        assert shown["type"] == "display"
        for place in [data, *shown["tokens"]]:
            assert DURATION.fullmatch(place["offset"])
            assert DURATION.fullmatch(place["duration"])
        for token in shown["tokens"]:
            assert token["type"] == "word"
            assert 0 <= token["confidence"] <= 1
        self.transcripts.append(data)


@asynccontextmanager
async def audiohook(
    address: str, key: str = KEY, secret: bytes | None = None
) -> AsyncGenerator[AudioHookClient]:
    session = str(uuid.uuid4())
    headers = {
        "Audiohook-Organization-Id": "cf00e2ed-6d2b-4e1b-9e2a-7e4e3c1b9a55",
        "Audiohook-Session-Id": session,
        "Audiohook-Correlation-Id": str(uuid.uuid4()),
        "X-API-KEY": key,
    }
    if secret is not None:
        headers |= sign(secret, headers, address, "/audiohook")
    async with connect(f"ws://{address}/audiohook", additional_headers=headers) as ws:
        yield AudioHookClient(ws, session)
