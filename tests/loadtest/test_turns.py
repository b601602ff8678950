"""Delay against false ends: what is heard, what is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from sounds import silence, voice
from toy_turns import ToyTurnModel

from loadtest.run.turns.listening import Listener
from loadtest.run.turns.material import LEAD_S, TAIL_S, Heard, heard_of
from loadtest.run.turns.rules import RULES
from loadtest.run.turns.scores import scored
from loadtest.run.wer.manifest import Recording


def recording(folder: Path, text: str) -> Recording:
    """Two stretches of a voice with half a second between them."""
    parts = [voice(1.5), silence(0.5), voice(1.5, seed=2)]
    path = folder / "spoken.wav"
    soundfile.write(path, np.concatenate(parts), 16_000, subtype="FLOAT")
    return Recording(path, text)


def heard(folder: Path, probability: float) -> Heard:
    one = heard_of(recording(folder, "One sentence."), "clean", None, 0)
    Listener(ToyTurnModel(probability)).hear(one)
    return one


@pytest.mark.parametrize("kind", ["clean", "mulaw", "noise"])
def test_sound_ends_where_the_recording_does_and_room_is_around_it(
    tmp_path: Path, kind: str
) -> None:
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32)
    one = heard_of(recording(tmp_path, "One."), kind, noise, 0)
    assert len(one.samples) == pytest.approx((LEAD_S + 3.5 + TAIL_S) * 16_000, abs=2)
    assert one.sound_ends == pytest.approx(LEAD_S + 3.5, abs=0.03)


def test_a_short_silence_cuts_at_the_pause_and_a_long_one_waits(tmp_path: Path) -> None:
    one = heard(tmp_path, 0.9)
    hasty, patient = scored([one], "silence 300"), scored([one], "silence 800")
    assert (hasty.pauses, hasty.false_ends, hasty.cut_clips) == (1, 1, 1)
    assert (patient.pauses, patient.false_ends, patient.cut_clips) == (1, 0, 0)
    assert patient.delay_p50 == pytest.approx(hasty.delay_p50 + 0.5, abs=0.05)


def test_the_model_holds_a_pause_that_it_doubts(tmp_path: Path) -> None:
    assert scored([heard(tmp_path, 0.9)], "auto 300").false_ends == 1
    assert scored([heard(tmp_path, 0.1)], "auto 300").false_ends == 0
    assert scored([heard(tmp_path, 0.1)], "auto").delay_p50 > 1.0


def test_every_rule_is_heard(tmp_path: Path) -> None:
    assert set(heard(tmp_path, 0.5).ends) == set(RULES)


@pytest.mark.parametrize(
    ("text", "complete", "one_sentence"),
    [
        ("A whole sentence.", True, True),
        ("Is it? It is.", True, False),
        ("A part, and", False, True),
        ("First; then second", False, False),
        ('He said "yes."', True, True),
    ],
)
def test_what_counts_is_read_off_the_text(text: str, complete: bool, one_sentence: bool) -> None:
    one = Heard(np.zeros(1, np.float32), 0.0, text)
    assert (one.is_complete, one.is_one_sentence) == (complete, one_sentence)
