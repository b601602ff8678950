"""The largest number of streams that a server keeps its promise to."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

Run = Callable[[int, float], Awaitable[dict[str, Any]]]
"""(streams, seconds) to a report, whose `summary` says `met`."""

FIRST = 16
PRECISION = 20
"""The search ends where the gap between good and bad is a twentieth of the good."""


REST_S = 6.0
"""Between runs: a server that refuses by the load of its last seconds must have forgotten it."""


async def find_capacity(
    run: Run, search_s: float, confirm_s: float, rest_s: float = REST_S
) -> dict[str, Any]:
    """Double the streams until the goal is missed, and halve the gap, in short runs.

    Then confirm in a long one, with a twentieth fewer as long as that misses the goal.
    """
    runs: list[dict[str, Any]] = []

    async def met(streams: int, seconds: float) -> bool:
        await asyncio.sleep(rest_s)
        report = await run(streams, seconds)
        runs.append(report)
        print(json.dumps(report["summary"]), file=sys.stderr, flush=True)
        return bool(report["summary"]["met"])

    good, bad, streams = 0, None, FIRST
    while bad is None or bad - good > max(1, good // PRECISION):
        if await met(streams, search_s):
            good = streams
        else:
            bad = streams
        streams = good * 2 if bad is None else (good + bad) // 2
    while good > 0 and not await met(good, confirm_s):
        good -= max(1, good // PRECISION)
    return {"capacity": good, "search_s": search_s, "confirm_s": confirm_s, "runs": runs}
