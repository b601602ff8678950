"""A request that may be ended from outside: by its client going, or by the server."""

from __future__ import annotations

import asyncio

from starlette.types import Receive


class RunningRequest:
    """A `Client`. What runs inside `limit` ends with a TimeoutError when it is ended."""

    def __init__(self) -> None:
        self.limit = asyncio.timeout(None)
        self.abandoned = False

    def go_away(self) -> None:
        """End it: a file may be long, and its client can ask another server for the whole."""
        if not self.limit.expired():
            self.limit.reschedule(asyncio.get_running_loop().time())

    def abort(self) -> None:
        """End it; there is no ruder way."""
        self.go_away()

    async def watch(self, receive: Receive) -> None:
        """End it when the client goes; the request's body must have been read."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.abandoned = True
        self.go_away()
