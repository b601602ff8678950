"""`streamer export`: from a checkpoint folder to a model folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from streamer.decoding.batched_engine import transcribe
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.families.registry import load_model
from streamer.models.errors import ModelError
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions

if TYPE_CHECKING:
    from tests.families.cohere.export.conftest import Checkpoint

pytest.importorskip("torch", reason="export needs the extra [export]")
pytest.importorskip("transformers", reason="export needs the extra [export]")
pytest.importorskip("onnx", reason="export needs the extra [export]")

from streamer.families.cohere.export.checkpoint import ExportError, export_checkpoint


@pytest.fixture
def saved(one_checkpoint: Checkpoint, tmp_path: Path) -> Path:
    folder = tmp_path / "some-checkpoint"
    one_checkpoint.model.save_pretrained(folder)
    shutil.copyfile(one_checkpoint.tokens, folder / "tokens.txt")
    return folder


@pytest.mark.parametrize("contract", ["own", "published"])
def test_a_saved_checkpoint_says_the_same_after_export(
    one_checkpoint: Checkpoint, saved: Path, tmp_path: Path, contract: Any
) -> None:
    export_checkpoint(saved, tmp_path / "out", contract=contract)
    engine = load_model(tmp_path / "out", provider="cpu", threads=1)
    samples = (0.1 * np.random.default_rng(1).standard_normal(16000)).astype(np.float32)
    ((_, heard),) = transcribe(engine, [Clip(samples, DecodeOptions("en"))])
    prompt = Tokenizer.from_file(one_checkpoint.tokens).prompt("en", punctuation=True)
    assert heard.tokens == one_checkpoint.generated(samples, prompt)
    assert engine.info.name == "some-checkpoint"


def test_the_vocabulary_is_read_from_the_checkpoints_tokenizer(saved: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer as FastTokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    expected = (saved / "tokens.txt").read_text(encoding="utf-8")
    (saved / "tokens.txt").unlink()
    ids = {line.rpartition(" ")[0]: i for i, line in enumerate(expected.splitlines())}
    fast = FastTokenizer(WordLevel(ids, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=fast, unk_token="<unk>").save_pretrained(saved)
    export_checkpoint(saved, tmp_path / "out", precision="int8", name="given")
    assert (tmp_path / "out" / "tokens.txt").read_text(encoding="utf-8") == expected
    assert load_model(tmp_path / "out").info.name == "given"


def test_what_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is no checkpoint"):
        export_checkpoint(tmp_path, tmp_path / "out")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "whisper"}))
    with pytest.raises(ExportError, match="holds a whisper model, not a cohere_asr one"):
        export_checkpoint(tmp_path, tmp_path / "out")


def test_a_checkpoint_without_weights_is_named(saved: Path, tmp_path: Path) -> None:
    for path in saved.glob("*.safetensors"):
        path.unlink()
    with pytest.raises(ExportError, match="some-checkpoint cannot be loaded"):
        export_checkpoint(saved, tmp_path / "out")


def test_a_foreign_vocabulary_is_refused_before_anything_is_written(
    saved: Path, tmp_path: Path
) -> None:
    (saved / "tokens.txt").write_text("hello 0\n")
    with pytest.raises(ModelError, match="no token"):
        export_checkpoint(saved, tmp_path / "out")
    assert not (tmp_path / "out").exists()
