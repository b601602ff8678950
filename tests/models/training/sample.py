"""The synthetic recording of the tests: sentences of the domain that no model trained on."""

from pathlib import Path

import numpy as np
import soundfile

from streamer.speech.clip import SAMPLE_RATE
from tests.models.training.audio.synthesis import synthesise
from tests.models.training.audio.voices import Delivery, Voice
from tests.models.training.text.corpus import held_out

SENTENCES = (
    "Good morning, my name is Brian Wood, how can I help you?",
    "I am sorry to hear that your booking has not arrived.",
    "My phone number is two three nine, five nine seven, nine nine three nine.",
    "The technician will come on Wednesday at five past one.",
    "What is the weather like in Oslo?",
)
"""All on the evaluation's side of the split."""

VOICE = Voice("flite", "slt")
_PAUSE_SECONDS = 1.0
_SEED = 1


def write(folder: Path) -> None:
    """Writes ``synthetic.flac`` (16 kHz) and ``synthetic.txt`` (one sentence a line)."""
    assert all(held_out(s) for s in SENTENCES), "a sentence of the sample may be trained on"
    parts = [np.zeros(SAMPLE_RATE // 2, np.int16)]
    for sound in synthesise(VOICE, Delivery(rate=1.0, pitch=0.0), SENTENCES):
        parts += [sound, np.zeros(int(_PAUSE_SECONDS * SAMPLE_RATE), np.int16)]
    whole = np.concatenate(parts).astype(np.float32) / 32768 * 0.6
    whole += np.random.default_rng(_SEED).standard_normal(len(whole)).astype(np.float32) * 1e-4
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "synthetic.flac", whole, SAMPLE_RATE, subtype="PCM_16")
    (folder / "synthetic.txt").write_text("".join(f"{s}\n" for s in SENTENCES), encoding="utf-8")
