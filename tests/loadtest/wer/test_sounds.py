"""What goes over the wire, and that it is what is heard offline."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("jiwer", reason="needs the extra loadtest")

from loadtest.run.wer.non_speech import non_speech
from loadtest.run.wer.sounds import KINDS, MARGIN, mulaw
from streamer.audio.encodings import Encoding, decode

RNG = np.random.default_rng(3)
SPEECH = (0.1 * RNG.standard_normal(16_000)).astype(np.float32)
VOICES = [(0.1 * RNG.standard_normal(8000)).astype(np.float32) for _ in range(7)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_is_sent_with_margins_and_heard_offline_without(kind: str) -> None:
    sound = KINDS[kind](SPEECH, np.random.default_rng(0), VOICES)
    assert len(sound.data) / sound.byte_rate == 3.0
    assert len(sound.samples) == len(SPEECH)
    again = KINDS[kind](SPEECH, np.random.default_rng(0), VOICES)
    assert again.data == sound.data


def test_what_is_clean_is_what_was_recorded() -> None:
    sound = KINDS["clean"](SPEECH, np.random.default_rng(0), ())
    np.testing.assert_allclose(sound.samples, SPEECH, atol=1e-4)
    assert not any(sound.data[: 2 * MARGIN])


def test_every_mulaw_code_is_written_as_it_is_read() -> None:
    values = decode(Encoding.MULAW, bytes(range(256)))
    again = decode(Encoding.MULAW, mulaw(values))
    np.testing.assert_array_equal(again, values)


def test_mulaw_is_as_near_as_it_can_be() -> None:
    samples = np.linspace(-1, 1, 2001, dtype=np.float32)
    error = np.abs(decode(Encoding.MULAW, mulaw(samples)) - samples)
    assert (error <= 0.034 * np.abs(samples) + 0.001).all()


def test_nobody_speaks_in_any_of_many_sounds() -> None:
    sounds = dict(non_speech())
    assert len(sounds) > 12
    assert all(one.dtype == np.float32 and np.abs(one).max() <= 1 for one in sounds.values())
