"""Phone calls in words: the model inside the package behind /twilio and /audiohook."""

from __future__ import annotations

import contextlib
import itertools
import json
import re

import numpy as np
import pytest
import soundfile
from audiohook_client import audiohook
from phone import CALL, call, mulaw
from servers import of_type, receive_all, serving
from sounds import Samples
from synthetic import SAMPLE, SENTENCES
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from streamer.cli.loading import load_step_engine
from streamer.decoding.step_engine import StepEngine
from streamer.settings import Settings

RATE = 16_000

Turn = tuple[str, float, str]  # who, from when, what


@pytest.fixture(scope="module")
def engine() -> StepEngine:
    return load_step_engine(Settings(threads=1))


@pytest.fixture(scope="module")
def sides() -> tuple[Samples, Samples]:
    """The caller's and the agent's side: the first sentences and the others."""
    spoken = np.asarray(soundfile.read(SAMPLE, dtype="float32")[0], np.float32)
    around = slice(len(spoken) // 2 - 2 * RATE, len(spoken) // 2 + 2 * RATE)
    quietest = np.argmin(np.convolve(spoken[around] ** 2, np.ones(RATE // 4), "same"))
    middle = around.start + int(quietest)
    first, second = spoken.copy(), spoken.copy()
    first[middle:] = 0
    second[:middle] = 0
    return first, second


def check(turns: list[Turn], first: str, second: str) -> None:
    """Both sides in the order of their times, and the words that were said."""
    turns = sorted(turns, key=lambda turn: turn[1])  # sent at once, finals come as they are ready
    speakers = [who for who, _ in itertools.groupby(who for who, _, _ in turns)]
    assert speakers == [first, second]
    said = re.findall(r"[a-z]+", " ".join(SENTENCES).lower())
    heard = re.findall(r"[a-z]+", " ".join(text for _, _, text in turns).lower())
    assert sum(word in heard for word in said) / len(said) > 0.75


async def test_a_call_from_twilio(engine: StepEngine, sides: tuple[Samples, Samples]) -> None:
    async with serving(engine) as address, connect(f"ws://{address}/v1/calls/{CALL}") as listener:
        async with connect(f"ws://{address}/twilio") as ws:
            for message in call(*sides):
                await ws.send(message)
            with contextlib.suppress(ConnectionClosed):
                await ws.recv()
        messages = await receive_all(listener)
    finals = of_type(messages, "final")
    turns = [(final["track"], final["start"], final["text"]) for final in finals]
    check(turns, "inbound", "outbound")


async def test_a_call_from_genesys(engine: StepEngine, sides: tuple[Samples, Samples]) -> None:
    codes = np.stack([mulaw(side) for side in sides], axis=1).tobytes()
    async with serving(engine) as address, audiohook(address) as client:
        await client.open(language="en-US")
        await client.stream(codes)
        await client.close()
    shown = [
        (one, one["alternatives"][0]["interpretations"][0]["transcript"])
        for one in client.transcripts
    ]
    turns = [(one["channelId"], float(one["offset"][2:-1]), text) for one, text in shown]
    check(turns, "external", "internal")
    assert all(len(json.dumps(one)) < 65_535 for one in client.transcripts)
