"""Old against new: when noise decides, and when it does not."""

from __future__ import annotations

import pytest

from loadtest.compare.ratios import Verdict, compared


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        ([100.0, 101, 99, 100], Verdict.NOT_WORSE),
        ([200.0, 201, 199, 200], Verdict.NOT_WORSE),
        ([90.0, 91, 89, 90], Verdict.WORSE),
        ([80.0, 90, 110, 120], Verdict.UNDECIDED),
    ],
)
def test_half_of_the_ratios_decide(new: list[float], verdict: Verdict) -> None:
    found = compared([100.0] * 4, new, 0.03, more_is_better=True)
    assert found.verdict is verdict


def test_where_less_is_better_more_is_worse() -> None:
    old = [100.0] * 4
    assert compared(old, [110.0] * 4, 0.03, more_is_better=False).verdict is Verdict.WORSE
    assert compared(old, [102.9] * 4, 0.03, more_is_better=False).verdict is Verdict.NOT_WORSE
    assert compared(old, [50.0] * 4, 0.03, more_is_better=False).verdict is Verdict.NOT_WORSE


def test_a_machine_that_is_slower_in_one_round_is_so_for_both() -> None:
    found = compared([100.0, 50, 100], [100.0, 50, 100], 0.03, more_is_better=True)
    assert (found.ratio, found.low, found.high) == (1, 1, 1)
