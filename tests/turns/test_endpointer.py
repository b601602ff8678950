"""When utterances open and close, told in frames of 20 ms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.speech.end_reason import EndReason
from streamer.speech.frames import FrameLength
from streamer.turns.endpointer import (
    Boundary,
    Closed,
    Doubted,
    Endpointer,
    NearLimit,
    Opened,
    Paused,
    Settled,
)
from streamer.turns.endpointing import Endpointing

FRAME = FrameLength(320)

SPEECH_MS, SILENCE_MS = 160, 600
ONSET, SILENCE = 8, 30
PRE_ROLL_FRAMES, POST_ROLL_FRAMES, CUT_WINDOW_FRAMES = 15, 4, 8


def endpointer(limit_s: float = 35, silence_ms: int = SILENCE_MS) -> Endpointer:
    return Endpointer(Endpointing.by_voice(SPEECH_MS, silence_ms, limit_s, FRAME))


def run(machine: Endpointer, voiced: str, energies: list[float] | None = None) -> list[Boundary]:
    """Push one frame a character: anything but a dot is speech."""
    boundaries: list[Boundary] = []
    for at, flag in enumerate(voiced):
        boundaries += machine.push(flag != ".", energies[at] if energies else 1.0)
    return boundaries


def utterances(boundaries: list[Boundary]) -> list[Boundary]:
    return [boundary for boundary in boundaries if not isinstance(boundary, Settled | NearLimit)]


def test_silence_opens_nothing() -> None:
    assert run(endpointer(), "." * 500) == []


def test_a_click_opens_nothing() -> None:
    # WebRTC's detector holds a click for up to six frames.
    assert run(endpointer(), ("." * 50 + "vvvvvv") * 10) == []


def test_speech_opens_with_pre_roll_and_closes_after_silence() -> None:
    boundaries = run(endpointer(), "." * 100 + "v" * 50 + "." * 100)
    assert utterances(boundaries) == [
        Opened(100 - PRE_ROLL_FRAMES),
        Closed(150 + POST_ROLL_FRAMES, EndReason.SILENCE),
    ]


def test_pre_roll_never_reaches_before_the_stream() -> None:
    assert run(endpointer(), "..." + "v" * 20)[0] == Opened(0)


def test_pre_roll_never_reaches_into_the_utterance_before() -> None:
    machine = endpointer(silence_ms=100)
    boundaries = utterances(run(machine, "v" * 20 + "." * 8 + "v" * 20))
    assert boundaries == [Opened(0), Closed(24, EndReason.SILENCE), Opened(24)]


def test_an_utterance_settles_before_it_closes_and_at_the_same_end() -> None:
    boundaries = run(endpointer(), "v" * 40 + "." * 60)
    assert boundaries == [
        Opened(0),
        Settled(40 + POST_ROLL_FRAMES),
        Closed(40 + POST_ROLL_FRAMES, EndReason.SILENCE),
    ]


def test_a_short_pause_closes_nothing() -> None:
    boundaries = run(endpointer(), ("v" * 30 + "." * (SILENCE - 1)) * 5)
    assert utterances(boundaries) == [Opened(0)]


def test_a_click_in_a_pause_does_not_hold_the_utterance_open() -> None:
    boundaries = run(endpointer(), "v" * 30 + "." * 12 + "vvvvv" + "." * 13)
    assert boundaries[-1] == Closed(30 + POST_ROLL_FRAMES, EndReason.SILENCE)


def test_speech_after_a_pause_goes_on_in_the_same_utterance() -> None:
    machine = endpointer()
    boundaries = run(machine, "v" * 30 + "." * 20 + "v" * 30 + "." * SILENCE)
    assert utterances(boundaries)[-1] == Closed(80 + POST_ROLL_FRAMES, EndReason.SILENCE)


def test_a_drop_out_inside_a_word_ends_nothing_even_at_the_shortest_silence() -> None:
    boundaries = run(endpointer(silence_ms=100), "v" * 20 + "..." + "vv" + "..." + "v" * 20)
    assert utterances(boundaries) == [Opened(0)]


def test_the_limit_cuts_in_the_middle_of_the_quietest_window_of_the_last_five_seconds() -> None:
    energies = [1.0] * 2000
    quiet = 35 * 50 - 100
    energies[quiet : quiet + CUT_WINDOW_FRAMES] = [0.1] * CUT_WINDOW_FRAMES
    boundaries = run(endpointer(), "v" * 1760, energies)
    middle = quiet + CUT_WINDOW_FRAMES // 2
    assert boundaries == [
        Opened(0),
        NearLimit(),
        Closed(middle, EndReason.LIMIT),
        Opened(middle),
    ]


def near_the_limit(voiced: str) -> Endpointer:
    machine = endpointer(limit_s=10)
    assert run(machine, voiced)[-1] == NearLimit()
    return machine


def test_of_the_places_between_words_the_limit_cuts_at_the_quietest() -> None:
    machine = near_the_limit("v" * 400)
    machine.words_end_at([100, 300, 350, 390])
    energies = [0.1] * 340 + [0.5] * 20 + [1.0] * 140
    assert run(machine, "v" * 100, energies[400:])[0] == Closed(300, EndReason.LIMIT)


def test_a_pause_counts_where_words_are_known_too() -> None:
    machine = near_the_limit("v" * 400)
    machine.words_end_at([350])
    energies = [1.0] * 20 + [0.0] * 12 + [1.0] * 68
    _, closed, _ = run(machine, "v" * 20 + "." * 12 + "v" * 68, energies)
    assert isinstance(closed, Closed)
    assert 420 < closed.end < 432


def test_where_words_end_in_one_utterance_says_nothing_of_the_next() -> None:
    machine = near_the_limit("v" * 400)
    machine.words_end_at([300])
    assert run(machine, "v" * 100)[-1] == Opened(300)
    assert run(machine, "v" * 300, [0.5] * 190 + [0.1] * 8 + [1.0] * 102)[1] == Closed(
        694, EndReason.LIMIT
    )


def test_a_cut_before_silence_opens_no_new_utterance() -> None:
    voiced = "v" * 90 + "." * 20
    energies = [1.0] * 90 + [0.0] * 20
    machine = endpointer(limit_s=2)
    assert utterances(run(machine, voiced, energies)) == [Opened(0), Closed(94, EndReason.LIMIT)]


def test_without_detection_everything_is_one_utterance_until_it_is_closed() -> None:
    machine = Endpointer(Endpointing.by_hand(35, FRAME))
    boundaries = run(machine, "v" * 10) + machine.close(EndReason.FLUSH) + run(machine, "v" * 5)
    assert boundaries == [Opened(0), Closed(10, EndReason.FLUSH), Opened(10)]


def by_hand(voiced: str) -> Endpointer:
    machine = Endpointer(Endpointing.by_hand(35, FRAME))
    run(machine, voiced)
    return machine


def test_who_closes_by_hand_behind_speech_closes_where_it_settled() -> None:
    for still in (4, 10, 29):
        closed = by_hand("." * 40 + "v" * 40 + "." * still).close(EndReason.FLUSH)
        assert closed == [Closed(80 + POST_ROLL_FRAMES, EndReason.FLUSH)]


@pytest.mark.parametrize(
    "voiced",
    ["." * 60, "v" * 60, "v" * 60 + "." * 3, "v" * 60 + "." * 10 + "vv", "v" * 60 + "." * 31],
)
def test_nothing_else_is_left_out_of_what_is_closed_by_hand(voiced: str) -> None:
    machine = by_hand(voiced)
    assert machine.close(EndReason.FLUSH) == [Closed(len(voiced), EndReason.FLUSH)]


def test_what_was_left_out_belongs_to_the_next_utterance() -> None:
    machine = by_hand("v" * 40 + "." * 10)
    machine.close(EndReason.FLUSH)
    assert machine.keeps_from == 40 + POST_ROLL_FRAMES
    assert run(machine, ".") == [Opened(40 + POST_ROLL_FRAMES)]


def test_closing_in_silence_does_nothing() -> None:
    machine = endpointer()
    run(machine, "." * 40)
    assert machine.close(EndReason.FLUSH) == []


def test_new_rules_hold_from_the_next_utterance_on() -> None:
    machine = endpointer()
    run(machine, "v" * 30)
    machine.rules_for_next(Endpointing.by_voice(SPEECH_MS, 100, 35, FRAME))
    first = run(machine, "." * SILENCE)
    second = run(machine, "v" * 30 + "." * 5)
    assert first[-1] == Closed(30 + POST_ROLL_FRAMES, EndReason.SILENCE)
    assert second[-1] == Closed(30 + SILENCE + 34, EndReason.SILENCE)


def test_a_pause_shows_from_settling_until_speech() -> None:
    machine = endpointer()
    run(machine, "v" * 30 + "." * (POST_ROLL_FRAMES - 1))
    assert not machine.is_settled
    run(machine, ".")
    assert machine.is_settled
    run(machine, "v" * 6)
    assert not machine.is_settled


flags = st.lists(st.tuples(st.sampled_from("v."), st.integers(1, 120)), max_size=30).map(
    lambda runs: "".join(flag * length for flag, length in runs)
)


@given(
    flags,
    st.integers(1, 4),
    st.sampled_from([100, 300, 600, 3000]),
    st.sampled_from([20, 160, 500]),
)
def test_utterances_are_ordered_disjoint_and_within_the_limit(
    voiced: str, limit_s: int, silence_ms: int, speech_ms: int
) -> None:
    machine = Endpointer(Endpointing.by_voice(speech_ms, silence_ms, limit_s, FRAME))
    energies = [float((at * 7919) % 101) for at in range(len(voiced))]
    boundaries: list[Boundary] = []
    end = 0
    opened: int | None = None
    for at, flag in enumerate(voiced):
        keeps_from = machine.keeps_from
        for boundary in machine.push(flag == "v", energies[at]):
            boundaries.append(boundary)
            match boundary:
                case Opened(start):
                    assert opened is None
                    assert max(end, keeps_from) <= start <= at + 1
                    opened = start
                case Settled(settled):
                    assert opened is not None
                    assert settled == at + 1
                case Paused():
                    pytest.fail("nobody judges")
                case NearLimit() | Doubted():
                    assert opened is not None
                case Closed(closed, _):
                    assert opened is not None
                    assert opened < closed <= at + 1
                    assert closed - opened <= limit_s * 50
                    opened, end = None, closed
    # A run of speech is never thrown away: once confirmed it lies inside an utterance.
    last = machine.close(EndReason.STOP)
    assert bool(last) == (opened is not None)


@given(flags)
def test_confirmed_speech_is_always_inside_an_utterance(voiced: str) -> None:
    machine = endpointer()
    boundaries = run(machine, voiced) + machine.close(EndReason.STOP)
    spans: list[tuple[int, int]] = []
    start = 0
    for boundary in boundaries:
        match boundary:
            case Opened(at):
                start = at
            case Closed(at, _):
                spans.append((start, at))
            case Settled() | Paused() | NearLimit() | Doubted():
                pass
    run_length = 0
    for at, flag in enumerate(voiced):
        run_length = run_length + 1 if flag == "v" else 0
        if run_length >= ONSET:
            assert any(begin <= at < end for begin, end in spans)


def test_voiced_frames_that_are_far_apart_never_add_up_to_an_onset() -> None:
    machine = Endpointer(Endpointing.by_voice(100, SILENCE_MS, 35, FRAME))
    assert run(machine, "v..." * 50) == []


def test_speech_before_a_flush_opens_nothing_after_it() -> None:
    machine = endpointer()
    run(machine, "v" * 20)
    assert machine.close(EndReason.FLUSH) == [Closed(20, EndReason.FLUSH)]
    assert run(machine, "." * 5) == []


@pytest.mark.parametrize("onset", [2, ONSET])
def test_an_onset_may_have_two_unvoiced_frames_within_and_no_more(onset: int) -> None:
    rules = Endpointing.by_voice(onset * 20, SILENCE_MS, 35, FRAME)
    assert run(Endpointer(rules), "v" * (onset - 1) + ".." + "v") == [Opened(0)]
    assert run(Endpointer(rules), "v" * (onset - 1) + "..." + "v") == []
