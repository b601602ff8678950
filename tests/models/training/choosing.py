"""How many of the last checkpoints to average: the best on clips that serve for nothing else."""

from collections.abc import Iterator
from pathlib import Path

from tests.models.training.audio.shards import Split
from tests.models.training.checkpoints import averaged_model, last_checkpoints
from tests.models.training.folders import Folders
from tests.models.training.validation import validate, validation_rows
from tests.models.training.vocabulary import Vocabulary

SHARDS: tuple[tuple[Split, int], ...] = (("seen", 7), ("unseen", 7))
"""Other held-out sentences than those of the figures and of the validation (number 0)."""

_CLIPS = 100


def compared(folders: Folders, most: int) -> Iterator[tuple[list[Path], dict[str, float]]]:
    """The last one, two and so on to ``most`` checkpoints, and each mean's greedy WER by split."""
    words = Vocabulary(folders.vocabulary)
    rows = {split: validation_rows(folders.choice, split, _CLIPS) for split, _ in SHARDS}
    for count in range(1, most + 1):
        model = averaged_model(folders, count)
        scores = {split: validate(model, words, part)["wer"] for split, part in rows.items()}
        yield last_checkpoints(folders, count), scores
