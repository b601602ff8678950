"""Who listens to a call is told what was said and what is said; so is the webhook."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hooks import receiving

from streamer.protocols.call_messages import Failed
from streamer.protocols.dialect import Close, Publish, Reply
from streamer.server import calls as module
from streamer.server.calls import Calls
from streamer.server.connection.outbox import CAPACITY
from streamer.server.webhook import Webhook


def message(number: int) -> Failed:
    return Failed(call="CA1", stream="MZ1", seq=number, code="test", message=f"message {number}")


def publish(calls: Calls, number: int, source: str = "a", **more: bool | str) -> None:
    calls.publish(Publish("CA1", source, message(number), **more))  # pyright: ignore[reportArgumentType]


def texts(replies: list[Reply]) -> list[int | str]:
    told: list[int | str] = []
    for one in replies:
        if isinstance(one, Close):
            told.append("over")
        elif isinstance(one.message, Failed):
            told.append(one.message.seq)
    return told


def listen(calls: Calls, who: object = "listener") -> list[Reply]:
    replies: list[Reply] = []
    calls.subscribe("CA1", who, replies.append)
    return replies


async def test_who_comes_late_is_told_what_was_said_and_what_follows() -> None:
    calls = Calls()
    early = listen(calls, "early")
    publish(calls, 0)
    publish(calls, 7, key="passing")
    late = listen(calls, "late")
    publish(calls, 1)
    publish(calls, 2, last=True)
    assert texts(early) == [0, 7, 1, 2, "over"]
    assert texts(late) == [0, 1, 2, "over"]
    assert texts(listen(calls)) == [0, 1, 2, "over"], "for a while after the end"


async def test_who_stays_is_told_what_comes_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_S", 0.0)
    calls = Calls()
    replies: list[Reply] = []
    calls.subscribe("CA1", "one who stays", replies.append, stays=True)
    publish(calls, 0, last=True)
    await asyncio.sleep(0)  # what was said is forgotten, but not who listens
    await asyncio.sleep(0)
    publish(calls, 1, last=True)
    assert texts(replies) == [0, 1]
    calls.unsubscribe("CA1", "one who stays")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(calls) == 0


async def test_what_is_private_is_not_posted() -> None:
    posted: list[str] = []
    calls = Calls(lambda topic, _: posted.append(topic))
    publish(calls, 0, posted=False)
    assert posted == []
    publish(calls, 1)
    assert posted == ["CA1"]


async def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_CALLS", 3)
    calls = Calls()
    for number in range(module.KEPT_MESSAGES + 10):
        publish(calls, number)
    assert texts(listen(calls)) == list(range(10, module.KEPT_MESSAGES + 10))
    for number in range(9):
        calls.publish(Publish(f"CB{number}", "b", message(0), last=True))
    assert len(calls) == 1 + 3
    calls.close()
    assert len(calls) == 0


async def test_a_call_that_is_over_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_S", 0.01)
    calls = Calls()
    publish(calls, 0, last=True)
    assert len(calls) == 1
    await asyncio.sleep(0.05)
    assert len(calls) == 0


async def test_a_call_is_over_when_its_last_stream_is() -> None:
    calls = Calls()
    replies = listen(calls)
    publish(calls, 0, "a")
    publish(calls, 0, "b")
    publish(calls, 1, "a", last=True)
    publish(calls, 1, "b", last=True)
    assert texts(replies) == [0, 0, 1, 1, "over"]
    publish(calls, 5, "c")
    assert texts(listen(calls)) == [0, 0, 1, 1, 5], "it is streamed anew"


async def test_a_listener_who_goes_leaves_nothing_behind() -> None:
    calls = Calls()
    listen(calls)
    assert len(calls) == 1
    calls.unsubscribe("CA1", "listener")
    calls.unsubscribe("CA1", "listener")
    assert len(calls) == 0


async def test_the_webhook_tries_again_and_keeps_the_order_of_a_call() -> None:
    outcomes: list[str] = []
    async with receiving(503, 0, 429) as (receiver, url):
        webhook = Webhook(url, outcomes.append, delays_s=(0.01, 0.01, 0.01))
        for number in range(5):
            webhook.post("CA1", str(number))
        await webhook.until_idle(5)
        await webhook.close()
    assert receiver.bodies == ["0", "1", "2", "3", "4"]
    assert outcomes == ["sent"] * 5


async def test_one_call_does_not_wait_for_another() -> None:
    async with receiving(503, 503) as (receiver, url):
        webhook = Webhook(url, lambda _: None, delays_s=(0.0, 30.0))
        webhook.post("CA1", "stuck")
        await receiver.until(lambda: not receiver.statuses)
        webhook.post("CA2", "free")
        await receiver.until(lambda: receiver.bodies != [])
        await webhook.close()
    assert receiver.bodies == ["free"]


@pytest.mark.parametrize("statuses", [(500, 500, 500), (404,), (0, 0, 0)])
async def test_a_message_that_cannot_be_delivered_is_given_up(statuses: tuple[int, ...]) -> None:
    outcomes: list[str] = []
    async with receiving(*statuses) as (receiver, url):
        webhook = Webhook(url, outcomes.append, delays_s=(0.0, 0.0))
        webhook.post("CA1", "lost")
        webhook.post("CA1", "next")
        await webhook.until_idle(5)
        await webhook.close()
    assert receiver.bodies == ["next"]
    assert outcomes == ["lost", "sent"]


async def test_what_waits_for_the_webhook_is_bounded() -> None:
    outcomes: list[str] = []
    webhook = Webhook("http://127.0.0.1:9/", outcomes.append, delays_s=(60.0,), capacity=3)
    for number in range(5):
        webhook.post(f"CA{number}", "x")
    assert Counter(outcomes) == {"lost": 2}
    await webhook.close()


async def test_passing_messages_do_not_go_to_the_webhook() -> None:
    async with receiving() as (receiver, url):
        webhook = Webhook(url, lambda _: None)
        calls = Calls(webhook.post)
        publish(calls, 0, key="passing")
        publish(calls, 1)
        await webhook.until_idle(5)
        await webhook.close()
    (body,) = receiver.bodies
    assert '"seq":1' in body


def test_a_listener_can_be_sent_all_that_is_kept() -> None:
    assert module.KEPT_MESSAGES < CAPACITY
