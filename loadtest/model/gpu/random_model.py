"""A checkpoint of a given size with random weights, exported in FP16 for a GPU."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from streamer.decoding.request import Request
from streamer.decoding.resident_batcher import MAX_COLUMNS, MAX_ROWS

if TYPE_CHECKING:
    from transformers import CohereAsrForConditionalGeneration

SIZES = {
    "full": {"encoder": 1280, "blocks": 48, "decoder": 1024, "layers": 8, "vocabulary": 16384},
    "small": {"encoder": 512, "blocks": 4, "decoder": 512, "layers": 4, "vocabulary": 4096},
    "tiny": {"encoder": 64, "blocks": 2, "decoder": 64, "layers": 2, "vocabulary": 512},
}
CONTROL = (
    "<unk> <|nospeech|> <pad> <|endoftext|> <|startoftranscript|> <|pnc|> <|nopnc|> "
    "<|startofcontext|> <|noitn|> <|notimestamp|> <|nodiarize|> <|emo:undefined|> <|en|> ▁"
)
NO_END = -1
"""An end token that is never chosen: rows end at their `max_tokens`."""
TOKENS_A_SECOND = 4.0
FRAMES_A_SECOND = 12.5
ENCODED = 438
"""Encoder frames of 35 s."""
EXACT = "fp32"
"""The folder of the FP32 form, which the full size does not have."""
SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Work:
    """What must be computed, and moved, whatever the implementation."""

    encoder_flops: float
    """For a second of audio: two for each weight and frame, attention left out."""
    step_bytes: float
    """Of one decoder call: the weights once, and every row's caches read and written once."""


def build(folder: Path, size: str) -> Work:
    """Export the model into `folder`, unless it is there."""
    done = folder / "work.json"
    if done.is_file():
        return Work(**json.loads(done.read_text(encoding="utf-8")))
    from streamer.families.cohere.export.resident import export_resident

    folder.mkdir(parents=True, exist_ok=True)
    d = SIZES[size]
    model = checkpoint(size)
    words = CONTROL.split()
    words += [f"▁w{i}" for i in range(d["vocabulary"] - len(words))]
    tokens = folder / "tokens.txt"
    text = "".join(f"{word} {i}\n" for i, word in enumerate(words))
    tokens.write_text(text, encoding="utf-8")
    encoder = sum(p.numel() for p in model.model.encoder.parameters())
    decoder = sum(p.numel() for p in model.parameters()) - encoder
    caches = 2 * d["layers"] * d["decoder"] * MAX_ROWS * (2 * MAX_COLUMNS + ENCODED)
    work = Work(2.0 * encoder * FRAMES_A_SECOND, 2.0 * (decoder + caches))
    if size != "full":
        export_resident(model, tokens, folder / EXACT, name=f"random-{size}", half=False)
    export_resident(model, tokens, folder, name=f"random-{size}")
    done.write_text(json.dumps(asdict(work)), encoding="utf-8")
    return work


def checkpoint(size: str) -> CohereAsrForConditionalGeneration:
    """Make the model: the same weights each time."""
    import torch
    from transformers import CohereAsrConfig, CohereAsrForConditionalGeneration

    d = SIZES[size]
    config = CohereAsrConfig(
        encoder_config={
            "model_type": "parakeet_encoder",
            "hidden_size": d["encoder"],
            "num_hidden_layers": d["blocks"],
            "num_attention_heads": 8,
            "intermediate_size": 4 * d["encoder"],
            "subsampling_factor": 8,
            "subsampling_conv_channels": 256,
            "conv_kernel_size": 9,
        },
        vocab_size=d["vocabulary"],
        hidden_size=d["decoder"],
        num_hidden_layers=d["layers"],
        num_attention_heads=8,
        intermediate_size=4 * d["decoder"],
        max_position_embeddings=1024,
    )
    torch.manual_seed(1)
    return CohereAsrForConditionalGeneration(config).eval()


def noise(rng: np.random.Generator, seconds: float) -> NDArray[np.float32]:
    """Make (n,) samples of noise."""
    return (0.1 * rng.standard_normal(round(SAMPLE_RATE * seconds))).astype(np.float32)


def request(
    samples: NDArray[np.float32], prompt: Sequence[int], incremental: str | None = None
) -> Request:
    """Ask for as many tokens as somebody would say in that time."""
    tokens = max(1, round(TOKENS_A_SECOND * len(samples) / SAMPLE_RATE))
    return Request(samples, prompt, incremental=incremental, max_tokens=tokens)
