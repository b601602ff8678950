"""Our own contract, exported from transformers' own models and run by our engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from streamer.decoding.batched_engine import transcribe
from streamer.decoding.continuous import ContinuousDecoder, Entry
from streamer.decoding.request import Decoded, Request
from streamer.families.cohere.features import log_mel
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.families.registry import load_model
from streamer.onnx.sessions import Graph
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions
from tests.families.cohere.export.recognising import Ragged, noise, recognised

if TYPE_CHECKING:
    from onnx import NodeProto

    from tests.families.cohere.export.conftest import Checkpoint

torch = pytest.importorskip("torch", reason="export and its reference need the extra [export]")
pytest.importorskip("transformers", reason="export and its reference need the extra [export]")
onnx = pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.families.cohere.export.ragged import export_ragged


@pytest.fixture(scope="module")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("own")
    export_ragged(checkpoint.model, checkpoint.tokens, out, half_storage=False, name="tiny")
    return out


@pytest.fixture(scope="module")
def model(folder: Path) -> Ragged:
    encoder, decoder = (
        Graph(folder / name, "cpu", threads=1) for name in ("encoder.onnx", "decoder.onnx")
    )
    return Ragged.of(encoder, decoder)


def requests(checkpoint: Checkpoint) -> list[Request]:
    tokenizer = Tokenizer.from_file(checkpoint.tokens)
    lengths = [16000, 1600, 40000, 1760, 24000, 16100, 9000, 30000, 5000]
    languages = ["en", "de"] * len(lengths)
    return [
        Request(noise(n), tokenizer.prompt(language, punctuation=n % 3 > 0))
        for n, language in zip(lengths, languages, strict=False)
    ]


def test_batches_of_mixed_lengths_say_token_for_token_what_generate_says(
    checkpoint: Checkpoint, model: Ragged
) -> None:
    clips = requests(checkpoint)
    heard = recognised(model, checkpoint.eos, clips)
    assert sorted(heard) == list(range(len(clips)))
    for i, clip in enumerate(clips):
        assert heard[i].tokens == checkpoint.generated(clip.samples, clip.prompt)


def test_encoded_frames_are_those_of_the_clip_alone(checkpoint: Checkpoint, model: Ragged) -> None:
    clips = [Request(noise(n), [1]) for n in (1600, 16000, 1760, 9000)]
    together = model.encoder.encode(clips)
    for request, clip in zip(clips, together, strict=True):
        (alone,) = model.encoder.encode([request])
        frames = model.encoder.length(request)
        assert clip.frames == alone.frames == -(-frames // checkpoint.shape.subsampling)
        for one, other in zip(alone.cross, clip.cross, strict=True):
            np.testing.assert_array_equal(one, other)


def test_rows_of_any_age_get_the_models_logits_whatever_else_the_caches_hold(
    checkpoint: Checkpoint, model: Ragged
) -> None:
    """Random tokens, teacher-forced in calls of random lengths, in caches full of rubbish."""
    generator = np.random.default_rng(3)
    shape = checkpoint.shape
    lengths = (1600, 16000, 1760, 9000)
    clips = model.encoder.encode([Request(noise(n), [1]) for n in lengths])
    rows, frames = len(lengths), np.array([clip.frames for clip in clips])

    def rubbish(columns: int) -> NDArray[np.float32]:
        shape = (rows, model.decoder.heads, columns, model.decoder.head_size)
        return generator.normal(0, 100, shape).astype(np.float32)

    own = [rubbish(30) for _ in range(2 * model.decoder.layers)]
    cross = [rubbish(int(frames.max()) + 3) for _ in range(2 * model.decoder.layers)]
    for row, clip in enumerate(clips):
        for to, part in zip(cross, clip.cross, strict=True):
            to[row, :, : clip.frames] = part
    tokens = generator.integers(0, shape.vocabulary, (rows, 30))
    reference = [
        checkpoint.logits(log_mel(noise(n))[np.newaxis], tokens[row : row + 1])[0]
        for row, n in enumerate(lengths)
    ]
    done = np.zeros(rows, np.int64)
    while done.max() < 27:
        counts = generator.integers(0, 4, rows)
        fed = np.zeros((rows, max(1, int(counts.max()))), np.int64)
        for row, count in enumerate(counts):
            fed[row, :count] = tokens[row, done[row] : done[row] + count]
        answer = model.decoder.decode(fed, done, frames, own, cross)
        for row, count in enumerate(counts):
            expected = torch.from_numpy(reference[row][done[row] : done[row] + count])
            best = torch.log_softmax(expected, dim=-1).max(dim=-1)
            np.testing.assert_array_equal(answer.chosen[row, :count], best.indices.numpy())
            np.testing.assert_allclose(
                answer.log_probability[row, :count], best.values.numpy(), atol=1e-3
            )
            for cache, new in zip(own, answer.new, strict=True):
                cache[row, :, done[row] : done[row] + count] = new[row, :, :count]
        done += counts


def optimised(folder: Path, name: str, out: Path) -> list[NodeProto]:
    """The nodes that ONNX Runtime runs."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(out / name)
    options.log_severity_level = 3
    ort.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])
    return list(onnx.load(out / name).graph.node)


