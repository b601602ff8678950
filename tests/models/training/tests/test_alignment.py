"""Forced alignment by the best CTC path."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.training.alignment import forced_alignment


def _sure_of(path: list[int], classes: int) -> np.ndarray:
    """Log-probabilities that all but name the label of each frame."""
    out = np.full((1, len(path), classes), -10.0, np.float32)
    out[0, np.arange(len(path)), path] = -0.01
    return out


def test_labels_are_found_where_the_model_is_sure_of_them() -> None:
    found = forced_alignment(
        _sure_of([0, 0, 1, 0, 2, 2, 0], 3), np.array([7]), np.array([[1, 2]]), np.array([2])
    )
    assert found.tolist() == [[2, 4]]


def test_a_repeated_label_needs_a_blank_between() -> None:
    found = forced_alignment(
        _sure_of([1, 1, 0, 1, 0], 2), np.array([5]), np.array([[1, 1]]), np.array([2])
    )
    assert found.tolist() == [[0, 3]]


def test_a_text_that_does_not_fit_is_not_aligned() -> None:
    found = forced_alignment(
        _sure_of([1, 1], 4), np.array([2]), np.array([[1, 2, 3]]), np.array([3])
    )
    assert found.tolist() == [[-1, -1, -1]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000))
def test_rows_of_a_batch_do_not_see_each_other_and_labels_come_in_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal((3, 12, 5)).astype(np.float32)
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    frames, sizes = rng.integers(8, 13, 3), rng.integers(0, 5, 3)
    labels = np.where(np.arange(4) < sizes[:, None], rng.integers(1, 5, (3, 4)), 0)
    together = forced_alignment(log_probs, frames, labels, sizes)
    for row in range(3):
        one = slice(row, row + 1)
        alone = forced_alignment(log_probs[one], frames[one], labels[one], sizes[one])
        assert together[row].tolist() == alone[0].tolist()
        times = together[row, : sizes[row]]
        assert (np.diff(times) > 0).all() or (times == -1).all()
        assert (times < frames[row]).all()
        assert (together[row, sizes[row] :] == -1).all()
