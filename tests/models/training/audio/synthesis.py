"""Text to 16 kHz speech through the synthesisers' own command-line programs."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio.voices import Delivery, Engine, Voice

PROGRAMS: dict[Engine, str] = {"espeak-ng": "espeak-ng", "flite": "flite", "festival": "festival"}

_ESPEAK_WORDS_PER_MINUTE = 165
_FLITE_PITCH_HERTZ = {"kal16": 105, "awb": 130, "rms": 95, "slt": 170}
_TIMEOUT_SECONDS = 60
_TRIM_LEVEL = 0.003
_KEEP_AROUND = SAMPLE_RATE // 50


class SynthesisError(RuntimeError):
    """A synthesiser is missing, failed, or gave nothing audible."""


def missing_programs() -> list[str]:
    """The synthesisers that are not installed."""
    return [p for p in PROGRAMS.values() if shutil.which(p) is None]


def synthesise(voice: Voice, delivery: Delivery, texts: Sequence[str]) -> list[NDArray[np.int16]]:
    """Speaks each text; returns (n,) int16 at 16 kHz each, without the silence at both ends.

    Raises SynthesisError. festival starts slowly, so it is worth handing it many texts at once.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}.wav" for i in range(len(texts))]
        if voice.engine == "festival":
            _run_festival(voice, delivery, texts, paths)
        else:
            for text, path in zip(texts, paths, strict=True):
                _run(_command(voice, delivery, text, path))
        return [_read(path) for path in paths]


def _command(voice: Voice, delivery: Delivery, text: str, path: Path) -> list[str]:
    if voice.engine == "espeak-ng":
        speed = round(_ESPEAK_WORDS_PER_MINUTE * delivery.rate)
        pitch = round(50 + 22 * delivery.pitch)
        return [
            "espeak-ng",
            "-v",
            voice.name,
            "-s",
            str(speed),
            "-p",
            str(pitch),
            "-w",
            str(path),
            "--",
            text,
        ]
    mean = _FLITE_PITCH_HERTZ.get(voice.name, 120) * (1 + 0.15 * delivery.pitch)
    stretch = 1 / delivery.rate
    settings = [
        "--setf",
        f"duration_stretch={stretch:.3f}",
        "--setf",
        f"int_f0_target_mean={mean:.0f}",
    ]
    return ["flite", "-voice", voice.name, *settings, "-t", text, "-o", str(path)]


def _run_festival(
    voice: Voice, delivery: Delivery, texts: Sequence[str], paths: Sequence[Path]
) -> None:
    lines = [f"(voice_{voice.name})", f"(Parameter.set 'Duration_Stretch {1 / delivery.rate:.3f})"]
    for text, path in zip(texts, paths, strict=True):
        quoted = text.replace("\\", "").replace('"', "")
        lines.append(f'(utt.save.wave (utt.synth (Utterance Text "{quoted}")) "{path}" \'riff)')
    script = paths[0].with_name("say.scm")
    script.write_text("\n".join(lines), encoding="ascii", errors="ignore")
    _run(["festival", "-b", str(script)])


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise SynthesisError(f"{command[0]} failed: {error}") from error


def _read(path: Path) -> NDArray[np.int16]:
    try:
        samples, rate = soundfile.read(io.BytesIO(path.read_bytes()), dtype="float32")
    except (OSError, soundfile.LibsndfileError) as error:
        raise SynthesisError(f"no sound was written: {error}") from error
    if rate != SAMPLE_RATE:
        samples = soxr.resample(samples, rate, SAMPLE_RATE)
    loud = np.flatnonzero(np.abs(samples) > _TRIM_LEVEL)
    if len(loud) < SAMPLE_RATE // 10:
        raise SynthesisError("the synthesiser gave silence")
    start, end = max(0, loud[0] - _KEEP_AROUND), loud[-1] + _KEEP_AROUND
    samples = samples[start:end] * (0.7 / max(0.05, float(np.abs(samples).max())))
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
