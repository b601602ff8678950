"""Greedy decoding of rows that advance together, on rows that follow a script."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.decoding.greedy import decode_greedily
from streamer.decoding.request import Decoded

VOCABULARY = 12
EOS = 0
PROMPT = [7, 8, 9]


class ScriptedRows:
    """Rows that say what they are told to, whatever they are fed, and remember what that was."""

    def __init__(self, scripts: list[list[int]]) -> None:
        self._scripts = scripts
        self._rows = list(range(len(scripts)))
        self._fed: list[list[int]] = [[] for _ in scripts]
        self.calls = 0
        self.row_steps = 0

    def feed(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        self.calls += 1
        self.row_steps += len(tokens)
        logits = np.zeros((len(tokens), VOCABULARY), np.float32)
        for place, row in enumerate(self._rows):
            self._fed[row] += tokens[place].tolist()
            step = len(self._fed[row]) - len(PROMPT)
            script = self._scripts[row]
            logits[place, script[step] if step < len(script) else EOS] = 2.0
        return logits

    def keep(self, rows: NDArray[np.int64]) -> None:
        self._rows = [self._rows[place] for place in rows]

    def heard(self, row: int) -> list[int]:
        return self._fed[row]


def decoded(scripts: list[list[int]], positions: int) -> tuple[list[Decoded], ScriptedRows]:
    rows = ScriptedRows(scripts)
    prompts = np.array([PROMPT] * len(scripts), np.int64)
    results = list(decode_greedily(rows, prompts, EOS, positions))
    assert sorted(row for row, _ in results) == list(range(len(scripts)))
    by_row = dict(results)
    return [by_row[row] for row in range(len(scripts))], rows


scripts = st.lists(st.lists(st.integers(1, VOCABULARY - 1), max_size=20), min_size=1, max_size=6)


@settings(deadline=None)
@given(scripts)
def test_each_row_says_its_own_whoever_shares_the_batch(scripts: list[list[int]]) -> None:
    results, rows = decoded(scripts, positions=100)
    assert [list(result.tokens) for result in results] == scripts
    for row, script in enumerate(scripts):
        assert rows.heard(row)[: len(PROMPT) + len(script)] == PROMPT + script


@settings(deadline=None)
@given(scripts)
def test_at_most_half_of_the_work_is_on_rows_that_ended(scripts: list[list[int]]) -> None:
    _, rows = decoded(scripts, positions=100)
    needed = sum(len(script) + 1 for script in scripts)
    assert rows.calls == max(map(len, scripts)) + 1
    assert rows.row_steps <= 2 * needed


@settings(deadline=None)
@given(scripts, st.integers(len(PROMPT) + 1, 30))
def test_prompt_and_output_never_exceed_the_positions(
    scripts: list[list[int]], positions: int
) -> None:
    results, _ = decoded(scripts, positions)
    for result, script in zip(results, scripts, strict=True):
        assert list(result.tokens) == script[: positions - len(PROMPT)]


def test_a_row_is_yielded_in_the_step_in_which_it_ends() -> None:
    rows = ScriptedRows([[1, 2, 3, 4], [5]])
    ends = decode_greedily(rows, np.array([PROMPT] * 2, np.int64), EOS, positions=100)
    first, result = next(ends)
    assert (first, result.tokens, rows.calls) == (1, (5,), 2)


def test_confidence_is_the_mean_probability_of_the_choices_and_of_the_end() -> None:
    results, _ = decoded([[3, 4]], positions=100)
    one = np.exp(2.0) / (np.exp(2.0) + VOCABULARY - 1)
    assert results[0].confidence == pytest.approx(one, abs=1e-6)


def test_rows_that_ended_are_left_behind_once_they_are_half_and_not_sooner() -> None:
    _, rows = decoded([[1], [1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]], positions=100)
    # Calls: four rows till two have ended, in the fourth; then two.
    assert (rows.calls, rows.row_steps) == (6, 4 * 4 + 2 * 2)
