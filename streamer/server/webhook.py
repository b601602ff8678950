"""Messages to somebody else's HTTP server: in order for each call, tried again when that fails."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import httpx

log = logging.getLogger(__name__)

RETRY_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between the tries of one message; after the last it is lost."""

TIMEOUT_S = 10.0
"""For each try, to the end of the answer."""

CONNECTIONS = 32
"""At a time; more calls than that wait for one another."""

CAPACITY = 10_000
"""Messages that wait, of all calls together; beyond it new ones are lost."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which another try may do better."""


class Webhook:
    """Posts JSON to `url`. `count` is told of each message what became of it: `sent` or `lost`.

    The messages of one call go one after the other, those of different calls side by side.
    """

    def __init__(
        self,
        url: str,
        count: Callable[[str], None],
        delays_s: Sequence[float] = RETRY_DELAYS_S,
        capacity: int = CAPACITY,
    ) -> None:
        self._url = url
        self._count = count
        self._delays_s = (*delays_s, None)
        self._capacity = capacity
        self._waiting = 0
        self._queues: dict[str, deque[str]] = {}
        self._posters: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_S,
            limits=httpx.Limits(max_connections=CONNECTIONS),
            headers={"Content-Type": "application/json", "User-Agent": "streamer"},
        )
        # It logs each request with its whole address, and secrets stand in addresses.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    def post(self, call: str, body: str) -> None:
        """Post a message of a call after those before it; does not wait."""
        if self._waiting >= self._capacity:
            log.warning("webhook: %d messages wait: one of %s is lost", self._waiting, call)
            self._count("lost")
            return
        self._waiting += 1
        queue = self._queues.get(call)
        if queue is not None:
            queue.append(body)
            return
        self._queues[call] = deque([body])
        poster = asyncio.create_task(self._post_all(call), name=f"webhook {call}")
        self._posters.add(poster)
        poster.add_done_callback(self._posters.discard)

    async def until_idle(self, timeout_s: float) -> None:
        """Wait until nothing waits any more, or so long."""
        if self._posters:
            await asyncio.wait(self._posters, timeout=timeout_s)

    async def close(self) -> None:
        """Lose what still waits."""
        posters = list(self._posters)
        for poster in posters:
            poster.cancel()
        await asyncio.gather(*posters, return_exceptions=True)
        if self._waiting:
            log.warning("webhook: %d messages are lost at the end", self._waiting)
        await self._client.aclose()

    async def _post_all(self, call: str) -> None:
        queue = self._queues[call]
        while queue:
            problem = await self._deliver(queue[0])
            if problem is None:
                self._count("sent")
            else:
                log.warning("webhook: a message of %s is lost: %s", call, problem)
                self._count("lost")
            queue.popleft()
            self._waiting -= 1
        del self._queues[call]

    async def _deliver(self, body: str) -> str | None:
        """Try until it works, or return why it did not."""
        problem = ""
        for delay_s in self._delays_s:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    answer = await self._client.post(self._url, content=body)
            except (httpx.RequestError, TimeoutError) as error:
                problem = type(error).__name__
            else:
                if answer.is_success:
                    return None
                problem = f"HTTP {answer.status_code}"
                if answer.status_code not in TRANSIENT:
                    return problem
            if delay_s is not None:
                await asyncio.sleep(delay_s)
        return problem
