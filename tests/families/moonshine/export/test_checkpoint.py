"""`streamer export` on checkpoints of this family: random ones, with a vocabulary of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamer.cli.main import main
from streamer.decoding.batched_engine import transcribe
from streamer.families.moonshine.tokenizer import Tokenizer
from streamer.families.registry import load_model
from streamer.speech.clip import Clip
from streamer.speech.options import DecodeOptions
from tests.families.moonshine.export.reference import SHAPES, generated, random_model
from tests.families.moonshine.graphs import noise

pytest.importorskip("torch", reason="export needs the extra [export]")
pytest.importorskip("transformers", reason="export needs the extra [export]")
pytest.importorskip("onnx", reason="export needs the extra [export]")

PIECES = [
    "<unk>",
    "<s>",
    "</s>",
    *(f"<0x{byte:02X}>" for byte in range(256)),
    *(f"\u2581w{i}" for i in range(38)),
    "x" * 200,
    "<<ST_0>>",
]
SHAPE = replace(SHAPES[0], vocabulary=len(PIECES))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import Tokenizer as Rules
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("moonshine-random")
    random_model(SHAPE).save_pretrained(folder)
    ids = {piece: i for i, piece in enumerate(PIECES)}
    rules = Rules(BPE(vocab=ids, merges=[], unk_token="<unk>", byte_fallback=True))
    PreTrainedTokenizerFast(
        tokenizer_object=rules,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        additional_special_tokens=["<<ST_0>>"],
    ).save_pretrained(folder)
    return folder


def test_an_exported_folder_says_what_transformers_says(checkpoint: Path, tmp_path: Path) -> None:
    from transformers import MoonshineForConditionalGeneration

    arguments = ["export", str(checkpoint), str(tmp_path / "out"), "--language", "eo"]
    assert main(arguments) == 0
    engine = load_model(tmp_path / "out", threads=1)
    assert engine.info.name == checkpoint.name
    assert (engine.info.languages, engine.info.precision) == (("eo",), "fp32")
    tokenizer = Tokenizer.from_file(tmp_path / "out" / "tokenizer.bin")
    model = MoonshineForConditionalGeneration.from_pretrained(checkpoint)
    clips = [noise(n) for n in (4_000, 9_000, 20_000)]
    options = DecodeOptions("eo")
    for place, result in transcribe(
        engine, [Clip(one, options, incremental="once") for one in clips]
    ):
        padded = np.concatenate([clips[place], np.zeros(4800, np.float32)])
        expected = generated(model, padded, 9)
        assert result.tokens == expected[: len(result.tokens)]
        assert len(result.tokens) > 0
        assert result.text == tokenizer.decode(result.tokens)


def test_the_vocabulary_is_that_of_the_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    assert main(["export", str(checkpoint), str(tmp_path), "--precision", "int8"]) == 0
    tokenizer = Tokenizer.from_file(tmp_path / "tokenizer.bin")
    assert tokenizer.size == len(PIECES)
    text = tokenizer.decode([259, 260, 3 + 0xC3, 3 + 0xA9, len(PIECES) - 2, len(PIECES) - 1])
    assert text == "w0 w1\N{LATIN SMALL LETTER E WITH ACUTE}" + "x" * 200
    assert load_model(tmp_path, threads=1).info.precision == "int8"


def test_the_form_for_gpus_is_served_on_a_cpu_too(checkpoint: Path, tmp_path: Path) -> None:
    assert main(["export", str(checkpoint), str(tmp_path), "--precision", "fp16"]) == 0
    engine = load_model(tmp_path, provider="cpu", threads=1)
    assert (engine.info.precision, engine.info.provider) == ("fp16", "cpu")
    options = DecodeOptions("en", words=True)
    ((_, heard),) = transcribe(engine, [Clip(noise(16_000), options, incremental="once")])
    assert heard.words is not None
    # Half characters come by chance, alone too.
    said = " ".join(word.text.replace("\ufffd", "") for word in heard.words)
    assert said.split() == heard.text.replace("\ufffd", "").split()


def test_a_contract_that_there_is_not_is_told(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(checkpoint), str(tmp_path), "--contract", "published"]) == 1
    assert "own contract" in capsys.readouterr().err
