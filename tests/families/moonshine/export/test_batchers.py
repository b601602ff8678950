"""Our graphs behind both batchers, in FP32 on the CPU: what a row says is its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.decoding.batcher import Batcher
from streamer.decoding.ragged import RaggedDecoder, RaggedEncoder
from streamer.decoding.ragged_batcher import RaggedBatcher
from streamer.decoding.request import Decoded, Request
from streamer.decoding.resident import Chosen, ResidentModel, ResidentRows
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.families.moonshine.sample_features import SampleFeatures
from streamer.onnx.sessions import Graph
from tests.families.cohere.export.recognising import recognised_by
from tests.families.moonshine.export.reference import SHAPES, generated, random_model
from tests.families.moonshine.graphs import END, noise

torch = pytest.importorskip("torch", reason="export and its reference need the extra [export]")
pytest.importorskip("transformers", reason="export and its reference need the extra [export]")
pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.families.moonshine.export.writing import write_graphs, write_resident
from streamer.families.moonshine.numbers import LEAST_SAMPLES

MOST = 16
CLIPS = [
    Request(noise(n), (1,), max_tokens=MOST)
    for n in (LEAST_SAMPLES, 16_000, 5_000, 24_000, 9_001, 30_000)
]


@dataclass(frozen=True)
class Forms:
    """One model in both forms, and what transformers says of the clips."""

    ragged: tuple[RaggedEncoder, RaggedDecoder]
    resident: ResidentModel
    expected: list[tuple[int, ...]]

    def batcher(self, form: str) -> Batcher:
        if form == "resident":
            return ResidentBatcher(self.resident, END, rows=3, longest=30_000)
        encoder, decoder = self.ragged
        return RaggedBatcher(encoder, decoder, END, passes=2)


def graphs(folder: Path) -> tuple[Graph, Graph]:
    encoder, decoder = folder / "encoder.onnx", folder / "decoder.onnx"
    return Graph(encoder, "cpu", threads=1), Graph(decoder, "cpu", threads=1)


@pytest.fixture(scope="module", params=SHAPES, ids=[shape.name for shape in SHAPES])
def forms(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Forms:
    folder = tmp_path_factory.mktemp("forms")
    model = random_model(request.param)
    write_graphs(model, folder / "ragged", name="tiny", language="en")
    write_resident(model, folder / "resident", name="tiny", language="en", half=False)
    features = SampleFeatures(0, 2.0)
    encoder, decoder = graphs(folder / "ragged")
    rows = RaggedDecoder.of(decoder)
    return Forms(
        ragged=(RaggedEncoder(encoder, features, rows.layers), rows),
        resident=ResidentModel.of(*graphs(folder / "resident"), features),
        expected=[generated(model, clip.samples, MOST) for clip in CLIPS],
    )


@pytest.mark.parametrize("form", ["ragged", "resident"])
def test_rows_say_token_for_token_what_generate_says(forms: Forms, form: str) -> None:
    heard = recognised_by(forms.batcher(form), list(enumerate(CLIPS)))
    assert [heard[i].tokens for i in range(len(CLIPS))] == forms.expected
    assert len(set(forms.expected)) > len(CLIPS) // 2, "the reference must tell clips apart"


@pytest.mark.parametrize("form", ["ragged", "resident"])
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1 << 32))
def test_neither_neighbours_nor_drafts_nor_patience_change_what_a_row_says(
    forms: Forms, form: str, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    waiting = chance.permutation(len(CLIPS)).tolist()
    batcher = forms.batcher(form)
    heard: dict[int, tuple[int, ...]] = {}
    while len(heard) < len(CLIPS):
        for _ in range(min(batcher.free_slots, len(waiting), int(chance.integers(1, 4)))):
            i = waiting.pop()
            draft = list(forms.expected[i])[: int(chance.integers(0, MOST))]
            if draft and chance.random() < 0.5:
                draft[int(chance.integers(len(draft)))] = int(chance.integers(3, 40))
            patient = bool(chance.random() < 0.5)
            batcher.join(i, replace(CLIPS[i], draft=draft, patient=patient))
        ended = batcher.step()
        heard |= {key: one.tokens for key, one in ended if isinstance(one, Decoded)}
    assert [heard[i] for i in range(len(CLIPS))] == forms.expected


def test_in_fp16_choices_are_nearly_always_the_same(tmp_path: Path) -> None:
    """Teacher-forced: random weights make greedy texts part at the first near tie."""
    model = random_model(SHAPES[0])
    tokens = np.random.default_rng(1).integers(3, SHAPES[0].vocabulary, 40).tolist()
    answers: list[Chosen] = []
    for half in (False, True):
        write_resident(model, tmp_path / str(half), name="tiny", language="en", half=half)
        resident = ResidentModel.of(*graphs(tmp_path / str(half)), SampleFeatures(0, 2.0))
        assert resident.element is (np.float16 if half else np.float32)
        rows = ResidentRows(resident, rows=2, columns=40, longest=32_000)
        rows.encode([noise(16_000)], [1])
        answers.append(rows.decode([[], tokens], aligned=True))
    exact, half = answers
    assert (exact.tokens[1, :40] == half.tokens[1, :40]).mean() > 0.9
    difference = np.abs(exact.log_probability - half.log_probability)[1, :40]
    assert np.median(difference) < 0.05
    assert exact.attention is not None
    assert half.attention is not None
    assert np.abs(exact.attention - half.attention)[1, :40].mean() < 0.01
