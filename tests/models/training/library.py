"""The clips on disk, drawn by length, joined or cut off as training wants them."""

from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio.recordings import READER
from tests.models.training.audio.shards import ClipEntry, Shard, as_float, read_shard, shard_paths
from tests.models.training.audio.voices import training_voices
from tests.models.training.text.corpus import first_words, is_domain


@dataclass(frozen=True, slots=True)
class Utterance:
    """Sound and its words; ``cut`` where the sound breaks off in the middle of speech."""

    samples: NDArray[np.float32]
    text: str
    cut: bool = False


class Library:
    """The clips on disk, by group, ready to be drawn by length."""

    def __init__(self, folder: Path, prefixes: tuple[str, ...], other_english: float = 1.0) -> None:
        self._folder, self._prefixes = folder, prefixes
        self._other_english = other_english
        self._voices = frozenset(v.label for v in training_voices()) | {READER}
        self._shards: list[Shard] = []
        self._read: set[Path] = set()
        self._clips: list[tuple[int, int, ClipEntry]] = []
        self._lengths: NDArray[np.float64] = np.zeros(0)
        self.rescan()

    def rescan(self) -> None:
        """Takes in the shards that were written since."""
        for prefix in self._prefixes:
            for path in shard_paths(self._folder, prefix):
                if path not in self._read:
                    self._read.add(path)
                    shard = read_shard(path)
                    self._clips += [
                        (len(self._shards), number, entry)
                        for number, entry in enumerate(shard.entries)
                        if entry.voice in self._voices and self._kept(entry)
                    ]
                    self._shards.append(shard)
        self._lengths = np.array([entry.seconds for _, _, entry in self._clips])
        self._by_length = np.argsort(self._lengths, kind="stable")
        self._sorted = self._lengths[self._by_length]

    def _kept(self, entry: ClipEntry) -> bool:
        if self._other_english >= 1.0 or entry.voice == READER or is_domain(entry.text):
            return True
        return crc32(entry.text.encode()) % 1000 < 1000 * self._other_english

    def __len__(self) -> int:
        return len(self._clips)

    def clip(self, index: int) -> Utterance:
        """A clip as it was synthesised."""
        shard, _, entry = self._clips[index]
        return Utterance(as_float(self._shards[shard].clip(entry)), entry.text)

    def prefix(self, rng: np.random.Generator, index: int) -> Utterance:
        """The beginning of a clip, cut anywhere, with the words that had ended by then.

        What a partial transcript is asked for. The whole clip where its words were not aligned.
        """
        whole = self.clip(index)
        shard, number, entry = self._clips[index]
        ends = self._shards[shard].word_ends
        row = ends[number] if ends else ()
        if not row:
            return whole
        cut = float(rng.uniform(min(0.3, entry.seconds), entry.seconds))
        complete = sum(end <= cut for end in row)
        text = first_words(whole.text, complete)
        return Utterance(whole.samples[: int(cut * SAMPLE_RATE)], text, cut=True)

    def similar(self, rng: np.random.Generator, longest: float, batch_seconds: float) -> list[int]:
        """Clips of about one length, drawn so that every clip is equally likely."""
        end = int(np.searchsorted(self._sorted, longest))
        weights = self._sorted[:end]
        anchor = int(rng.choice(end, p=weights / weights.sum()))
        count = max(1, int(batch_seconds / (self._sorted[anchor] + 0.4)))
        reach = max(count, 200)
        low, high = max(0, anchor - reach), min(end, anchor + reach)
        return [int(self._by_length[i]) for i in rng.integers(low, high, count)]

    def joined(self, rng: np.random.Generator, seconds: float, cut: bool) -> Utterance:
        """Consecutive sentences of one voice, with pauses, as many as fit into ``seconds``.

        ``cut`` breaks the last one off.
        """
        index = int(rng.integers(len(self._clips)))
        parts: list[NDArray[np.float32]] = []
        texts: list[str] = []
        total = 0.0
        group = self._clips[index][2].group
        while index < len(self._clips):
            entry = self._clips[index][2]
            pause = float(rng.uniform(0.1, 0.7)) if parts else 0.0
            if parts and total + pause + entry.seconds > seconds:
                break
            if entry.group != group:
                if rng.random() < 0.6:
                    break
                group = entry.group  # another speaker goes on
            utterance = self.clip(index)
            parts += [np.zeros(int(pause * SAMPLE_RATE), np.float32), utterance.samples]
            texts.append(utterance.text)
            total += pause + entry.seconds
            index += 1
        if cut:
            last = self.prefix(rng, index - 1)
            parts[-1], texts[-1] = last.samples, last.text
            cut = last.cut
        return Utterance(np.concatenate(parts), " ".join(texts).strip(), cut)
