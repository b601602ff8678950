"""Who is live and who is ahead of real time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.dispatch.account import BURST_S, CREDIT_S, LEAST_CHARGE_S, MOST_S, Account

LENGTHS = st.floats(min_value=0.6, max_value=35)


@given(st.lists(LENGTHS, max_size=30), st.floats(min_value=0, max_value=1e6))
def test_what_is_said_in_real_time_is_urgent(lengths: list[float], began: float) -> None:
    account, said_s = Account(began), 0.0
    for length in lengths:
        said_s += length
        assert account.patience_s(began + said_s + 0.001, 0, said_s) < 0.01


@given(st.lists(LENGTHS, min_size=2, max_size=30))
def test_a_file_sent_in_a_moment_is_as_patient_as_it_is_long(lengths: list[float]) -> None:
    account, said_s = Account(0.0), 0.0
    for length in lengths:
        said_s += length
        assert account.patience_s(0.0, 0, said_s) >= min(said_s, MOST_S) - 1e-6


@given(st.integers(1, 8), st.floats(min_value=0.01, max_value=0.4))
def test_many_tiny_utterances_become_patient_however_many_channels_bring_them(
    channels: int, length: float
) -> None:
    account, now, urgent = Account(0.0), 0.0, 0
    while now < 20:
        now += length
        for channel in range(channels):
            urgent += account.patience_s(now, channel, now) == 0
    assert urgent <= (now + BURST_S) / LEAST_CHARGE_S + 1


def test_two_people_of_a_call_answer_each_other_at_once() -> None:
    account = Account(0.0)
    for at in range(1, 60):
        assert account.patience_s(float(at), at % 2, float(at)) == 0


def test_who_was_away_and_sends_what_was_missed_is_still_live() -> None:
    account = Account(0.0)
    assert account.patience_s(5.0, 0, 5.0) == 0
    assert account.patience_s(25.0, 0, 24.0) == 0


def test_nobody_saves_up_more_than_that() -> None:
    account = Account(0.0)
    assert account.patience_s(100.0, 0, 10.0) == 0
    assert account.patience_s(100.0, 0, 100.0) == 90 - CREDIT_S


def test_patience_ends_with_time() -> None:
    account = Account(0.0)
    assert account.patience_s(0.0, 0, 20.0) == 20.0
    assert account.patience_s(30.0, 0, 25.0) == 0
