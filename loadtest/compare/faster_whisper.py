"""faster-whisper on the CPU, in a virtual environment of its own, told over its standard input.

It is asked one JSON line at a time, and answers one: `{"files": [WAV, …], "batch": N}` gets texts,
one a file. With `batch` 0 each file is done by itself; else all of them are joined, with silence
between, and done as one by its `BatchedInferencePipeline`, which has nothing to batch in a short
file. The one text then is that of all.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import wave
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loadtest.compare.contestants import Contestant
from loadtest.compare.live.process import OFFLINE, THREADS, installed
from loadtest.errors import CommandError
from streamer.speech.clip import SAMPLE_RATE, Clip

NAME = "faster-whisper"
INSTALL = "pip install faster-whisper==1.2.1"
BATCH = 8
BEAM = 5
"""Its own default."""
GAP_S = 0.3
SERVER = f"""
import json, sys
from faster_whisper import BatchedInferencePipeline, WhisperModel
model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=int(sys.argv[2]),
                     local_files_only=True)
batched = BatchedInferencePipeline(model)
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    texts = []
    for path in asked["files"]:
        if asked["batch"]:
            found, _ = batched.transcribe(path, language="en", batch_size=asked["batch"])
        else:
            found, _ = model.transcribe(path, language="en", beam_size={BEAM})
        texts.append(" ".join(one.text.strip() for one in found))
    print(json.dumps(texts), flush=True)
"""


@dataclass(frozen=True, slots=True)
class FasterWhisper:
    """A process that is ready."""

    process: subprocess.Popen[str]

    def transcribe(self, files: Sequence[Path], batch: int) -> list[str]:
        """Return a text a file; raises CommandError where the process has ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"files": [str(path) for path in files], "batch": batch}
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise CommandError("faster-whisper has ended: see above")
        return json.loads(answer)


@contextmanager
def faster_whisper(venvs: Path, model: Path, clips: Sequence[Clip]) -> Generator[list[Contestant]]:
    """Yield it clip by clip, and batched over all the clips as one file.

    Raises CommandError with the way to install it.
    """
    python = installed(venvs, NAME, INSTALL) / "python"
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [python, "-c", SERVER, model, THREADS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": "", **OFFLINE},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise CommandError(f"faster-whisper does not load {model}")
            files = [_written(Path(folder) / f"{at}.wav", [one]) for at, one in enumerate(clips)]
            joined = _written(Path(folder) / "all.wav", clips)
            alone = Path(folder) / "alone.wav"
            peer = FasterWhisper(process)

            def one(clip: Clip, batch: int) -> str:
                return peer.transcribe([_written(alone, [clip])], batch)[0]

            yield [
                Contestant(
                    f"{NAME} tiny.en",
                    f"INT8, beam {BEAM}",
                    lambda: peer.transcribe(files, 0),
                    lambda clip: one(clip, 0),
                ),
                Contestant(
                    f"{NAME} tiny.en, batched",
                    f"INT8, one file, batch {BATCH}",
                    lambda: peer.transcribe([joined], BATCH),
                    lambda clip: one(clip, BATCH),
                ),
            ]
        finally:
            process.kill()


def _written(path: Path, clips: Sequence[Clip]) -> Path:
    gap = np.zeros(round(GAP_S * SAMPLE_RATE), np.float32)
    samples = np.concatenate([part for one in clips for part in (one.samples, gap)])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
