"""Batches made while the model trains: clips drawn, joined, augmented and turned into features.

A batch depends on the run's seed, its step and the shards on disk, on nothing else: a resumed run
sees what the first one would have seen.
"""

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from queue import Full

import numpy as np
from numpy.typing import NDArray

from streamer.families.cohere.features import MIN_SAMPLES, log_mel
from streamer.speech.clip import SAMPLE_RATE
from tests.models.training import stages, vocabulary
from tests.models.training.audio import augment, nonspeech
from tests.models.training.library import Library, Utterance
from tests.models.training.stages import Stage
from tests.models.training.text.corpus import plain_words

_QUEUE = 12
_RESCAN_STEPS = 200
_MOST_CHARACTERS_PER_FRAME = 0.8
"""Of 40 ms encoder frames, 20 a second: faster speech is a synthesiser's alone."""


@dataclass(frozen=True, slots=True)
class Batch:
    """``inputs`` begin with the prompt; ``targets`` are -100 where nothing is to be predicted.

    ``spans`` (B, L, 2) gives the range of ``labels`` that each target was said in, start = end for
    none.
    """

    features: NDArray[np.float32]
    frames: NDArray[np.int64]
    inputs: NDArray[np.int64]
    targets: NDArray[np.int64]
    labels: NDArray[np.int64]
    label_sizes: NDArray[np.int64]
    spans: NDArray[np.int64]
    seconds: float


class BatchMaker:
    """Makes the batch of any step."""

    def __init__(
        self, shards: Path, vocabulary_folder: Path, seed: int, plan: tuple[Stage, ...]
    ) -> None:
        self._folder, self._seed, self._plan = shards, seed, plan
        self._vocabulary = vocabulary.Vocabulary(vocabulary_folder)
        self._libraries: dict[tuple[tuple[str, ...], float], Library] = {}
        self._scanned = 0

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
                sound = augment.augment(rng, utterance.samples, stage.augmentation, utterance.cut)
                rows.append(Utterance(sound, utterance.text))
        rows = [r for r in rows if _learnable(r)]
        if not rows:
            return self.batch(step + 1_000_000_007 % 997)
        return collate(
            rows, self._vocabulary, plain=[bool(rng.random() < stage.plain) for _ in rows]
        )

    def _library(self, stage: Stage, step: int) -> Library:
        key = stage.sources, stage.other_english
        if key not in self._libraries:
            self._libraries[key] = Library(self._folder, *key)
        library = self._libraries[key]
        if self._scanned != step // _RESCAN_STEPS:
            self._scanned = step // _RESCAN_STEPS
            library.rescan()
        return library


def _draw(rng: np.random.Generator, library: Library, stage: Stage) -> list[Utterance]:
    if rng.random() >= stage.joined:
        indices = library.similar(rng, stage.seconds, stage.batch_seconds)
        return [
            library.prefix(rng, i) if rng.random() < stage.prefixes else library.clip(i)
            for i in indices
        ]
    length = float(rng.uniform(3.0, stage.seconds))
    count = max(1, int(stage.batch_seconds / length))
    return [library.joined(rng, length, bool(rng.random() < stage.prefixes)) for _ in range(count)]


def _learnable(row: Utterance) -> bool:
    frames = len(row.samples) / SAMPLE_RATE * 25
    return (
        len(row.samples) >= MIN_SAMPLES
        and len(plain_words(row.text)) <= _MOST_CHARACTERS_PER_FRAME * frames + 2
    )


def collate(rows: list[Utterance], words: vocabulary.Vocabulary, plain: list[bool]) -> Batch:
    """Features and targets of some utterances; ``plain`` says which get the nopnc prompt."""
    features = [log_mel(r.samples).T for r in rows]
    frames = np.array([len(f) for f in features], np.int64)
    padded = -(-int(frames.max()) // 32) * 32  # few distinct lengths: kernels are chosen per shape
    encoded: list[tuple[list[int], list[int], list[tuple[int, int]]]] = []
    labels: list[list[int]] = []
    for row, is_plain in zip(rows, plain, strict=True):
        bare = plain_words(row.text)
        ids, pieces = words.encode(bare if is_plain else row.text)
        row_labels, parts = words.ctc_labels(bare)
        said_in = [vocabulary.covering(span, parts) for span in vocabulary.spans(pieces, bare)]
        encoded.append((words.prompt(not is_plain), ids, said_in))
        labels.append(row_labels)
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


def _work(
    maker: BatchMaker, first: int, stride: int, queue: "Queue[Batch | None]", stop: Event
) -> None:
    parent = os.getppid()
    queue.cancel_join_thread()  # what is still queued is of no use to anyone
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
            break
        step += stride
    while not stop.wait(1) and os.getppid() == parent:
        pass  # what was put last is on its way until the trainer has it


def stream(maker: BatchMaker, first: int, makers: int = 1) -> Iterator[Batch]:
    """Batches from step ``first`` on, made ahead by so many other processes in turn."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    queues = [context.Queue(_QUEUE) for _ in range(makers)]
    workers = [
        context.Process(target=_work, args=(maker, first + i, makers, queue, stop), daemon=True)
        for i, queue in enumerate(queues)
    ]
    for worker in workers:
        worker.start()
    try:
        for queue in cycle(queues):
            if (batch := queue.get()) is None:
                return
            yield batch
    finally:
        stop.set()
        for worker in workers:
            worker.terminate()
