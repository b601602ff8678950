"""What a server says of itself under /metrics: CPU, memory, and how late its event loop comes."""

from __future__ import annotations

import re
from collections import Counter
from math import inf
from urllib.request import urlopen

LATE_S = 0.02

Lag = Counter[float]
"""How many samples were up to so many seconds; the difference of two is what came between."""


def read_metrics(url: str) -> str:
    """Read all that a server at ws://… says of itself. Blocks."""
    with urlopen(url.replace("ws://", "http://") + "/metrics", timeout=30) as answer:
        return answer.read().decode()


def value(metrics: str, name: str) -> float:
    """Find a metric without labels. Raises LookupError."""
    found = re.search(rf"^{name} (\S+)$", metrics, re.MULTILINE)
    if found is None:
        raise LookupError(f"{name} is not told")
    return float(found[1])


def read_lag(url: str) -> Lag:
    """Read the event loop's histogram as it is by now. Blocks."""
    return parse_lag(read_metrics(url))


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
