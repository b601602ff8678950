"""What is expected of sessions that have only just come."""

from __future__ import annotations

import pytest

from streamer.server.admission.forecast import ENOUGH, SETTLED_S, Forecast


def test_where_nobody_came_lately_one_more_costs_as_much_as_each() -> None:
    forecast = Forecast()
    forecast.with_one_more(0.0, 0.5, 50)
    assert forecast.with_one_more(60.0, 0.5, 50) == pytest.approx(0.51)


def test_sessions_that_do_not_show_their_load_yet_will_cost_what_the_others_do() -> None:
    forecast = Forecast()
    for tenth in range(100):
        forecast.with_one_more(tenth / 10, 0.0, tenth)
    settled = round(100 - SETTLED_S * 10)
    assert forecast.with_one_more(10.0, 0.4, 100) == pytest.approx(0.4 * 101 / settled)


def test_nothing_is_inferred_from_a_handful() -> None:
    forecast = Forecast()
    forecast.with_one_more(0.0, 0.9, ENOUGH - 1)
    assert forecast.with_one_more(60.0, 0.9, ENOUGH - 1) == 0.9


def test_after_many_have_left_the_rest_are_not_taken_for_new() -> None:
    forecast = Forecast()
    forecast.with_one_more(0.0, 0.8, 80)
    assert forecast.with_one_more(60.0, 0.4, 40) == pytest.approx(0.4 * 41 / 40)


def test_a_flood_of_requests_is_not_remembered_one_by_one() -> None:
    forecast = Forecast()
    for request in range(100_000):
        forecast.with_one_more(request / 100_000, 0.5, 10)
    assert len(forecast._seen) < 100  # pyright: ignore[reportPrivateUsage]
