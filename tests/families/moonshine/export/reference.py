"""Transformers' own model: random ones of several shapes, and what it hears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transformers import MoonshineConfig, MoonshineForConditionalGeneration


@dataclass(frozen=True, slots=True)
class Shape:
    """What differs between checkpoints."""

    name: str
    width: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    turning: float
    vocabulary: int
    seed: int


SHAPES = [
    Shape("as base", 52, 1, 2, 2, 0.62, 64, seed=3),
    Shape("as tiny", 72, 2, 1, 3, 0.9, 48, seed=8),
    Shape("every dimension turns", 32, 4, 1, 1, 1.0, 40, seed=1),
]


def configured(shape: Shape) -> MoonshineConfig:
    from transformers import MoonshineConfig

    return MoonshineConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=2 * shape.width,
        encoder_num_hidden_layers=shape.encoder_layers,
        decoder_num_hidden_layers=shape.decoder_layers,
        encoder_num_attention_heads=shape.heads,
        decoder_num_attention_heads=shape.heads,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": 10000.0,
            "partial_rotary_factor": shape.turning,
        },
    )


def random_model(shape: Shape) -> MoonshineForConditionalGeneration:
    """Build it of transformers' own classes, with weights large enough for logits that differ."""
    import torch
    from transformers import MoonshineForConditionalGeneration

    torch.set_num_threads(1)  # tensors this small only lose by more
    model = MoonshineForConditionalGeneration(configured(shape)).eval()
    generator = torch.Generator().manual_seed(shape.seed)
    with torch.no_grad():
        for parameter in model.parameters():
            spread = 0.3 if parameter.ndim > 1 else 0.1
            parameter += spread * torch.randn(parameter.shape, generator=generator)
    return model


def generated(
    model: MoonshineForConditionalGeneration, samples: NDArray[np.float32], most: int
) -> tuple[int, ...]:
    """The tokens of transformers' greedy `generate()`, without start and end."""
    import torch

    whole: Any = model  # its mix-in's annotations exclude it
    with torch.no_grad():
        sequence = whole.generate(
            input_values=torch.from_numpy(samples[np.newaxis]),
            max_new_tokens=most,
            do_sample=False,
            num_beams=1,
        )
    tokens = sequence[0, 1:].tolist()
    end = model.config.eos_token_id
    return tuple(tokens[: tokens.index(end)] if end in tokens else tokens)


def logits(
    model: MoonshineForConditionalGeneration,
    samples: NDArray[np.float32],
    tokens: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The model's logits (n, vocabulary) behind each of (n,) tokens."""
    import torch

    with torch.no_grad():
        output = model(
            input_values=torch.from_numpy(samples[np.newaxis]),
            decoder_input_ids=torch.from_numpy(tokens[np.newaxis]),
        )
    return output.logits[0].numpy()
