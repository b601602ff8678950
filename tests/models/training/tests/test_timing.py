"""When words end, and clips cut off before they do."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (the extra [train])")
pytest.importorskip("transformers", reason="needs transformers (the extra [train])")

from tests.models.training.audio.shards import shard_paths, word_ends_path
from tests.models.training.folders import Folders
from tests.models.training.library import Library
from tests.models.training.model import TrainedModel
from tests.models.training.sizes import Size
from tests.models.training.text import corpus
from tests.models.training.timing import align_shards
from tests.models.training.vocabulary import Vocabulary

TINY = Size(hidden=32, encoder_layers=1, decoder_layers=1, heads=2, positions=64)


@pytest.fixture
def aligned(work: Path) -> Folders:
    folders = Folders(work)
    words = Vocabulary(folders.vocabulary)
    align_shards(TrainedModel(TINY, words.size), words, folders.shards, limit=1)
    return folders


def test_every_word_of_every_clip_gets_an_end_in_order(aligned: Folders) -> None:
    (index,) = shard_paths(aligned.shards, "train")
    ends = json.loads(word_ends_path(index).read_text())
    assert [len(row) for row in ends[:4]] == [4, 6, 4, 4]
    assert all(a < b for row in ends for a, b in pairwise(row))
    assert all(row[-1] < 2.2 for row in ends)


def test_shards_are_aligned_once(aligned: Folders) -> None:
    words = Vocabulary(aligned.vocabulary)
    assert align_shards(TrainedModel(TINY, words.size), words, aligned.shards, limit=5) == 0


def test_a_cut_clip_has_only_words_that_ended_before_the_cut(aligned: Folders) -> None:
    library = Library(aligned.shards, ("train",))
    (index,) = shard_paths(aligned.shards, "train")
    ends = json.loads(word_ends_path(index).read_text())[0]
    rng = np.random.default_rng(1)
    for _ in range(20):
        part = library.prefix(rng, 0)
        seconds = len(part.samples) / 16_000
        wanted = sum(end <= seconds for end in ends)
        assert part.cut
        assert len(part.text.split()) == wanted
        assert not part.text.endswith(".")


def test_only_clips_with_words_from_outside_the_domain_can_be_left_out(aligned: Folders) -> None:
    every = len(Library(aligned.shards, ("train",)))
    assert len(Library(aligned.shards, ("train",), other_english=0.0)) == every
    assert corpus.is_domain("Turn on the lights.")
    assert not corpus.is_domain("Turn on the flugelhorn.")
