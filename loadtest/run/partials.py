"""What partials cost at the default settings, and what kept features and drafts save.

    python -m loadtest run partials [--model FOLDER] [--sentences 40]

Spoken sentences (see `run word-times`) go through one session as fast as they are answered, so
each partial has the one before it as its draft. Then every clip is recognised again without what
is measured: features made anew, no draft. Milliseconds are of one thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from loadtest.run.word_times import spoken_sentences
from streamer.audio.encodings import Encoding
from streamer.decoding.ragged import RaggedDecoder, RaggedEncoder
from streamer.decoding.ragged_batcher import RaggedBatcher
from streamer.decoding.request import Decoded, Request
from streamer.dispatch.job import Job, JobKind
from streamer.families.cohere.features import log_mel
from streamer.families.cohere.incremental import IncrementalFeatures
from streamer.families.cohere.mel_features import MelFeatures
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.models.folder import ModelFolder
from streamer.models.registry import embedded_folder
from streamer.onnx.sessions import load_graphs
from streamer.session.outputs import Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE, Clip
from streamer.speech.hypothesis import Hypothesis

MIN_SPEECH_MS = 160
GAP_S = 1.2
"""Silence between sentences: more than the endpoint's."""


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One pass over a clip: what was heard, and in how many decoder calls."""

    job: Job
    tokens: tuple[int, ...]
    calls: int


class Recogniser:
    """The engine's parts, one clip at a time, and how many decoder calls each took."""

    def __init__(self, folder: Path) -> None:
        files = ModelFolder.find(folder)
        self.tokenizer = Tokenizer.from_file(files.tokens)
        encoder, decoder = load_graphs(files.encoder, files.decoder, "cpu", 1)
        rows = RaggedDecoder.of(decoder)
        clips = RaggedEncoder(encoder, MelFeatures(), rows.layers)
        self._batcher = RaggedBatcher(clips, rows, self.tokenizer.eos)

    def recognise(self, clip: Clip) -> tuple[Decoded, int]:
        """Recognise a clip with nobody else around."""
        before = self._batcher.work.calls
        prompt = self.tokenizer.prompt(clip.options.language, clip.options.punctuation)
        request = Request(clip.samples, prompt, clip.draft, incremental=clip.incremental)
        self._batcher.join(0, request)
        while not (ended := self._batcher.step()):
            pass
        ((_, decoded),) = ended
        assert isinstance(decoded, Decoded)
        return decoded, self._batcher.work.calls - before


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--model", type=Path, default=embedded_folder(), help="a model folder")
    parser.add_argument("--sentences", type=int, default=40, help="how many to speak")


def run(options: argparse.Namespace) -> int:
    """Stream, and print what it cost."""
    recogniser = Recogniser(options.model)
    gap = np.zeros(round(GAP_S * SAMPLE_RATE), np.float32)
    sounds = [np.concatenate([one.samples, gap]) for one in spoken_sentences(options.sentences)]
    samples = np.concatenate(sounds)
    passes = streamed(recogniser, samples)
    report(recogniser, passes, len(samples) / SAMPLE_RATE)
    return 0


def streamed(recogniser: Recogniser, samples: NDArray[np.float32]) -> list[Pass]:
    """Stream the samples through a session with partials; return every pass of the model."""
    settings = StreamSettings(language="en", encoding=Encoding.PCM_F32LE)
    session = Session("partials", settings, MIN_SPEECH_MS)
    passes: list[Pass] = []

    def take(outputs: Sequence[Output]) -> None:
        for output in outputs:
            if isinstance(output, Job):
                decoded, calls = recogniser.recognise(output.clip.loaded())
                passes.append(Pass(output, decoded.tokens, calls))
                text = recogniser.tokenizer.decode(decoded.tokens)
                hypothesis = Hypothesis(text, decoded.tokens, decoded.confidence)
                take(session.deliver(output, hypothesis))

    for begin in range(0, len(samples), SAMPLE_RATE // 50):
        take(session.feed(samples[begin : begin + SAMPLE_RATE // 50].tobytes()))
    take(session.stop())
    return passes


def report(recogniser: Recogniser, passes: Sequence[Pass], audio_s: float) -> None:
    """Print what the passes cost, and what they would cost without features kept and drafts."""
    clips = [one.job.clip.loaded() for one in passes]
    partials = [one for one in passes if one.job.kind is JobKind.PARTIAL]
    encoded_s = sum(clip.seconds for clip in clips)
    print(f"{audio_s:.0f} s of audio, {len(partials)} partials, {len(clips)} passes")
    print(f"encoded: {encoded_s / audio_s:.2f} s a second of audio")
    features = IncrementalFeatures()

    def kept(clip: Clip) -> object:
        if clip.incremental is None:
            return log_mel(clip.samples)
        return features.log_mel(clip.incremental, clip.samples)

    def anew(clip: Clip) -> object:
        return log_mel(clip.samples)

    for name, run in (("made anew", anew), ("kept", kept)):
        print(f"features {name}: {_milliseconds(run, clips) / audio_s:.2f} ms a second of audio")
    unfinished = [one for one in passes if not one.job.clip.exact]
    again = [replace(one.job.clip, incremental=None).loaded() for one in unfinished]
    exact = [recogniser.recognise(clip)[0] for clip in again]
    same = sum(one.tokens == other.tokens for one, other in zip(unfinished, exact, strict=True))
    print(f"partials with the tokens of exact features: {same} of {len(unfinished)}")
    plain = [recogniser.recognise(replace(clip, draft=())) for clip in clips]
    for one, (decoded, _) in zip(passes, plain, strict=True):
        if one.job.clip.exact:
            assert decoded.tokens == one.tokens, "a draft changed the text"
    with_drafts, without = sum(one.calls for one in passes), sum(calls for _, calls in plain)
    print(
        f"decoder calls: {with_drafts} with drafts, {without} without: {with_drafts / without:.2f}"
    )
    last = [one.calls for one in passes if one.job.clip.exact and one.job.clip.draft]
    print(
        f"decoder calls of a final right after a partial: median {median(last):g}, max {max(last)}"
    )


def _milliseconds(run: Callable[[Clip], object], clips: Sequence[Clip]) -> float:
    began = time.thread_time()
    for clip in clips:
        run(clip)
    return (time.thread_time() - began) * 1000
