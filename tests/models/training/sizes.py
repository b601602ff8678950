"""The sizes of the embedded model."""

from dataclasses import dataclass
from typing import Literal

SizeName = Literal["default", "tiny"]


@dataclass(frozen=True, slots=True)
class Size:
    """Dimensions of an embedded model."""

    hidden: int = 160
    encoder_layers: int = 6
    decoder_layers: int = 3
    heads: int = 4
    subsampling_channels: int = 32
    positions: int = 512


DEFAULT = Size()
TINY = Size(encoder_layers=3, decoder_layers=2)
"""As wide as the default, so that it can begin as some of the default's layers."""

SIZES: dict[SizeName, Size] = {"default": DEFAULT, "tiny": TINY}
