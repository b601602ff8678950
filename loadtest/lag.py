"""The server's event loop: how late it comes, by the server's own histogram."""

from __future__ import annotations

import re
from collections import Counter
from math import inf
from urllib.request import urlopen

LATE_S = 0.02

Lag = Counter[float]
"""How many samples were up to so many seconds; the difference of two is what came between."""


def read_lag(url: str) -> Lag:
    """Read the histogram as it is by now. Blocks."""
    with urlopen(url.replace("ws://", "http://") + "/metrics", timeout=10) as answer:
        return parse_lag(answer.read().decode())


def parse_lag(metrics: str) -> Lag:
    """Find the histogram among a server's metrics."""
    found = re.findall(r'streamer_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', metrics)
    return Counter({float(limit): int(float(count)) for limit, count in found})


def share_late(lag: Lag) -> float:
    """Return the share of samples above `LATE_S`, 0 to 1; 0 where there is none."""
    return round((lag[inf] - lag[LATE_S]) / max(1, lag[inf]), 4)


def p99_ms(lag: Lag) -> float:
    """Return the upper bound of the bucket that 99 % of the samples, at least one, fall into."""
    return round(1000 * min(limit for limit in lag if lag[limit] >= 0.99 * lag[inf]), 1)
