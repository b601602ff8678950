"""The outbox holds what must be said, and no more."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.protocols.dialect import Close, Reply, Say
from streamer.protocols.native.messages import Acknowledged, Flushed
from streamer.server.connection.outbox import Outbox, OutboxFullError


def partial(utterance: int, text: str = "x") -> Say:
    return Say(Flushed(id=f"{utterance} {text}"), key=f"partial {utterance}")


def final(utterance: int) -> Say:
    return Say(Flushed(id=f"{utterance}"), instead_of=f"partial {utterance}")


def acknowledged(audio: float) -> Say:
    return Say(Acknowledged(audio=audio), key="acknowledged")


async def emptied(outbox: Outbox) -> list[Reply]:
    return [await outbox.get() for _ in range(len(outbox))]


async def test_messages_come_in_the_order_they_went() -> None:
    outbox = Outbox()
    messages = [final(0), acknowledged(1), final(1), Close(1000)]
    for message in messages:
        outbox.put(message)
    assert await emptied(outbox) == messages


async def test_a_newer_partial_replaces_the_one_that_waits() -> None:
    outbox = Outbox()
    outbox.put(partial(0, "old"))
    outbox.put(partial(0, "new"))
    assert await emptied(outbox) == [partial(0, "new")]


async def test_a_final_makes_its_partial_needless() -> None:
    outbox = Outbox()
    outbox.put(partial(0))
    outbox.put(partial(1))
    outbox.put(final(0))
    assert await emptied(outbox) == [partial(1), final(0)]


async def test_an_acknowledgement_follows_the_finals_that_it_speaks_of() -> None:
    outbox = Outbox()
    outbox.put(acknowledged(1))
    outbox.put(final(0))
    outbox.put(acknowledged(2))
    assert await emptied(outbox) == [final(0), acknowledged(2)]


async def test_a_full_outbox_says_so() -> None:
    outbox = Outbox(capacity=2)
    outbox.put(final(0))
    outbox.put(final(1))
    with pytest.raises(OutboxFullError):
        outbox.put(final(2))


async def test_getting_waits_for_a_message() -> None:
    outbox = Outbox()
    getting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    assert not getting.done()
    outbox.put(final(0))
    assert await getting == final(0)


items = st.builds(partial, st.integers(0, 3)) | st.builds(final, st.integers(0, 3))


@given(st.lists(items, max_size=30))
def test_every_final_comes_out_once_and_in_order(messages: list[Say]) -> None:
    async def through() -> list[Reply]:
        outbox = Outbox()
        for message in messages:
            outbox.put(message)
        return await emptied(outbox)

    out = asyncio.run(through())
    expected = [message for message in messages if message.instead_of]
    assert [message for message in out if isinstance(message, Say) and message.instead_of] == (
        expected
    )
