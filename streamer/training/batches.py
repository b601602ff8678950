"""Batches made while the model trains: clips drawn, joined, augmented and turned into features.

A batch depends on the run's seed, its step and the shards on disk, on nothing else: a resumed run
sees what the first one would have seen.
"""

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Full
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamer.engine.base import SAMPLE_RATE
from streamer.engine.features import MIN_SAMPLES, log_mel
from streamer.training import stages, vocabulary
from streamer.training.audio import augment, nonspeech
from streamer.training.audio.shards import ClipEntry, Shard, read_shard, shard_paths
from streamer.training.stages import Stage
from streamer.training.text.corpus import plain_words

_QUEUE = 12
_RESCAN_STEPS = 200
_MOST_LABELS_PER_FRAME = 0.8
"""Of 40 ms encoder frames: faster speech cannot be aligned by CTC."""


@dataclass(frozen=True, slots=True)
class Utterance:
    samples: NDArray[np.float32]
    text: str


@dataclass(frozen=True, slots=True)
class Batch:
    """``inputs`` begin with the prompt; ``targets`` are -100 where nothing is to be predicted.

    ``spans`` (B, L, 2) gives the characters of ``labels`` that each target stands for, start = end for none.
    """

    features: NDArray[np.float32]
    frames: NDArray[np.int64]
    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    labels: NDArray[np.int64]
    label_sizes: NDArray[np.int64]
    spans: NDArray[np.int64]
    seconds: float


class Library:
    """The clips on disk, by group, ready to be drawn by length."""

    def __init__(self, folder: Path, prefixes: tuple[str, ...]) -> None:
        self._folder, self._prefixes = folder, prefixes
        self._shards: list[Shard] = []
        self._read: set[Path] = set()
        self._clips: list[tuple[int, ClipEntry]] = []
        self._lengths: NDArray[np.float64] = np.zeros(0)
        self.rescan()

    def rescan(self) -> None:
        for prefix in self._prefixes:
            for path in shard_paths(self._folder, prefix):
                if path not in self._read:
                    self._read.add(path)
                    shard = read_shard(path)
                    self._clips += [(len(self._shards), entry) for entry in shard.entries]
                    self._shards.append(shard)
        self._lengths = np.array([entry.seconds for _, entry in self._clips])
        self._by_length = np.argsort(self._lengths, kind="stable")
        self._sorted = self._lengths[self._by_length]

    def __len__(self) -> int:
        return len(self._clips)

    def clip(self, index: int) -> Utterance:
        shard, entry = self._clips[index]
        return Utterance(self._shards[shard].clip(entry).astype(np.float32) / 32768, entry.text)

    def similar(self, rng: np.random.Generator, longest: float, batch_seconds: float) -> list[int]:
        """Clips of about one length, drawn so that every clip is equally likely."""
        end = int(np.searchsorted(self._sorted, longest))
        weights = self._sorted[:end]
        anchor = int(rng.choice(end, p=weights / weights.sum()))
        count = max(1, int(batch_seconds / (self._sorted[anchor] + 0.4)))
        reach = max(count, 200)
        low, high = max(0, anchor - reach), min(end, anchor + reach)
        return [int(self._by_length[i]) for i in rng.integers(low, high, count)]

    def joined(self, rng: np.random.Generator, seconds: float) -> Utterance:
        """Consecutive sentences of one voice, with pauses, as many as fit into ``seconds``."""
        index = int(rng.integers(len(self._clips)))
        parts: list[NDArray[np.float32]] = []
        texts: list[str] = []
        total = 0.0
        group = self._clips[index][1].group
        while index < len(self._clips):
            entry = self._clips[index][1]
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
        return Utterance(np.concatenate(parts), " ".join(texts))


