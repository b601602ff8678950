"""How well a model in training does on held-out clips, by what is served: greedy decoding."""

from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import torch

from tests.models.training import vocabulary
from tests.models.training.audio.shards import as_float, read_shard, shard_paths
from tests.models.training.batches import collate
from tests.models.training.library import Utterance
from tests.models.training.model import TrainedModel, greedy
from tests.models.training.text.corpus import plain_words

_CLIPS = 32


def validation_rows(folder: Path, split: str, count: int = _CLIPS) -> list[Utterance]:
    """Clean held-out clips with the margins that a voice detector leaves, from all of a split."""
    rows = [
        Utterance(np.pad(as_float(shard.clip(entry)), 4000), entry.text)
        for shard in map(read_shard, shard_paths(folder, split))
        for entry in shard.entries
    ]
    return rows[:: max(1, len(rows) // count)][:count]


@torch.no_grad()
def validate(
    model: TrainedModel, words: vocabulary.Vocabulary, rows: list[Utterance]
) -> dict[str, Any]:
    """WER of the greedy attention output and of the CTC head's, over plain words."""
    model.eval()
    batch = collate(rows, words, plain=[False] * len(rows))
    device = next(model.parameters()).device
    encoded, valid = model.encode(
        torch.from_numpy(batch.features).to(device), torch.from_numpy(batch.frames).to(device)
    )
    limit = min(120, batch.inputs.shape[1] + 10)
    said = [
        words.tokenizer.decode(ids)
        for ids in greedy(model, encoded, valid, words.prompt(True), limit)
    ]
    best = model.ctc(encoded).argmax(-1).masked_fill(~valid, 0)
    heard = [words.ctc_text(i for i in row.unique_consecutive().tolist() if i) for row in best]
    truth = [plain_words(r.text) for r in rows]
    return {
        "wer": jiwer.wer(truth, [plain_words(s) for s in said]),
        "ctc_wer": jiwer.wer(truth, [" ".join(h.split()) for h in heard]),
        "example": [rows[1].text, said[1], heard[1]],
    }
