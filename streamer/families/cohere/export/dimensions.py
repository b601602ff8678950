"""The sizes of a checkpoint that graphs and caches are made from."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import CohereAsrForConditionalGeneration
from transformers.models.parakeet.configuration_parakeet import ParakeetEncoderConfig


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Counts of the decoder, and the mel bins that the encoder takes."""

    layers: int
    heads: int
    head_size: int
    positions: int
    """The longest prompt and output together."""
    vocabulary: int
    mel_bins: int
    subsampling: int
    """Mel frames that one encoder frame stands for."""

    @property
    def width(self) -> int:
        """All heads side by side."""
        return self.heads * self.head_size

    @classmethod
    def of(cls, model: CohereAsrForConditionalGeneration) -> Dimensions:
        """Read them from the model's configuration. Raises ValueError where it is incomplete."""
        config = model.config
        encoder = config.encoder_config
        if not isinstance(encoder, ParakeetEncoderConfig) or config.head_dim is None:
            raise ValueError(
                "the checkpoint's configuration names no Parakeet encoder or head size"
            )
        return cls(
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            head_size=config.head_dim,
            positions=config.max_position_embeddings,
            vocabulary=config.vocab_size,
            mel_bins=encoder.num_mel_bins,
            subsampling=encoder.subsampling_factor,
        )
