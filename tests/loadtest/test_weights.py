"""The model that peers run is the one in the package's graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("transformers", reason="needs the extra train")
pytest.importorskip("sentencepiece", reason="needs the extra train")

from loadtest.compare.weights import model_of, publish_int8
from streamer.decoding.batched_engine import transcribe
from streamer.families.cohere.export.published import export_published
from streamer.families.cohere.export.ragged import export_ragged
from streamer.families.registry import load_model
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions
from tests.models.training.model import configuration
from tests.models.training.sizes import Size

TOKENS = Path(__file__).parents[2] / "streamer/models/embedded/tokens.txt"
SIZE = Size(hidden=32, encoder_layers=2, decoder_layers=2, heads=2, subsampling_channels=8)


@pytest.fixture(scope="module")
def original() -> Any:
    from transformers import CohereAsrForConditionalGeneration

    generator: Any = torch.Generator().manual_seed(1)
    vocabulary = len(TOKENS.read_text(encoding="utf-8").splitlines())
    model = CohereAsrForConditionalGeneration(configuration(SIZE, vocabulary)).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=generator)
        modules: list[Any] = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm1d)]
        for module in modules:
            module.running_mean.normal_(0.0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
    return model


def test_the_model_read_back_computes_what_the_exported_one_does(
    original: Any, tmp_path: Path
) -> None:
    export_ragged(original, TOKENS, tmp_path, half_storage=False, name="small")
    again = model_of(tmp_path)
    mel = torch.randn(2, 57, 128, generator=torch.Generator().manual_seed(2))
    tokens = torch.tensor([[5, 6, 7, 8], [8, 7, 6, 5]])
    with torch.no_grad():
        wanted, got = (
            model(input_features=mel, decoder_input_ids=tokens).logits
            for model in (original, again)
        )
    assert float(wanted.std()) > 0.1
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


def test_both_contracts_give_the_same_weights(original: Any, tmp_path: Path) -> None:
    own, published = tmp_path / "own", tmp_path / "published"
    export_ragged(original, TOKENS, own, half_storage=False, name="small")
    export_published(original, TOKENS, published, half_storage=False, name="small")
    torch.testing.assert_close(
        dict(model_of(published).state_dict()), dict(model_of(own).state_dict())
    )


def test_the_published_contract_in_integers_is_heard_and_is_smaller(
    original: Any, tmp_path: Path
) -> None:
    fp32, int8 = tmp_path / "fp32", tmp_path / "int8"
    export_published(original, TOKENS, fp32, half_storage=False, name="small")
    publish_int8(original, TOKENS, int8)
    assert (int8 / "encoder.onnx").stat().st_size < (fp32 / "encoder.onnx").stat().st_size
    rng = np.random.default_rng(0)
    clip = Clip(rng.normal(0, 0.1, 16_000).astype(np.float32), DecodeOptions("en"))
    ((_, heard),) = transcribe(load_model(int8, provider="cpu", threads=1), [clip])
    assert heard.tokens


def test_weights_in_integers_are_refused(original: Any, tmp_path: Path) -> None:
    export_ragged(original, TOKENS, tmp_path, half_storage=False, name="small", int8=("encoder",))
    with pytest.raises(ValueError, match="the graphs hold no FP32 weight"):
        model_of(tmp_path)
