"""Utterances as cues that can be read: the page's own code is held to the same vectors."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.speech.hypothesis import Word
from streamer.speech.subtitle_text import LINE_COLUMNS, columns, pieces
from streamer.speech.subtitles import LONGEST_S, SHORTEST_S, Spoken, cues_of
from streamer.speech.word_spans import spread_words

VECTORS = json.loads(Path(__file__).with_name("subtitles.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    cues = cues_of(Spoken(**utterance) for utterance in vector["utterances"])
    told = [
        {"start": round(cue.start, 3), "end": round(cue.end, 3), "lines": list(cue.lines)}
        for cue in cues
    ]
    assert told == vector["cues"]


def test_the_words_times_are_the_models_where_it_has_told_them() -> None:
    text = f"{'word ' * 15}word. {'more ' * 15}more."
    words = list(spread_words(text, 0.0, 3.0, 1.0))
    words[16:] = [Word(one.text, one.start + 2.5, one.end + 2.5, 1.0) for one in words[16:]]
    starts = [cue.start for cue in cues_of([Spoken(text, 0.0, 6.0, tuple(words))])]
    assert starts == [0.0, words[16].start]


def test_words_that_are_not_the_texts_are_not_believed() -> None:
    word = Word("Other.", 5.0, 6.0, 1.0)
    (cue,) = cues_of([Spoken("Text.", 1.0, 2.0, (word,))])
    assert (cue.start, cue.lines) == (1.0, ("Text.",))


SOME = ["so", "yes.", "well,", "天気", "です。", "e\u0301", "x" * 50]
texts = st.text(max_size=400) | st.lists(st.sampled_from(SOME)).map(" ".join)


@st.composite
def spoken(draw: st.DrawFn) -> Spoken:
    start = draw(st.floats(0, 1e5))
    end = start + draw(st.floats(0, 60))
    return Spoken(draw(texts), start, end, label_columns=draw(st.integers(0, 20)))


utterances = spoken()


@given(utterances)
def test_nothing_is_lost_and_no_word_is_out_of_its_order(one: Spoken) -> None:
    shown = "".join("".join(cue.lines) for cue in cues_of([one]))
    assert shown.replace(" ", "") == "".join(one.text.split())


@given(utterances)
def test_a_cue_has_two_lines_that_fit(one: Spoken) -> None:
    for cue in cues_of([one]):
        assert 1 <= len(cue.lines) <= 2
        assert columns(cue.lines[0]) <= LINE_COLUMNS - one.label_columns
        assert all(columns(line) <= LINE_COLUMNS for line in cue.lines)
        assert cue.lines[-1], "no empty line would end a cue"


@given(st.lists(utterances, max_size=8))
def test_cues_follow_each_other_and_go_in_time(several: list[Spoken]) -> None:
    cues = list(cues_of(sorted(several, key=lambda one: one.start)))
    assert all(before.end <= after.start for before, after in pairwise(cues))
    assert all(0 < cue.end - cue.start <= LONGEST_S + 1e-6 for cue in cues)


@given(utterances)
def test_the_last_cue_is_not_missed(one: Spoken) -> None:
    for cue in list(cues_of([one]))[-1:]:
        assert cue.end - cue.start >= SHORTEST_S - 1e-6


few_words = st.lists(st.sampled_from(["so", "yes", "well", "telephone"]), max_size=4)


@given(st.lists(few_words, min_size=1, max_size=5))
def test_where_sentences_fit_they_are_not_cut(sentences: list[list[str]]) -> None:
    text = " ".join(" ".join([*words, "end."]) for words in sentences)
    cues = cues_of([Spoken(text, 0.0, 6.0)])
    assert all(cue.lines[-1].endswith("end.") for cue in cues)


@given(st.text(min_size=1, max_size=300).map(lambda text: "".join(text.split())).filter(bool))
def test_a_word_is_cut_into_pieces_that_fit_a_line(word: str) -> None:
    cut = list(pieces(word))
    assert "".join(piece.text for piece in cut) == word
    assert all(piece.columns == columns(piece.text) <= LINE_COLUMNS for piece in cut)
    assert [piece.spaced for piece in cut] == [True] + [False] * (len(cut) - 1)
