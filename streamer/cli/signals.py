"""What the operator asks of a process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Signals:
    """What the operator asks of the process, from its first moment on.

    SIGTERM and SIGINT ask for an orderly end, and a second one ends the process at once. SIGHUP
    asks for keys and certificate to be read again.
    """

    def __init__(self) -> None:
        self._stop = asyncio.Event()
        self._reload: Callable[[], None] = _read_anyway
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._reload())

    def on_reload(self, reload: Callable[[], None]) -> None:
        """From now on there is something to read again."""
        self._reload = reload

    async def told_to_stop(self) -> None:
        """Wait for SIGTERM or SIGINT."""
        await self._stop.wait()

    async def unless_told_to_stop(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """Do something; None where the process is told to stop before it is done."""
        task = asyncio.create_task(work)
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            return task.result()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return None

    def _end(self) -> None:
        self._stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().remove_signal_handler(number)


def _read_anyway() -> None:
    log.info("the server is starting: keys and certificate will be read when the model is loaded")
