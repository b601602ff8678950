"""Where in time each character was spoken: the best path of the CTC head's own output."""

import numpy as np
from numpy.typing import NDArray

_NEVER = np.float32(-1e9)


def forced_alignment(
    log_probs: NDArray[np.float32],
    frames: NDArray[np.int64],
    labels: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Viterbi over CTC states for a batch.

    log_probs (B, T, C) with the blank at 0; frames (B,) valid frames; labels (B, N) padded with 0;
    sizes (B,) labels a row. Returns (B, N): the frame at which each label is first emitted, -1 for
    padding and for every label of a row whose labels do not fit into its frames.
    """
    rows, total, _ = log_probs.shape
    width = labels.shape[1]
    states = np.zeros((rows, 2 * width + 1), np.int64)
    states[:, 1::2] = labels
    skip = np.zeros_like(states, dtype=bool)
    skip[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    emit = np.take_along_axis(
        log_probs, np.broadcast_to(states[:, None], (rows, total, states.shape[1])), 2
    )
    score = np.full(states.shape, _NEVER, np.float32)
    score[:, :2] = emit[:, 0, :2]
    back = np.zeros((total, *states.shape), np.int8)
    scores_at_end = score.copy()
    for t in range(1, total):
        one = np.full_like(score, _NEVER)
        one[:, 1:] = score[:, :-1]
        two = np.full_like(score, _NEVER)
        two[:, 2:] = np.where(skip[:, 2:], score[:, :-2], _NEVER)
        best = np.maximum(score, one)
        step = (one > score).astype(np.int8)
        step[two > best] = 2
        score = np.maximum(best, two) + emit[:, t]
        back[t] = step
        ends = frames - 1 == t
        scores_at_end[ends] = score[ends]
    return _trace(back, scores_at_end, frames, sizes, width)


def _trace(
    back: NDArray[np.int8],
    final: NDArray[np.float32],
    frames: NDArray[np.int64],
    sizes: NDArray[np.int64],
    width: int,
) -> NDArray[np.int64]:
    rows = len(frames)
    every = np.arange(rows)
    last = 2 * sizes
    before = np.maximum(last - 1, 0)
    state = np.where(final[every, before] > final[every, last], before, last)
    fits = final[every, state] > _NEVER / 2
    out = np.full((rows, width), -1, np.int64)
    for t in range(len(back) - 1, -1, -1):
        inside = (t < frames) & fits & (state % 2 == 1)
        out[every[inside], state[inside] // 2] = t
        moves = (t < frames) & (t > 0)
        state = state - np.where(moves, back[t, every, state], 0)
    return out
