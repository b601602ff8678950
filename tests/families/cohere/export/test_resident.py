"""The form of our contract for GPUs, run on the CPU: the same rows, the same tokens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from streamer.decoding.batched_engine import transcribe
from streamer.decoding.request import Decoded, Request
from streamer.decoding.resident import Chosen, ResidentModel, ResidentRows
from streamer.decoding.resident_batcher import ResidentBatcher
from streamer.families.cohere.features import log_mel
from streamer.families.cohere.mel_features import MelFeatures
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.families.registry import load_model
from streamer.models.errors import ModelError
from streamer.onnx.sessions import Graph
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions
from tests.families.cohere.export.recognising import noise, recognised_by

if TYPE_CHECKING:
    from tests.families.cohere.export.conftest import Checkpoint

pytest.importorskip("torch", reason="export needs the extra [export]")
pytest.importorskip("transformers", reason="export needs the extra [export]")

from streamer.families.cohere.export.resident import export_resident


@pytest.fixture(scope="module")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("device")
    export_resident(checkpoint.model, checkpoint.tokens, out, name="tiny", half=False)
    return out


@pytest.fixture(scope="module")
def model(folder: Path) -> ResidentModel:
    encoder, decoder = (
        Graph(folder / name, "cpu", threads=1) for name in ("encoder.onnx", "decoder.onnx")
    )
    return ResidentModel.of(encoder, decoder, MelFeatures())


def batcher(model: ResidentModel, eos: int, rows: int = 4) -> ResidentBatcher:
    return ResidentBatcher(model, eos, rows=rows, longest=300)


def requests(checkpoint: Checkpoint) -> list[Request]:
    tokenizer = Tokenizer.from_file(checkpoint.tokens)
    lengths = [16000, 1600, 40000, 1760, 24000, 16100, 9000, 30000, 5000]
    return [
        Request(noise(n), tokenizer.prompt("en" if n % 2 else "de", punctuation=n % 3 > 0))
        for n in lengths
    ]


def test_rows_say_token_for_token_what_generate_says_whoever_had_their_places_before(
    checkpoint: Checkpoint, model: ResidentModel
) -> None:
    clips = requests(checkpoint)
    for rows in (1, 4):
        ended = recognised_by(batcher(model, checkpoint.eos, rows), list(enumerate(clips)))
        for i, clip in enumerate(clips):
            assert ended[i].tokens == checkpoint.generated(clip.samples, clip.prompt)


def test_neither_company_nor_drafts_nor_times_of_joining_change_a_rows_tokens(
    checkpoint: Checkpoint, model: ResidentModel
) -> None:
    clips = requests(checkpoint)
    plain = recognised_by(batcher(model, checkpoint.eos), list(enumerate(clips)))
    generator = np.random.default_rng(5)
    rows = batcher(model, checkpoint.eos)
    waiting = [int(i) for i in generator.permutation(len(clips))]
    ended: dict[int, Decoded] = {}
    dropped = waiting[0]
    while len(ended) < len(clips) - 1:
        for _ in range(min(rows.free_slots, len(waiting), int(generator.integers(0, 3)))):
            i = waiting.pop()
            tokens = list(plain[i].tokens)
            if len(tokens) > 3:
                tokens[int(generator.integers(len(tokens)))] = int(generator.integers(20))
            rows.join(i, Request(clips[i].samples, clips[i].prompt, tokens))
        if dropped not in waiting:
            rows.drop(dropped)
        ended |= {k: one for k, one in rows.step() if isinstance(one, Decoded)}
    assert {i: one.tokens for i, one in ended.items() if i != dropped} == {
        i: one.tokens for i, one in plain.items() if i != dropped
    }
    for i, one in ended.items():
        assert one.confidence == pytest.approx(plain[i].confidence, rel=1e-3)


def test_a_row_ends_where_its_place_is_full_and_where_its_request_says(
    checkpoint: Checkpoint, model: ResidentModel
) -> None:
    clip = requests(checkpoint)[2]
    full = recognised_by(batcher(model, eos=-1), [(0, clip)])[0]
    assert len(full.tokens) == checkpoint.shape.positions - len(clip.prompt)
    endless = batcher(model, eos=-1)
    limited = recognised_by(endless, [(0, replace(clip, max_tokens=10))])[0]
    assert len(limited.tokens) == 10
    assert endless.work.calls == 10


def test_warming_up_runs_every_shape_and_leaves_nothing_behind(
    checkpoint: Checkpoint, model: ResidentModel
) -> None:
    clips = requests(checkpoint)
    rows = batcher(model, checkpoint.eos, rows=2)
    rows.warm(clips[0].prompt)
    ended = recognised_by(rows, [(0, clips[0])])
    assert ended[0].tokens == checkpoint.generated(clips[0].samples, clips[0].prompt)


def test_in_fp16_caches_are_half_as_large_and_choices_nearly_always_the_same(
    one_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    """Teacher-forced: random weights this large make greedy texts part at the first near tie."""
    tokens = np.random.default_rng(1).integers(0, one_checkpoint.shape.vocabulary, 40).tolist()
    answers: list[Chosen] = []
    for half in (False, True):
        out = tmp_path / str(half)
        export_resident(one_checkpoint.model, one_checkpoint.tokens, out, name="tiny", half=half)
        one_checkpoint.model.float()
        graphs = [Graph(out / name, "cpu", 1) for name in ("encoder.onnx", "decoder.onnx")]
        model = ResidentModel.of(graphs[0], graphs[1], MelFeatures())
        assert model.element is (np.float16 if half else np.float32)
        rows = ResidentRows(model, rows=2, columns=40, longest=200)
        rows.encode([log_mel(noise(16000))], [1])
        answers.append(rows.decode([[], tokens], aligned=True))
    exact, half = answers
    assert (exact.tokens[1, :40] == half.tokens[1, :40]).mean() > 0.9
    difference = np.abs(exact.log_probability - half.log_probability)[1, :40]
    assert np.median(difference) < 0.05
    assert exact.attention is not None
    assert half.attention is not None
    assert np.abs(exact.attention - half.attention)[1, :40].mean() < 0.01


def test_the_engine_serves_the_folder_and_says_its_precision(
    one_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    export_resident(one_checkpoint.model, one_checkpoint.tokens, tmp_path, name="tiny")
    one_checkpoint.model.float()
    engine = load_model(tmp_path, provider="cpu", threads=1)
    assert (engine.info.precision, engine.info.provider) == ("fp16", "cpu")
    ((_, heard),) = transcribe(engine, [Clip(noise(16000), DecodeOptions("en", words=True))])
    assert heard.words is not None
    assert [word.text for word in heard.words] == heard.text.split()


def test_a_graph_without_its_sizes_is_refused(
    model: ResidentModel, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Graph, "metadata", {})
    graph = Graph(folder / "decoder.onnx", "cpu", threads=1)
    with pytest.raises(ModelError, match=r"does not say streamer\.positions"):
        ResidentModel.of(model.encoder, graph, MelFeatures())
