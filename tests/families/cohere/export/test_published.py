"""The published contract, exported from transformers' own models and run by our engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from streamer.decoding.batched_engine import transcribe
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.families.registry import load_model
from streamer.speech.clip import Clip
from streamer.speech.hypothesis import NOTHING_HEARD
from streamer.speech.options import DecodeOptions

if TYPE_CHECKING:
    from tests.families.cohere.export.conftest import Checkpoint

torch = pytest.importorskip("torch", reason="export and its reference need the extra [export]")
pytest.importorskip("transformers", reason="export and its reference need the extra [export]")
onnx = pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.export.writing import BOTH, Stem
from streamer.families.cohere.export.published import (
    DECODER_INPUTS,
    export_published,
    round_to_half,
)


@pytest.fixture(scope="module")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published")
    export_published(checkpoint.model, checkpoint.tokens, out, half_storage=False, name="tiny")
    return out


def clip(n: int, language: str = "en", punctuation: bool = True) -> Clip:
    samples = 0.1 * np.random.default_rng(n).standard_normal(n)
    return Clip(samples.astype(np.float32), DecodeOptions(language, punctuation))


def test_our_greedy_output_is_token_for_token_that_of_generate(
    checkpoint: Checkpoint, folder: Path
) -> None:
    engine = load_model(folder, provider="cpu", threads=1)
    clips = [
        clip(16000),
        clip(1600),
        clip(24000, "de", punctuation=False),
        Clip(clip(16000).samples[::-1].copy(), DecodeOptions("de")),
        clip(1599),
        clip(16159, "de"),  # as many frames as 16000 samples: shares their batch
    ]
    heard = dict(transcribe(engine, clips))
    assert heard.pop(4) == NOTHING_HEARD
    tokenizer = Tokenizer.from_file(checkpoint.tokens)
    for i, hypothesis in heard.items():
        prompt = tokenizer.prompt(clips[i].options.language, clips[i].options.punctuation)
        assert hypothesis.tokens == checkpoint.generated(clips[i].samples, prompt)
        assert 0 < (hypothesis.confidence or 0) < 1


def session(path: Path) -> Callable[[Mapping[str, NDArray[Any]]], list[NDArray[np.float32]]]:
    """A graph as a function of its inputs."""
    graph = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda feed: cast("list[NDArray[np.float32]]", graph.run(None, feed))


@pytest.mark.parametrize("frames", [1, 2, 7, 8, 9, 16, 61, 200])
@pytest.mark.parametrize("batch", [1, 3])
def test_logits_of_random_tokens_equal_the_models(
    checkpoint: Checkpoint, folder: Path, batch: int, frames: int
) -> None:
    """Random tokens, teacher-forced, in calls of several lengths: the strong witness, since
    untrained models repeat themselves when they choose."""
    generator = np.random.default_rng(frames)
    shape = checkpoint.shape
    mel = generator.standard_normal((batch, 128, frames)).astype(np.float32)
    tokens = generator.integers(0, shape.vocabulary, (batch, 25))
    encoder, decoder = session(folder / "encoder.onnx"), session(folder / "decoder.onnx")
    cross_k, cross_v = encoder({"mel": mel})
    head_size = shape.decoder_width // shape.heads
    cache_shape = (shape.decoder_layers, batch, shape.heads, shape.positions, head_size)
    caches = [np.zeros(cache_shape, np.float32)] * 2
    logits: list[NDArray[np.float32]] = []
    done = 0
    for count in (10, 1, 1, 7, 1, 5):
        values = [tokens[:, done : done + count], *caches, cross_k, cross_v, np.array(done)]
        some, *caches = decoder(dict(zip(DECODER_INPUTS, values, strict=True)))
        logits.append(some)
        done += count
    reference = checkpoint.logits(mel, tokens)
    difference = np.abs(np.concatenate(logits, axis=1) - reference).max()
    # FP32 through weights this large: 1e-5 to 1e-4 as a rule, and once 6e-4.
    assert difference < 2e-3 * reference.std()
    assert reference.std() > 1  # logits that say something


def test_half_storage_changes_nothing_but_the_size(
    one_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    model = type(one_checkpoint.model)(one_checkpoint.model.config).eval()
    round_to_half(model)
    files: dict[bool, list[bytes]] = {}
    outputs: dict[bool, NDArray[np.float32]] = {}
    mel = np.random.default_rng(5).standard_normal((1, 128, 50)).astype(np.float32)
    for half in (False, True):
        out = tmp_path / str(half)
        export_published(model, one_checkpoint.tokens, out, half_storage=half, name="tiny")
        files[half] = [(out / name).read_bytes() for name in ("encoder.onnx", "decoder.onnx")]
        outputs[half], _ = session(out / "encoder.onnx")({"mel": mel})
    np.testing.assert_array_equal(outputs[False], outputs[True])
    weights = sum(parameter.numel() for parameter in model.parameters())
    saved = sum(map(len, files[False])) - sum(map(len, files[True]))
    assert saved > 1.5 * weights  # of the 2 bytes a weight, less what the casts take


@pytest.mark.parametrize("int8", [(), BOTH])
def test_large_weights_go_into_a_file_beside_the_graph(
    one_checkpoint: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    int8: tuple[Stem, ...],
) -> None:
    checkpoint, mel = one_checkpoint, np.ones((1, 128, 50), np.float32)
    outputs: list[NDArray[np.float32]] = []
    for name, limit in (("inline", 1 << 30), ("beside", 1)):
        monkeypatch.setattr("streamer.export.graph.INLINE_LIMIT", limit)
        out = tmp_path / name
        export_published(
            checkpoint.model, checkpoint.tokens, out, half_storage=False, int8=int8, name="tiny"
        )
        encoder = out / ("encoder.int8.onnx" if int8 else "encoder.onnx")
        outputs += session(encoder)({"mel": mel})[:1]
    data = encoder.with_name(f"{encoder.name}.data")
    assert data.stat().st_size > (0 if int8 else encoder.stat().st_size / 4)
    inline, beside = outputs
    np.testing.assert_array_equal(inline, beside)
    assert load_model(tmp_path / "beside", provider="cpu").info.name == "tiny"


def test_what_sherpa_onnx_reads_is_there(checkpoint: Checkpoint, folder: Path) -> None:
    shape = checkpoint.shape
    encoder = onnx.load(folder / "encoder.onnx")
    decoder = onnx.load(folder / "decoder.onnx")
    assert {p.key: p.value for p in encoder.metadata_props} == {
        "model_type": "cohere-transcribe",
        "streamer.name": "tiny",
        "streamer.demonstration": "0",
        "streamer.max_seconds": "35",
    }
    # It binds by position, and reads these dimensions as numbers.
    assert [i.name for i in decoder.graph.input] == list(DECODER_INPUTS)
    assert [o.name for o in encoder.graph.output] == ["n_layer_cross_k", "n_layer_cross_v"]
    cross = encoder.graph.output[0].type.tensor_type.shape.dim
    assert (cross[0].dim_value, cross[3].dim_value) == (shape.decoder_layers, shape.decoder_width)
    logits, cache, _ = (o.type.tensor_type.shape.dim for o in decoder.graph.output)
    assert logits[2].dim_value == shape.vocabulary
    numbers = [cache[axis].dim_value for axis in (0, 2, 3)]
    assert numbers == [shape.decoder_layers, shape.heads, shape.positions]
    assert decoder.graph.input[5].type.tensor_type.shape.dim == []


def test_the_name_and_the_demonstration_mark_reach_the_user(
    one_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    export_published(
        one_checkpoint.model,
        one_checkpoint.tokens,
        tmp_path,
        half_storage=False,
        name="small talk",
        demonstration=True,
    )
    info = load_model(tmp_path, provider="cpu").info
    assert (info.name, info.demonstration, info.languages) == ("small talk", True, ("en", "de"))
    assert (info.provider, info.precision) == ("cpu", "fp32")


def test_sherpa_onnx_loads_and_runs_the_export(checkpoint: Checkpoint, folder: Path) -> None:
    sherpa_onnx = pytest.importorskip("sherpa_onnx", reason="needs the package sherpa-onnx")
    recogniser = sherpa_onnx.OfflineRecognizer.from_cohere_transcribe(
        encoder=str(folder / "encoder.onnx"),
        decoder=str(folder / "decoder.onnx"),
        tokens=str(folder / "tokens.txt"),
        language="en",
        use_itn=False,
    )
    stream = recogniser.create_stream()
    stream.accept_waveform(16000, clip(32000).samples)
    recogniser.decode_stream(stream)
    pieces = [line.split(" ")[0] for line in checkpoint.tokens.read_text("utf-8").splitlines()]
    said = [token.replace(" ", "▁") for token in stream.result.tokens]
    assert set(said) <= set(pieces)