class BatchMaker:
    """Makes the batch of any step."""

    def __init__(self, shards: Path, vocabulary_folder: Path, seed: int, plan: tuple[Stage, ...]) -> None:
        self._folder, self._seed, self._plan = shards, seed, plan
        self._vocabulary = vocabulary.Vocabulary(vocabulary_folder)
        self._libraries: dict[tuple[str, ...], Library] = {}

    def batch(self, step: int) -> Batch | None:
        """None after the last stage."""
        found = stages.at(step, self._plan)
        if found is None:
            return None
        stage = found[0]
        rng = np.random.default_rng([self._seed, step])
        library = self._library(stage, step)
        rows: list[Utterance] = []
        for utterance in _draw(rng, library, stage):
            if rng.random() < stage.nonspeech:
                speech = [library.clip(int(i)).samples for i in rng.integers(len(library), size=3)]
                rows.append(Utterance(nonspeech.draw(rng, len(utterance.samples), speech), ""))
            else:
                sound = augment.augment(rng, utterance.samples, stage.augmentation)
                rows.append(Utterance(sound, utterance.text))
        rows = [r for r in rows if _learnable(r)]
        if not rows:
            return self.batch(step + 1_000_000_007 % 997)
        return collate(rows, self._vocabulary, plain=[bool(rng.random() < stage.plain) for _ in rows])

    def _library(self, stage: Stage, step: int) -> Library:
        if stage.sources not in self._libraries:
            self._libraries[stage.sources] = Library(self._folder, stage.sources)
        library = self._libraries[stage.sources]
        if step % _RESCAN_STEPS == 0:
            library.rescan()
        return library


def _draw(rng: np.random.Generator, library: Library, stage: Stage) -> list[Utterance]:
    if rng.random() >= stage.joined:
        return [library.clip(i) for i in library.similar(rng, stage.seconds, stage.batch_seconds)]
    length = float(rng.uniform(3.0, stage.seconds))
    return [library.joined(rng, length) for _ in range(max(1, int(stage.batch_seconds / length)))]


def _learnable(row: Utterance) -> bool:
    frames = len(row.samples) / SAMPLE_RATE * 25
    return len(row.samples) >= MIN_SAMPLES and len(plain_words(row.text)) <= _MOST_LABELS_PER_FRAME * frames + 2


def collate(rows: list[Utterance], words: vocabulary.Vocabulary, plain: list[bool]) -> Batch:
    features = [log_mel(r.samples).T for r in rows]
    frames = np.array([len(f) for f in features], np.int64)
    padded = -(-int(frames.max()) // 32) * 32  # few distinct lengths: kernels are chosen per shape
    encoded: list[tuple[list[int], list[int], list[tuple[int, int]]]] = []
    labels: list[list[int]] = []
    for row, is_plain in zip(rows, plain, strict=True):
        text = plain_words(row.text) if is_plain else row.text
        ids, pieces = words.encode(text)
        encoded.append((words.prompt(not is_plain), ids, vocabulary.spans(pieces, row.text)))
        labels.append(vocabulary.ctc_labels(row.text))
    prompt = len(encoded[0][0])
    width = prompt + max(len(ids) for _, ids, _ in encoded)
    count = len(rows)
    batch = Batch(
        features=np.zeros((count, padded, features[0].shape[1]), np.float32),
        frames=frames,
        inputs=np.full((count, width), vocabulary.PAD, np.int64),
        targets=np.full((count, width), -100, np.int64),
        labels=np.zeros((count, max(1, max(map(len, labels)))), np.int64),
        label_sizes=np.array([len(x) for x in labels], np.int64),
        spans=np.zeros((count, width, 2), np.int64),
        seconds=sum(len(r.samples) for r in rows) / SAMPLE_RATE,
    )
    for i, (start, ids, spans) in enumerate(encoded):
        batch.features[i, : frames[i]] = features[i]
        batch.inputs[i, : prompt + len(ids)] = start + ids
        batch.targets[i, prompt - 1 : prompt + len(ids)] = [*ids, vocabulary.END]
        batch.labels[i, : len(labels[i])] = labels[i]
        if spans:
            batch.spans[i, prompt - 1 : prompt - 1 + len(ids)] = spans
    return batch


def _work(maker: BatchMaker, first: int, queue: Any, stop: Any) -> None:
    parent = os.getppid()
    step = first
    while not stop.is_set():
        batch = maker.batch(step)
        while not stop.is_set():
            try:
                queue.put(batch, timeout=1)
                break
            except Full:
                if os.getppid() != parent:
                    return  # the trainer was killed
                continue
        if batch is None:
            return
        step += 1


def stream(maker: BatchMaker, first: int) -> Iterator[Batch]:
    """Batches from step ``first`` on, made ahead by one other process."""
    context = multiprocessing.get_context("spawn")
    queue, stop = context.Queue(_QUEUE), context.Event()
    worker = context.Process(target=_work, args=(maker, first, queue, stop), daemon=True)
    worker.start()
    try:
        while (batch := queue.get()) is not None:
            yield batch
    finally:
        stop.set()
        worker.terminate()