def test_what_depends_on_shapes_and_lengths_alone_is_worked_out_once_and_not_in_each_layer(
    folder: Path, tmp_path: Path
) -> None:
    for name, masks, shapes in (("decoder.onnx", 3, 3), ("encoder.onnx", 1, 5)):
        operators = Counter(node.op_type for node in optimised(folder, name, tmp_path))
        assert operators["Where"] <= masks
        assert operators["Shape"] <= shapes


def test_every_convolution_is_one_of_images_whose_kernels_are_the_fast_ones(folder: Path) -> None:
    graph = onnx.load(folder / "encoder.onnx").graph
    shapes = {weights.name: weights.dims for weights in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert convolutions
    assert all(len(shapes[node.input[1]]) == 4 for node in convolutions)


def test_products_with_keys_have_no_factor_without_which_they_are_three_times_faster(
    folder: Path, tmp_path: Path
) -> None:
    products = [
        node
        for node in optimised(folder, "decoder.onnx", tmp_path)
        if node.op_type == "FusedMatMul"
    ]
    assert products
    for node in products:
        (factor,) = (attribute.f for attribute in node.attribute if attribute.name == "alpha")
        assert factor == 1.0


def test_a_draft_never_changes_the_result_and_a_right_one_saves_all_steps_but_one(
    checkpoint: Checkpoint, model: Ragged
) -> None:
    clips = requests(checkpoint)
    plain = recognised(model, checkpoint.eos, clips)
    generator = np.random.default_rng(11)
    for i, clip in enumerate(clips):
        right = list(plain[i].tokens)
        cut = len(right) // 2
        other = [(token + 5) % checkpoint.shape.vocabulary for token in right]
        drafts = {
            "right": right,
            "half": right[:cut],
            "wrong from the middle": right[:cut] + other[cut:],
            "too long": right + other,
            "random": generator.integers(0, checkpoint.shape.vocabulary, 9).tolist(),
            "ended too early": [*right[:cut], checkpoint.eos],
        }
        (encoded,) = model.encoder.encode([clip])
        for name, draft in drafts.items():
            decoder = ContinuousDecoder(model.decoder, checkpoint.eos, capacity=1)
            decoder.join([Entry(i, replace(clip, draft=draft), encoded)])
            while not (heard := decoder.step()):
                pass
            ((key, decoded),) = heard
            assert key == i
            assert isinstance(decoded, Decoded)
            assert decoded.tokens == plain[i].tokens, name
            assert decoded.confidence == pytest.approx(plain[i].confidence, rel=1e-4)
            if name == "right":
                assert decoder.work.calls <= 2  # the last place of a full cache is never drafted


@pytest.mark.parametrize("seed", range(4))
def test_a_rows_tokens_never_depend_on_who_shares_the_batch_or_on_when_it_joined(
    checkpoint: Checkpoint, model: Ragged, seed: int
) -> None:
    clips = requests(checkpoint)
    plain = recognised(model, checkpoint.eos, clips)
    encoded = [model.encoder.encode([clip])[0] for clip in clips]
    generator = np.random.default_rng(seed)
    waiting = list(generator.permutation(len(clips)))
    decoder = ContinuousDecoder(model.decoder, checkpoint.eos, capacity=4)
    dropped: set[int] = set()
    heard: dict[int, tuple[int, ...]] = {}
    while waiting or len(decoder):
        count = min(decoder.free_slots, len(waiting), int(generator.integers(0, 3)))
        joining = [int(waiting.pop()) for _ in range(count)]
        entries = [
            Entry(
                i,
                replace(clips[i], draft=plain[i].tokens[: int(generator.integers(0, 5))]),
                encoded[i],
            )
            for i in joining
        ]
        decoder.join(entries)
        if len(decoder) and generator.random() < 0.05 and not dropped:
            victim = next(i for i in range(len(clips)) if i not in heard and i not in waiting)
            decoder.drop(victim)
            dropped.add(victim)
        ended = decoder.step() if len(decoder) else []
        heard |= {key: one.tokens for key, one in ended if isinstance(one, Decoded)}
    assert heard == {i: plain[i].tokens for i in plain if i not in dropped or i in heard}


def test_the_engine_recognises_the_contract_and_serves_it(
    checkpoint: Checkpoint, folder: Path
) -> None:
    engine = load_model(folder, provider="cpu", threads=1)
    clips = [Clip(noise(n), DecodeOptions("en")) for n in (16000, 20000, 1599)]
    heard = dict(transcribe(engine, clips))
    prompt = Tokenizer.from_file(checkpoint.tokens).prompt("en", punctuation=True)
    for i in (0, 1):
        assert heard[i].tokens == checkpoint.generated(clips[i].samples, prompt)
    assert heard[2].text == ""
    again = [replace(clip, draft=heard[i].tokens) for i, clip in enumerate(clips)]
    for i, hypothesis in transcribe(engine, again):
        assert hypothesis.tokens == heard[i].tokens
    assert engine.info.name == "tiny"
