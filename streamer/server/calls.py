"""What is said in calls, for those who listen in from elsewhere: WebSockets, and the webhook."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from streamer.protocols.dialect import Close, Message, Publish, Reply, Say

KEPT_MESSAGES = 500
"""Of each call, for who comes late: an hour of lively talk, and half of what an outbox holds."""

KEPT_S = 60.0
"""How long a call that is over can still be read: time to come back after a broken connection."""

KEPT_CALLS = 200
"""Calls that are over; beyond it the oldest is forgotten before its time."""

Listener = Callable[[Reply], None]
"""Takes what its client is to be sent; must not block."""


@dataclass(slots=True)
class _Call:
    kept: deque[Message] = field(default_factory=lambda: deque[Message](maxlen=KEPT_MESSAGES))
    sources: set[str] = field(default_factory=set[str])
    listeners: dict[object, Listener] = field(default_factory=dict[object, Listener])
    staying: set[object] = field(default_factory=set[object])
    """Listeners who wait for more when the call is over."""
    over: bool = False
    expiry: asyncio.TimerHandle | None = None


class Calls:
    """Calls by their topic: those that are spoken in, listened to, or over since a short while.

    `post`, if any, is given a call's topic and the JSON of each message that is kept.
    """

    def __init__(self, post: Callable[[str, str], None] | None = None) -> None:
        self._post = post
        self._calls: dict[str, _Call] = {}
        self._over: dict[str, None] = {}  # in the order in which they ended
        self._quiet = asyncio.Event()
        self._quiet.set()

    def __len__(self) -> int:
        return len(self._calls)

    def publish(self, item: Publish) -> None:
        """Tell who listens, keep what is to be kept, and hand that to the webhook."""
        call = self._calls.setdefault(item.topic, _Call())
        if call.over:
            self._begin_again(item.topic, call)
        call.sources.add(item.source)
        self._quiet.clear()
        for listener in list(call.listeners.values()):
            listener(Say(item.message, item.key, item.instead_of))
        if item.key is None:
            call.kept.append(item.message)
            if self._post is not None and item.posted:
                self._post(item.topic, item.message.model_dump_json(exclude_none=True))
        if item.last:
            call.sources.discard(item.source)
            if not call.sources:
                self._end(item.topic, call)

    def subscribe(
        self, topic: str, who: object, listener: Listener, *, stays: bool = False
    ) -> None:
        """Tell what is kept of a call, and from now on what comes; it may not have begun.

        Who `stays` is not sent away when it is over, and told what comes if it begins again.
        """
        call = self._calls.setdefault(topic, _Call())
        for message in call.kept:
            listener(Say(message))
        if call.over and not stays:
            listener(_FAREWELL)
            return
        call.listeners[who] = listener
        if stays:
            call.staying.add(who)

    def unsubscribe(self, topic: str, who: object) -> None:
        """Tell no more; a call that nobody speaks in or listens to is forgotten."""
        call = self._calls.get(topic)
        if call is None:
            return
        call.listeners.pop(who, None)
        call.staying.discard(who)
        if not (call.listeners or call.sources or call.kept):
            del self._calls[topic]

    async def until_quiet(self, timeout_s: float) -> None:
        """Wait until every call is over, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._quiet.wait()

    def close(self) -> None:
        """Forget everything."""
        for topic in list(self._over):
            self._forget(topic)
        self._calls.clear()

    def _end(self, topic: str, call: _Call) -> None:
        call.over = True
        for who, listener in list(call.listeners.items()):
            if who not in call.staying:
                listener(_FAREWELL)
                call.listeners.pop(who, None)
        self._over[topic] = None
        call.expiry = asyncio.get_running_loop().call_later(KEPT_S, self._forget, topic)
        if len(self._over) > KEPT_CALLS:
            self._forget(next(iter(self._over)))
        if not any(other.sources for other in self._calls.values()):
            self._quiet.set()

    def _begin_again(self, topic: str, call: _Call) -> None:
        """A call that was over is streamed anew, such as after it was held."""
        call.over = False
        self._over.pop(topic)
        if call.expiry is not None:
            call.expiry.cancel()

    def _forget(self, topic: str) -> None:
        self._over.pop(topic)
        call = self._calls[topic]
        if call.expiry is not None:
            call.expiry.cancel()
        if call.listeners:
            call.kept.clear()
            call.over = False
        else:
            del self._calls[topic]


_FAREWELL = Close(1000, "the call is over")
