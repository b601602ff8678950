"""A smaller model to begin with: some layers of a trained one, spread over its depth."""

import re

from torch import Tensor

from tests.models.training.sizes import Size

_LAYER = re.compile(r"(?P<stack>.*\.(?:encoder|decoder)\.layers)\.(?P<number>\d+)\.(?P<rest>.*)")


def spread(deep: int, shallow: int) -> list[int]:
    """Which of ``deep`` layers to keep: the first, the last and those evenly between.

    Raises ValueError unless 2 <= shallow <= deep.
    """
    if not 2 <= shallow <= deep:
        raise ValueError(f"cannot keep {shallow} of {deep} layers: 2 to {deep} can be kept")
    return [i * (deep - 1) // (shallow - 1) for i in range(shallow)]


def shrunk(weights: dict[str, Tensor], large: Size, small: Size) -> dict[str, Tensor]:
    """The weights of a model of size ``small`` out of those of a ``large`` one, equally wide."""
    kept = {
        "encoder": spread(large.encoder_layers, small.encoder_layers),
        "decoder": spread(large.decoder_layers, small.decoder_layers),
    }
    out: dict[str, Tensor] = {}
    for name, value in weights.items():
        match = _LAYER.fullmatch(name)
        if match is None:
            out[name] = value
            continue
        stack, number = match["stack"], int(match["number"])
        numbers = kept[stack.split(".")[-2]]
        if number in numbers:
            out[f"{stack}.{numbers.index(number)}.{match['rest']}"] = value
    return out
