"""Where utterances begin and end in noise, by kind of noise and by detector; no server.

    python -m loadtest run noise [--detector silero] [--minutes 10] [--no-partials]

The first sentences of a recording are laid over seven made noises (the same every time) and over
other voices, at 10 and 5 dB. Printed for each: how much of the speech lies in utterances, how long
behind the voice the last one is closed (0.6 s of it is the silence waited for), and how many
utterances noise alone opens in so many minutes. Ends with 1 where something said is lost.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from loadtest.options import audio_option
from loadtest.run.wer.noises import babble, pink, power, white
from streamer.audio.encodings import Encoding
from streamer.audio.files import AudioFile
from streamer.decoding.batched_engine import transcribe
from streamer.decoding.step_engine import StepEngine
from streamer.dispatch.job import Job
from streamer.families.registry import load_model
from streamer.models.assets import find
from streamer.models.catalogue import SILERO
from streamer.models.registry import resolve
from streamer.pipeline.silero import SileroGraphs
from streamer.session.detection import Detect
from streamer.session.events import SpeechEnded, SpeechStarted
from streamer.session.outputs import Output
from streamer.session.session import Session
from streamer.session.settings import StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.vad.silero import Request, SileroStream, advance

Samples = NDArray[np.float32]
Make = Callable[[np.random.Generator, int], Samples]

LEAD_S, GAP_S, SENTENCE_S, REPEATS = 3.0, 4.0, 4.3, 4
RATIOS_DB = (10, 5)
MIN_SPEECH_MS = 160
PIECE_S = 0.5


def _tones(frequencies: Sequence[float], rng: np.random.Generator, count: int) -> Samples:
    time = np.arange(count) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * one * time + rng.uniform(0, 6)) / one for one in frequencies)
    return (tones + 1e-4 * white(rng, count)).astype(np.float32)


def hum(rng: np.random.Generator, count: int) -> Samples:
    """Mains, and its odd harmonics."""
    return _tones([50, 150, 250, 350, 450], rng, count)


def car(rng: np.random.Generator, count: int) -> Samples:
    """Pink noise below 400 Hz, swelling and fading over seconds."""
    band = signal.butter(2, 400, fs=SAMPLE_RATE, output="sos")
    low = signal.sosfilt(band, pink(rng, count))
    swell = 1 + 0.3 * np.sin(2 * np.pi * 0.2 * np.arange(count) / SAMPLE_RATE)
    return np.asarray(low * swell, np.float32)


def kitchen(rng: np.random.Generator, count: int) -> Samples:
    """Pink noise, and clatter: short bursts, about one a second."""
    noise = pink(rng, count)
    ring = np.exp(-np.arange(SAMPLE_RATE // 8) / 400) * white(rng, SAMPLE_RATE // 8)
    for at in rng.integers(0, count - len(ring), max(1, count // SAMPLE_RATE)):
        noise[at : at + len(ring)] += 4 * ring
    return noise


def music(rng: np.random.Generator, count: int) -> Samples:
    """Chords of decaying tones, two a second."""
    total, length = np.zeros(count), SAMPLE_RATE // 2
    time = np.arange(length) / SAMPLE_RATE
    for at in range(0, count - length, length):
        for note in rng.choice([0, 2, 4, 5, 7, 9, 11, 12], 3):
            frequency = 220 * 2 ** (note / 12)
            tone = sum(np.sin(2 * np.pi * frequency * k * time) / k for k in (1, 2, 3))
            total[at : at + length] += tone * np.exp(-3 * time)
    return total.astype(np.float32)


def telephone(rng: np.random.Generator, count: int) -> Samples:
    """White noise in the band of a telephone line."""
    band = signal.butter(4, (300, 3400), "bandpass", fs=SAMPLE_RATE, output="sos")
    return np.asarray(signal.sosfilt(band, white(rng, count)), np.float32)


def probabilities(stream: SileroStream, graphs: SileroGraphs, frames: Samples) -> list[float]:
    """Judge the next frames of a stream."""
    request = Request(stream, frames)
    while len(request.rest):
        advance(graphs, request, 31)
    return request.found


Span = tuple[float, float, float]
"""An utterance: begin, end, and when its end was decided, in seconds."""


@dataclass(frozen=True)
class Ears:
    """Who listens: a detector, and a model, which takes no time here."""

    vad: str
    graphs: SileroGraphs | None
    engine: StepEngine
    partials: bool


def heard(audio: Samples, ears: Ears) -> list[Span]:
    """Return each utterance that the session tells of audio."""
    settings = StreamSettings(
        language="en", vad=ears.vad, partials=ears.partials, encoding=Encoding.PCM_F32LE
    )
    session, stream = Session("noise", settings, MIN_SPEECH_MS), SileroStream()
    begins: list[float] = []
    found: list[Span] = []

    def take(outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case SpeechStarted():
                    begins.append(output.at)
                case SpeechEnded():
                    found.append((begins[-1], output.at, session.audio_s))
                case Detect(frames=frames):
                    assert ears.graphs is not None
                    take(session.detected([probabilities(stream, ears.graphs, frames[0])]))
                case Job():
                    ((_, hypothesis),) = transcribe(ears.engine, [output.clip.loaded()])
                    take(session.deliver(output, hypothesis))
                case _:
                    pass

    step = 320  # a frame of telephony: the time of a decision is exact to it
    for at in range(0, len(audio), step):
        take(session.feed(audio[at : at + step].tobytes()))
    take(session.stop())
    return found


def spoken(sentence: Samples, noise: Samples, snr_db: float) -> tuple[Samples, list[float]]:
    """Lay a sentence over noise again and again; returns the audio and the beginnings."""
    gain = np.sqrt(power(sentence) / power(noise) / 10 ** (snr_db / 10))
    audio = (gain * noise).astype(np.float32)
    starts = [LEAD_S + number * (SENTENCE_S + GAP_S) for number in range(REPEATS)]
    for start in starts:
        at = round(start * SAMPLE_RATE)
        audio[at : at + len(sentence)] += sentence
    return (audio / max(1.0, float(np.abs(audio).max()))).astype(np.float32), starts


def judged(
    found: Sequence[Span], starts: Sequence[float], length: float
) -> tuple[float, list[float]]:
    """Return the share of speech inside utterances, and how late each sentence was closed."""
    inside, delays = 0.0, list[float]()
    for start in starts:
        end = start + length
        inside += sum(max(0.0, min(e, end) - max(b, start)) for b, e, _ in found)
        closing = [when for b, _, when in found if b < end and when >= end - 0.3]
        delays.append(min(closing, default=end + 99) - end)
    return inside / (length * len(starts)), delays


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    audio_option(parser)
    parser.add_argument("--detector", choices=("silero", "webrtc"), help="default: both")
    parser.add_argument("--model", default="moonshine", help="a name or a folder")
    parser.add_argument(
        "--no-partials", dest="partials", action="store_false", help="as of a client without them"
    )
    parser.add_argument("--kind", action="append", help="only this noise")
    parser.add_argument("--minutes", type=float, default=10.0, help="of noise alone (default: 10)")


def run(options: argparse.Namespace) -> int:
    """Measure and print the table."""
    voice = np.concatenate(list(AudioFile(options.audio, SAMPLE_RATE).blocks(60.0)))
    sentence = voice[: round(SENTENCE_S * SAMPLE_RATE)]
    others = np.array_split(voice[len(sentence) :], 6)
    kinds: dict[str, Make] = {
        "fan": pink,
        "car": car,
        "kitchen": kitchen,
        "hum": hum,
        "music": music,
        "telephone": telephone,
        "babble": lambda rng, count: babble(rng, others, count),
    }
    engine = load_model(resolve(options.model))
    detectors = [options.detector] if options.detector else ["silero", "webrtc"]
    graphs = SileroGraphs(find(SILERO)) if "silero" in detectors else None
    print("| noise | detector | heard at 10 dB | closed after | at 5 dB | after | noise alone |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    lost = False
    for kind, make in kinds.items():
        if options.kind and kind not in options.kind:
            continue
        for vad in detectors:
            ears = Ears(vad, graphs, engine, options.partials)
            cells = list(_cells(make, ears, sentence, options.minutes))
            lost = lost or any(float(cell.rstrip(" %")) < 97 for cell in cells[:3:2])
            print(f"| {kind} | {vad} | {' | '.join(cells)} |", flush=True)
    return int(lost)


def _cells(make: Make, ears: Ears, sentence: Samples, minutes: float) -> Iterator[str]:
    rng = np.random.default_rng(5)
    count = round((LEAD_S + REPEATS * (SENTENCE_S + GAP_S)) * SAMPLE_RATE)
    loudest = np.flatnonzero(np.abs(sentence) > 0.02)
    length = float(loudest[-1]) / SAMPLE_RATE
    for ratio in RATIOS_DB:
        audio, starts = spoken(sentence, make(rng, count), ratio)
        share, delays = judged(heard(audio, ears), starts, length)
        yield f"{100 * share:.0f} %"
        yield f"{max(delays):.2f} s" if max(delays) < 90 else "never"
    alone = make(rng, round(minutes * 60 * SAMPLE_RATE))
    alone *= np.sqrt(power(sentence) / power(alone) / 10)
    yield str(len(heard(alone, ears)))
