"""The skeletons in the package: no weights in them, and what they are over the published files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import streamer
from streamer.families import moonshine
from streamer.families.moonshine.tokenizer import Tokenizer
from streamer.models.assets import find
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import AssetMissingError
from tests.families.moonshine.export.reference import generated
from tests.families.moonshine.graphs import Graphs, session

if TYPE_CHECKING:
    from transformers import MoonshineForConditionalGeneration

torch = pytest.importorskip("torch", reason="export and its reference need the extra [export]")
pytest.importorskip("transformers", reason="export and its reference need the extra [export]")
onnx = pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.families.moonshine.export.building import build
from streamer.families.moonshine.export.published import parameters, recovered
from streamer.families.moonshine.export.skeletons import random_base
from streamer.families.moonshine.export.writing import write_graphs

SKELETONS = Path(moonshine.__file__).parent / "skeletons"
SAMPLE = Path(streamer.__file__).parent / "models" / "sample" / "sample.flac"
TAIL = np.zeros(4800, np.float32)
TORCH = "2.13.0"
"""The tracer whose bytes are in the package."""


@pytest.fixture(scope="module")
def published() -> Path:
    try:
        return find(MOONSHINE)
    except AssetMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def reference(published: Path) -> MoonshineForConditionalGeneration:
    """Transformers' model with the published weights."""
    model = random_base()
    weights = {name: torch.tensor(value) for name, value in recovered(published).items()}
    left = model.load_state_dict(weights, strict=False)
    assert (left.missing_keys, left.unexpected_keys) == (["proj_out.weight"], [])  # it is tied
    return model


@pytest.fixture(scope="module")
def clips() -> list[NDArray[np.float32]]:
    """Sentences of the sample, with silence behind them."""
    read, _ = soundfile.read(SAMPLE, dtype="float32")
    samples = np.asarray(read, np.float32)
    cuts = range(0, len(samples), 5 * 16_000)
    return [np.concatenate([samples[cut : cut + 5 * 16_000], TAIL]) for cut in cuts]


@pytest.mark.parametrize("name", ["encoder.onnx", "decoder.onnx"])
def test_no_weight_is_in_a_skeleton_and_each_reference_lies_in_a_pinned_file(name: str) -> None:
    model = onnx.load(SKELETONS / name, load_external_data=False)
    sizes = {member.name: member.size for member in MOONSHINE.members}
    inline = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    assert inline < 20_000
    references = [tensor for tensor in model.graph.initializer if tensor.external_data]
    assert len(references) > 100
    for tensor in references:
        where = {entry.key: entry.value for entry in tensor.external_data}
        assert int(where["offset"]) + int(where["length"]) <= sizes[where["location"]]


def test_the_metadata_says_what_the_files_do_not() -> None:
    told: dict[str, str] = {}
    for name in ("encoder.onnx", "decoder.onnx"):
        model = onnx.load(SKELETONS / name, load_external_data=False)
        told |= {entry.key: entry.value for entry in model.metadata_props}
    assert told == {
        "model_type": "moonshine",
        "streamer.name": "moonshine-base-en",
        "streamer.contract": "1",
        "streamer.languages": "en",
        "streamer.samples_per_frame": "384",
        "streamer.frame_middle": "447",
        "streamer.least_samples": "895",
        "streamer.tail_seconds": "0.3",
        "streamer.max_seconds": "35.0",
        "streamer.positions": "512",
        "streamer.prompt": "1",
        "streamer.end_token": "2",
        "streamer.tokens_per_second": "6.5",
        "streamer.least_tokens": "8",
        "streamer.word_lead_seconds": "0.06",
        "streamer.word_lag_seconds": "0.38",
    }


def test_they_are_built_anew_byte_for_byte(published: Path) -> None:
    if torch.__version__.partition("+")[0] != TORCH:
        pytest.skip(f"the skeletons are made by torch {TORCH}")
    for name, content in build(published).items():
        assert content == (SKELETONS / name).read_bytes(), name


def test_every_parameter_of_the_model_is_found(published: Path) -> None:
    tied = "proj_out.weight"
    assert set(parameters(published)) == set(random_base().state_dict()) - {tied}


def test_with_the_real_weights_our_graphs_say_token_for_token_what_generate_says(
    reference: MoonshineForConditionalGeneration,
    clips: list[NDArray[np.float32]],
    tmp_path: Path,
) -> None:
    write_graphs(reference, tmp_path, name="base", language="en")
    heard = Graphs.of(tmp_path).heard(clips, 32)
    assert heard == [generated(reference, clip, 32) for clip in clips]


def test_the_skeletons_hear_what_the_exact_weights_hear(
    reference: MoonshineForConditionalGeneration,
    clips: list[NDArray[np.float32]],
    published: Path,
) -> None:
    """Integers round, so that a text may differ in a place; most are equal."""
    encoder, decoder = (
        session(SKELETONS / name, published) for name in ("encoder.onnx", "decoder.onnx")
    )
    tokenizer = Tokenizer.from_file(published / "tokenizer.bin")
    graphs = Graphs(encoder, decoder)
    same = 0
    for clip in clips:
        (tokens,) = graphs.heard([clip], 32)
        expected = generated(reference, clip, 32)
        same += tokenizer.decode(tokens) == tokenizer.decode(expected)
    assert same >= 0.7 * len(clips)
