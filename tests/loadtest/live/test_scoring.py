"""One stream's measures, whatever the protocol: finals, first partials, flicker, lost words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("jiwer", reason="needs the extra loadtest")
pytest.importorskip("whisper_normalizer", reason="needs the extra loadtest")

from loadtest.compare.live import capacity, kept
from loadtest.compare.live.page import BEGIN, END, put_into
from loadtest.compare.live.peer import Transcript
from loadtest.compare.live.scoring import Tally, tally
from loadtest.compare.live.speech import PAUSE_S, TAIL_S, Spoken, monologue
from loadtest.errors import CommandError
from loadtest.run.wer.manifest import Recording

SAID = [Spoken("Ask not what.", 1.0, 2.0), Spoken("For your country.", 3.0, 4.5)]


def scored(*told: tuple[float, str, str], partials: bool = True) -> Tally:
    total = Tally()
    tally(total, SAID, 100.0, Transcript([*told]), partials=partials)
    return total


def test_a_final_has_come_when_its_last_word_is_committed() -> None:
    total = scored(
        (101.6, "", "Ask"),
        (102.5, "", "Ask not what"),
        (102.9, "Ask not what.", ""),
        (103.6, "Ask not what.", "for"),
        (105.0, "Ask not what. For your country.", ""),
    )
    assert total.finals == pytest.approx([0.9, 0.5])
    assert total.first_partials == pytest.approx([0.6, 0.6])
    assert (total.lost, total.erased, total.words, total.errors.percent) == (0, 0, 6, 0)


def test_a_word_heard_wrong_stands_for_the_one_that_was_said() -> None:
    total = scored((102.9, "Ask not watt.", ""), (105.0, "Ask not watt. For your county.", ""))
    assert total.finals == pytest.approx([0.9, 0.5])
    assert total.errors.wrong == 2


def test_an_utterance_of_which_most_is_never_committed_is_lost() -> None:
    total = scored((104.0, "for", "your country"), (105.0, "for your country", ""))
    assert (total.lost, total.utterances) == (1, 2)
    assert total.finals == pytest.approx([0.5])


def test_what_is_only_shown_is_no_final() -> None:
    assert scored((105.0, "", "ask not what for your country")).lost == 2
    assert scored().lost == 2


def test_words_taken_back_are_flicker_and_punctuation_is_not() -> None:
    total = scored(
        (101.6, "", "Asked knots"), (102.0, "", "ask not what"), (103.0, "Ask, not what.", "")
    )
    assert (total.erased, total.words) == (2, 3)


def test_a_peer_without_partials_has_no_first_one() -> None:
    assert scored((105.0, "ask not what for your country", ""), partials=False).first_partials == []


def test_a_stream_tells_when_each_utterance_is_spoken(tmp_path: Path) -> None:
    tone = np.sin(np.arange(16_000) / 5).astype(np.float32) / 2
    silence = np.zeros(1600, np.float32)
    soundfile.write(tmp_path / "a.wav", np.concatenate([silence, tone, silence]), 16_000)
    one = Recording(tmp_path / "a.wav", "so")
    found = monologue([one, one], 0)
    assert [spoken.start_s for spoken in found.spoken] == pytest.approx(
        [PAUSE_S + 0.1, 2 * PAUSE_S + 1.3], abs=0.02
    )
    assert found.spoken[0].end_s == pytest.approx(PAUSE_S + 1.1, abs=0.02)
    assert len(found.samples) / 16_000 == pytest.approx(2 * (PAUSE_S + 1.2) + TAIL_S)


def cell(streams: int, p95: float | None, lost: int = 0) -> dict[str, object]:
    return {
        "streams": streams,
        "utterances": 3 * streams,
        "beyond_silence_ms": {"p50": p95, "p95": p95},
        "first_partial_ms": {"p50": None},
        "flicker": None,
        "lost": lost,
        "wer": 4.0,
        "cores_a_stream": 0.1,
        "cores_of_others": 0.0,
        "failures": [],
    }


def test_capacity_ends_with_the_first_step_that_is_missed() -> None:
    cells = [cell(1, 100), cell(2, 600), cell(4, 400), cell(8, 3000)]
    assert (capacity(cells, 500), capacity(cells, 2000)) == (1, 4)
    assert not kept(cell(1, 100, lost=1), 500)
    assert not kept(cell(1, None), 500)


def test_the_report_takes_its_place_in_a_page(tmp_path: Path) -> None:
    report = {
        "models": {"ours": "Moonshine"},
        "capacity": {"ours": {"500": 1, "2000": 1}},
        "cells": {"ours": [cell(1, 100), cell(2, 60_000)]},
    }
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}old\n{END}behind\n", encoding="utf-8")
    put_into(page, report)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("behind\n")
    assert "old" not in text
    assert "| ours, Moonshine | 1 | 100 / 100 | - | - | 0 of 3 | 4.0 | 0.1 | 0.0 |" in text
    assert (tmp_path / "live.svg").read_text(encoding="utf-8").count("<circle") == 3
    page.write_text("no place", encoding="utf-8")
    with pytest.raises(CommandError, match="compare live"):
        put_into(page, report)
