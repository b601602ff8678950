"""What the histogram of the event loop's lag says; the server's metrics count the loop's tasks."""

from __future__ import annotations

from math import inf

from prometheus_client import generate_latest

from loadtest.server_metrics import LATE_S, Lag, p99_ms, parse_lag, share_late
from streamer.server.metrics import Metrics


def measured(*lags: float) -> Lag:
    metrics = Metrics()
    for lag in lags:
        metrics.loop_lag.observe(lag)
    return parse_lag(generate_latest(metrics.registry).decode())


async def test_the_servers_own_histogram_is_understood() -> None:
    lag = measured(0.0, 0.001, 0.03)
    assert (lag[LATE_S], lag[inf]) == (2, 3)


async def test_what_lies_between_two_readings_counts() -> None:
    before, after = measured(0.03), measured(0.03, 0.001, 0.001, 0.03, 0.03)
    assert share_late(after - before) == 0.5


async def test_nothing_is_late_where_nothing_was_sampled() -> None:
    assert share_late(measured()) == share_late(measured(0.03) - measured(0.03)) == 0


async def test_ninety_nine_of_a_hundred_decide_the_99th_percentile() -> None:
    few, more = [0.001] * 99 + [0.03], [0.001] * 98 + [0.03] * 2
    assert p99_ms(measured(*few)) < 20 < p99_ms(measured(*more))
