"""When each word of the clips on disk ends, by the CTC head of a model in training.

Stage d cuts clips in the middle of speech, as partial transcripts see them, and must know which
words had been said by then.
"""

import json
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from streamer.families.cohere.features import log_mel
from tests.models.training.alignment import forced_alignment
from tests.models.training.audio.shards import as_float, read_shard, shard_paths, word_ends_path
from tests.models.training.model import TrainedModel
from tests.models.training.text.corpus import plain_words
from tests.models.training.vocabulary import Vocabulary

FRAME_SECONDS = 0.04
_RELEASE_SECONDS = 0.08
"""From the frame that emits a word's last letter to the word's end."""
_BATCH = 16


def align_shards(model: TrainedModel, words: Vocabulary, folder: Path, limit: int) -> int:
    """Writes the word ends of the first ``limit`` shards that have none; returns how many."""
    model.eval()
    done = 0
    missing = [p for p in shard_paths(folder, "train") if not word_ends_path(p).exists()]
    for index in missing[:limit]:
        path = word_ends_path(index)
        shard = read_shard(index)
        order = sorted(range(len(shard.entries)), key=lambda i: shard.entries[i].samples)
        ends: list[list[float]] = [[] for _ in order]
        for at in range(0, len(order), _BATCH):
            rows = order[at : at + _BATCH]
            sounds = [as_float(shard.clip(shard.entries[i])) for i in rows]
            texts = [plain_words(shard.entries[i].text) for i in rows]
            for i, found in zip(rows, word_ends(model, words, sounds, texts), strict=True):
                ends[i] = found
        part = path.with_suffix(".ends.part")
        part.write_text(json.dumps(ends))
        os.replace(part, path)
        done += 1
    return done


@torch.no_grad()
def word_ends(
    model: TrainedModel, words: Vocabulary, sounds: list[NDArray[np.float32]], texts: list[str]
) -> list[list[float]]:
    """Seconds at which each word of plain ``texts`` ends; nothing for one that does not fit."""
    features = [log_mel(s).T for s in sounds]
    frames = np.array([len(f) for f in features])
    padded = np.zeros((len(features), -(-int(frames.max()) // 32) * 32, 128), np.float32)
    for row, feature in zip(padded, features, strict=True):
        row[: len(feature)] = feature
    with torch.autocast("cpu", dtype=torch.bfloat16):
        encoded, valid = model.encode(torch.from_numpy(padded), torch.from_numpy(frames))
    log_probs = model.ctc(encoded.float()).log_softmax(-1).numpy()
    encodings = [words.ctc_labels(text) for text in texts]
    labels = [row for row, _ in encodings]
    sizes = np.array([len(row) for row in labels])
    table = np.zeros((len(labels), max(1, int(sizes.max()))), np.int64)
    for row, label in zip(table, labels, strict=True):
        row[: len(label)] = label
    times = forced_alignment(log_probs, valid.sum(1).numpy(), table, sizes)
    rows = zip(texts, times, encodings, strict=True)
    return [_ends(text, found, parts) for text, found, (_, parts) in rows]


def _ends(text: str, times: NDArray[np.int64], parts: list[tuple[int, int]]) -> list[float]:
    if not text or int(times[0]) < 0:
        return []
    ends = [i for i in range(len(text)) if i + 1 == len(text) or text[i + 1] == " "]
    last = [next(n for n, (a, b) in enumerate(parts) if a <= end < b) for end in ends]
    return [round(float(times[n] + 1) * FRAME_SECONDS + _RELEASE_SECONDS, 2) for n in last]
