"""Our graphs beside transformers' own model, on random weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.families.moonshine.export.reference import SHAPES, generated, logits, random_model
from tests.families.moonshine.graphs import Graphs, noise

if TYPE_CHECKING:
    from transformers import MoonshineForConditionalGeneration

torch = pytest.importorskip("torch", reason="export and its reference need the extra [export]")
pytest.importorskip("transformers", reason="export and its reference need the extra [export]")
pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.families.moonshine.export.writing import write_graphs
from streamer.families.moonshine.numbers import LEAST_SAMPLES

LENGTHS = [LEAST_SAMPLES, 16_000, 5_000, LEAST_SAMPLES + 1, 24_000, 9_001, 30_000]
MOST = 24


@pytest.fixture(scope="module", params=SHAPES, ids=[shape.name for shape in SHAPES])
def model(request: pytest.FixtureRequest) -> MoonshineForConditionalGeneration:
    return random_model(request.param)


@pytest.fixture(scope="module")
def graphs(
    model: MoonshineForConditionalGeneration, tmp_path_factory: pytest.TempPathFactory
) -> Graphs:
    folder = tmp_path_factory.mktemp("moonshine")
    write_graphs(model, folder, name="tiny", language="en")
    return Graphs.of(folder)


def test_a_batch_of_mixed_lengths_says_token_for_token_what_generate_says(
    model: MoonshineForConditionalGeneration, graphs: Graphs
) -> None:
    clips = [noise(n) for n in LENGTHS]
    heard = graphs.heard(clips, MOST)
    expected = [generated(model, clip, MOST) for clip in clips]
    assert heard == expected
    assert len(set(expected)) > len(clips) // 2, "the reference must tell clips apart"


def test_encoded_frames_are_those_of_the_clip_alone(graphs: Graphs) -> None:
    clips = [noise(n) for n in LENGTHS]
    together, frames = graphs.encode(clips)
    for row, clip in enumerate(clips):
        alone, (count,) = graphs.encode([clip])
        first = (len(clip) - 127) // 64 + 1
        assert frames[row] == count == (((first - 7) // 3 + 1) - 3) // 2 + 1
        for one, other in zip(alone, together, strict=True):
            np.testing.assert_allclose(other[row, :, :count], one[0], atol=1e-4)


def test_rows_of_any_age_get_the_models_logits_whatever_else_the_caches_hold(
    model: MoonshineForConditionalGeneration, graphs: Graphs
) -> None:
    """Random tokens, teacher-forced in calls of random lengths, in caches full of rubbish."""
    generator = np.random.default_rng(3)
    clips = [noise(n) for n in LENGTHS[:4]]
    cross, frames = graphs.encode(clips)
    rows = len(clips)
    own = [graphs.rubbish(rows, 30) for _ in range(2 * graphs.layers)]
    tokens = generator.integers(0, model.config.vocab_size, (rows, 30))
    expected = [logits(model, clip, tokens[row]) for row, clip in enumerate(clips)]
    done = np.zeros(rows, np.int64)
    while done.max() < 27:
        counts = generator.integers(0, 4, rows)
        fed = np.zeros((rows, max(1, int(counts.max()))), np.int64)
        for row, count in enumerate(counts):
            fed[row, :count] = tokens[row, done[row] : done[row] + count]
        answer = graphs.decode(fed, done, frames, own, cross)
        new = [answer[f"new_{part}_{i}"] for i in range(graphs.layers) for part in "kv"]
        for row, count in enumerate(counts):
            wanted = expected[row][done[row] : done[row] + count]
            np.testing.assert_allclose(answer["logits"][row, :count], wanted, rtol=1e-4, atol=5e-4)
            best = torch.log_softmax(torch.from_numpy(wanted), dim=-1).max(dim=-1)
            # Where two are as likely as each other, by chance, either may be chosen.
            chosen = np.take_along_axis(wanted, answer["chosen"][row, :count, None], axis=-1)
            np.testing.assert_allclose(chosen[:, 0], wanted.max(axis=-1), rtol=1e-4, atol=1e-3)
            np.testing.assert_allclose(
                answer["log_probability"][row, :count], best.values, atol=2e-4
            )
            for cache, columns in zip(own, new, strict=True):
                cache[row, :, done[row] : done[row] + count] = columns[row, :, :count]
        done += counts


def test_in_integers_a_rows_result_is_its_own(
    model: MoonshineForConditionalGeneration, tmp_path: Path
) -> None:
    write_graphs(model, tmp_path, name="tiny", language="en", int8=True)
    graphs = Graphs.of(tmp_path, ".int8.onnx")
    cross, frames = graphs.encode([noise(9_000)])
    tokens = np.array([[1, 5, 7]])
    (alone,) = graphs.decode(
        tokens, np.zeros(1, np.int64), frames, [graphs.rubbish(1, 4)] * 2 * graphs.layers, cross
    )["logits"]
    company = graphs.decode(
        np.array([[3, 9, 8], [1, 5, 7], [30, 2, 2]]),
        np.array([4, 0, 2]),
        np.array([frames[0] - 3, frames[0], 2]),
        [graphs.rubbish(3, 4)] * 2 * graphs.layers,
        [part.repeat(3, axis=0) for part in cross],
    )["logits"]
    np.testing.assert_allclose(company[1], alone, atol=1e-5)
