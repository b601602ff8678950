"""Tiny random checkpoints of several shapes, exported once for the whole session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.families.cohere.features import log_mel

if TYPE_CHECKING:
    from transformers import CohereAsrForConditionalGeneration

CONTROL = [
    "<unk>",
    "<|nospeech|>",
    "<pad>",
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|startofcontext|>",
    "<|emo:undefined|>",
    "<|pnc|>",
    "<|nopnc|>",
    "<|noitn|>",
    "<|notimestamp|>",
    "<|nodiarize|>",
    "<|en|>",
    "<|de|>",
    "▁",
]


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs between the checkpoints. 80 ms frames are the released model's, no law."""

    name: str
    subsampling: int
    encoder_width: int
    encoder_layers: int
    decoder_width: int
    decoder_layers: int
    heads: int
    vocabulary: int
    positions: int
    bias: bool
    seed: int
    """One whose greedy outputs differ from clip to clip, and some of which end early."""


SHAPES = [
    Shape("as released", 8, 32, 2, 24, 2, 4, 64, 48, bias=True, seed=7),
    Shape("40 ms frames", 4, 24, 1, 32, 3, 2, 48, 64, bias=True, seed=7),
    Shape("20 ms frames, no biases", 2, 16, 2, 16, 1, 1, 40, 32, bias=False, seed=40),
]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A random model and its vocabulary file."""

    shape: Shape
    model: CohereAsrForConditionalGeneration
    tokens: Path
    eos: int

    def generated(self, samples: NDArray[np.float32], prompt: Sequence[int]) -> tuple[int, ...]:
        """The tokens of transformers' greedy `generate()`, without prompt and end."""
        import torch

        mel = torch.from_numpy(log_mel(samples).T[np.newaxis].copy())
        model: Any = self.model  # its mix-in's annotations exclude it
        with torch.no_grad():
            sequence = model.generate(
                input_features=mel,
                attention_mask=torch.ones(mel.shape[:2], dtype=torch.int64),
                decoder_input_ids=torch.tensor([list(prompt)]),
                max_length=self.shape.positions,
                do_sample=False,
                num_beams=1,
            )
        tokens = sequence[0, len(prompt) :].tolist()
        return tuple(tokens[: tokens.index(self.eos)] if self.eos in tokens else tokens)

    def logits(self, mel: NDArray[np.float32], tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """The model's logits (B, n, vocabulary), for mel (B, 128, V) and tokens (B, n)."""
        import torch

        mels = mel.transpose(0, 2, 1).copy()
        with torch.no_grad():
            output = self.model(
                input_features=torch.from_numpy(mels), decoder_input_ids=torch.from_numpy(tokens)
            )
        return output.logits.numpy()


@pytest.fixture(scope="session", params=SHAPES, ids=[shape.name for shape in SHAPES])
def checkpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Checkpoint:
    """Each shape in turn."""
    return made(request.param, tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="session")
def one_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """One shape, where shapes make no difference."""
    return made(SHAPES[1], tmp_path_factory.mktemp("checkpoint"))


def made(shape: Shape, folder: Path) -> Checkpoint:
    tokens = folder / "tokens.txt"
    words = [f"▁w{i}" for i in range(shape.vocabulary - len(CONTROL))]
    lines = [f"{piece} {i}\n" for i, piece in enumerate(CONTROL + words)]
    tokens.write_text("".join(lines), encoding="utf-8")
    return Checkpoint(shape, random_model(shape), tokens, CONTROL.index("<|endoftext|>"))


def random_model(shape: Shape) -> CohereAsrForConditionalGeneration:
    """Build it of transformers' own classes, with weights large enough for logits that differ."""
    import torch
    from transformers import CohereAsrConfig, CohereAsrForConditionalGeneration

    torch.set_num_threads(1)  # tensors this small only lose by more
    config = CohereAsrConfig(
        encoder_config={
            "model_type": "parakeet_encoder",
            "hidden_size": shape.encoder_width,
            "num_hidden_layers": shape.encoder_layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": 2 * shape.encoder_width,
            "subsampling_factor": shape.subsampling,
            "subsampling_conv_channels": 8,
            "attention_bias": shape.bias,
            "convolution_bias": shape.bias,
        },
        vocab_size=shape.vocabulary,
        hidden_size=shape.decoder_width,
        num_hidden_layers=shape.decoder_layers,
        num_attention_heads=shape.heads,
        intermediate_size=2 * shape.decoder_width,
        attention_bias=shape.bias,
        max_position_embeddings=shape.positions,
        decoder_start_token_id=CONTROL.index("▁"),
    )
    model = CohereAsrForConditionalGeneration(config).eval()
    generator = torch.Generator().manual_seed(shape.seed)
    with torch.no_grad():
        for parameter in model.parameters():
            spread = 0.5 if parameter.ndim > 1 else 0.05
            parameter += spread * torch.randn(parameter.shape, generator=generator)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_(0.0, 0.2, generator=generator)
                module.running_var.uniform_(0.5, 2.0, generator=generator)
    return model
