"""Turns, medians of ratios, and who said the same."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs the extra loadtest")

from loadtest.compare.contestants import Contestant
from loadtest.compare.rounds import Track, choose, report, run_rounds, share_of_equals
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions

CLIP = Clip(np.zeros(1600, np.float32), DecodeOptions("en"))


def contestant(
    peer: str, variant: str, *, seconds: float = 0.0, texts: list[str] | None = None
) -> Contestant:
    def everything() -> list[str]:
        time.sleep(seconds)
        return texts or ["a", "b"]

    return Contestant(peer, variant, everything, lambda _: "a")


def test_each_peer_goes_on_with_its_fastest_variant() -> None:
    slow, fast = contestant("x", "slow", seconds=0.02), contestant("x", "fast")
    other = contestant("y", "only", seconds=0.03)
    assert choose([slow, fast, other], 1.0) == [fast, other]


def test_everyone_does_everything_once_a_round_and_each_round_begins_with_another() -> None:
    turns: list[str] = []

    def noting(peer: str) -> Contestant:
        return Contestant(peer, "", lambda: turns.append(peer) or ["a"], lambda _: "a")

    tracks = run_rounds([noting("x"), noting("y")], [CLIP], 1.0, 2)
    assert turns == ["x", "y", "y", "x"]
    assert [len(track.rtfx) for track in tracks] == [2, 2]
    assert [len(track.alone_s) for track in tracks] == [2, 2]


def test_a_ratio_is_the_median_of_the_rounds_ratios_not_the_ratio_of_medians() -> None:
    ours = Track(contestant("streamer", "server"), [10, 40, 90], [0.1], ["a", "b"])
    peer = Track(contestant("x", "only"), [10, 10, 45], [0.2], ["a", "c"])
    mine, theirs = report([ours, peer], ["a", "b"])
    assert mine["ours_over_it"] == 1.0
    assert theirs["ours_over_it"] == 2.0
    assert (mine["equal_texts"], theirs["equal_texts"]) == (1.0, 0.5)


def test_a_missing_text_is_an_error_and_not_a_difference() -> None:
    with pytest.raises(ValueError, match="longer than"):
        share_of_equals(["a"], ["a", "b"])
