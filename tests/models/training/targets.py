"""Where what is published lies: in the package, or beside the tests that need it."""

from dataclasses import dataclass
from pathlib import Path

from streamer.models.registry import EMBEDDED, embedded_folder
from tests.models.training.sizes import SizeName

_MODELS = Path(__file__).parents[1]
_TINY = "embedded-tiny"


@dataclass(frozen=True, slots=True)
class Target:
    """The folders of one model: the same weights in both contracts.

    ``own`` gets our own contract, which the engine is fastest with; ``published`` is for other
    runtimes on the same weights.
    """

    own: Path
    published: Path


TARGETS: dict[SizeName, Target] = {
    "default": Target(embedded_folder(), _MODELS / "published" / EMBEDDED),
    "tiny": Target(_MODELS / _TINY, _MODELS / "published" / _TINY),
}
"""The package holds the default in our own contract, and nothing else."""
