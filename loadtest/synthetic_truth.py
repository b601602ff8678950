"""Sentences spoken by a synthesiser that tells when it says each word: the truth for word timings.

Through the C interfaces of espeak-ng (word and phoneme events) and flite (its utterance structure);
the Debian packages `espeak-ng` and `flite`.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_float, c_int, c_short, c_uint, c_void_p
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from loadtest.errors import CommandError
from streamer.speech.clip import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as it was written, and when it is said, in seconds; NaN where that is not known."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A sentence as (n,) float32 samples at 16 kHz, and its words."""

    samples: NDArray[np.float32]
    words: tuple[SpokenWord, ...]


Speaker = Callable[[str], Spoken]


class _EspeakEvent(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = (
        ("type", c_int),
        ("unique_identifier", c_uint),
        ("text_position", c_int),
        ("length", c_int),
        ("audio_position", c_int),
        ("sample", c_int),
        ("user_data", c_void_p),
        ("id", ctypes.c_char * 8),
    )


_WORD, _PHONEME, _END_OF_EVENTS = 1, 7, 0
_SYNCHRONOUS, _PHONEME_EVENTS, _UTF8 = 2, 1, 1
_RATE = 1
_PAUSES = (b"", b"_", b"_:", b"_!", b"_|", b"_^_")
_Callback = ctypes.CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_EspeakEvent))


def espeak(voice: str, words_per_minute: int = 165) -> Speaker:
    """A voice of espeak-ng, such as `en-us+m3`. Raises OSError where it is not installed."""

    def speak(text: str) -> Spoken:
        library, rate = _espeak_library()
        sound: list[NDArray[np.int16]] = []
        begun: list[tuple[float, int]] = []  # seconds, position in the text
        phonemes: list[tuple[float, bool]] = []  # seconds, whether it is heard

        def take(samples: Any, count: int, events: Any) -> int:  # noqa: ANN401, pointers
            if samples and count:
                sound.append(np.ctypeslib.as_array(samples, (count,)).copy())
            for i in range(10_000):
                event = events[i]
                if event.type == _END_OF_EVENTS:
                    break
                if event.type == _WORD:
                    begun.append((event.sample / rate, event.text_position - 1))
                elif event.type == _PHONEME:
                    phonemes.append((event.sample / rate, event.id not in _PAUSES))
            return 0

        callback = _Callback(take)
        library.espeak_SetSynthCallback(callback)
        library.espeak_SetVoiceByName(voice.encode())
        library.espeak_SetParameter(_RATE, words_per_minute, 0)
        raw = text.encode()
        library.espeak_Synth(raw, len(raw) + 1, 0, 1, 0, _UTF8, None, None)
        library.espeak_Synchronize()
        samples = np.concatenate(sound).astype(np.float32) / 32768
        return Spoken(
            soxr.resample(samples, rate, SAMPLE_RATE).astype(np.float32),
            _espeak_words(text, begun, phonemes, len(samples) / rate),
        )

    return speak


def _espeak_words(
    text: str, begun: list[tuple[float, int]], phonemes: list[tuple[float, bool]], length: float
) -> tuple[SpokenWord, ...]:
    """Written words, each from its first sound to the end of its last.

    espeak-ng speaks some neighbours as one ("on the"): what lies between those is not known.
    """
    words: list[SpokenWord] = []
    at = 0
    for written in text.split():
        first = text.index(written, at)
        at = first + len(written)
        own = [time for time, position in begun if first <= position < at]
        later = [(time, position) for time, position in begun if position >= at]
        after = later[0][0] if later else length
        inside = [(t, heard) for t, heard in phonemes if own and own[0] <= t < after]
        start = next((time for time, heard in inside if heard), math.nan)
        words.append(SpokenWord(written, start, _last_sound_ends(inside, after)))
        if not later or text[at : later[0][1]].strip():
            words[-1] = SpokenWord(written, start, math.nan)
    return tuple(words)


def _last_sound_ends(phonemes: list[tuple[float, bool]], after: float) -> float:
    for time, heard in reversed(phonemes):
        if heard:
            return after
        after = time
    return math.nan


def _library(name: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name, ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise CommandError(f"{error}: install the packages espeak-ng and flite") from error


@cache
def _espeak_library() -> tuple[ctypes.CDLL, int]:
    library = _library("libespeak-ng.so.1")
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
    if rate <= 0:
        raise OSError("espeak-ng cannot be used: its data is missing")
    return library, rate


class _FliteWave(ctypes.Structure):
    """`cst_wave` of cst_wave.h."""

    _fields_ = (
        ("type", c_char_p),
        ("sample_rate", c_int),
        ("num_samples", c_int),
        ("num_channels", c_int),
        ("samples", POINTER(c_short)),
    )


_FIRST_SOUND = b"R:SylStructure.daughter1.daughter1.R:Segment.p.end"
_LAST_SOUND = b"R:SylStructure.daughtern.daughtern.R:Segment.end"


def flite(voice: str) -> Speaker:
    """A voice of flite, recorded from a human, such as `slt`. Raises OSError likewise."""

    def speak(text: str) -> Spoken:
        library, spoken_by = _flite_voice(voice)
        utterance = library.flite_synth_text(text.encode(), spoken_by)
        try:
            wave = library.utt_wave(utterance).contents
            sound = np.ctypeslib.as_array(wave.samples, (wave.num_samples,)).copy()
            rate = wave.sample_rate
            words = _flite_words(library, utterance, text)
        finally:
            library.delete_utterance(utterance)
        samples = soxr.resample(sound.astype(np.float32) / 32768, rate, SAMPLE_RATE)
        return Spoken(samples.astype(np.float32), words)

    return speak


def _flite_words(library: ctypes.CDLL, utterance: int, text: str) -> tuple[SpokenWord, ...]:
    """Times of written words; one that is read as several lasts from the first to the last."""
    spans: list[list[float]] = []
    tokens: list[int] = []
    word = library.relation_head(library.utt_relation(utterance, b"Word"))
    while word:
        token = library.item_parent(library.item_as(word, b"Token"))
        start = library.ffeature_float(word, _FIRST_SOUND)
        end = library.ffeature_float(word, _LAST_SOUND)
        if tokens and tokens[-1] == token:
            spans[-1][1] = end
        else:
            tokens.append(token)
            spans.append([start, end])
        word = library.item_next(word)
    written = text.split()
    if len(written) != len(spans):
        return ()
    return tuple(SpokenWord(w, s, e) for w, (s, e) in zip(written, spans, strict=True))


@cache
def _flite_voice(voice: str) -> tuple[ctypes.CDLL, int]:
    library = _library("libflite.so.1")
    for part in ("usenglish", "cmulex"):
        _library(f"libflite_{part}.so.1")
    name = f"cmu_us_{voice}"
    register = getattr(_library(f"libflite_{name}.so.1"), f"register_{name}")
    pointers = {
        "flite_synth_text": [c_char_p, c_void_p],
        "utt_relation": [c_void_p, c_char_p],
        "relation_head": [c_void_p],
        "item_next": [c_void_p],
        "item_parent": [c_void_p],
        "item_as": [c_void_p, c_char_p],
    }
    for function, arguments in pointers.items():
        getattr(library, function).argtypes = arguments
        getattr(library, function).restype = c_void_p
    library.ffeature_float.argtypes = [c_void_p, c_char_p]
    library.ffeature_float.restype = c_float
    library.utt_wave.argtypes = [c_void_p]
    library.utt_wave.restype = POINTER(_FliteWave)
    library.delete_utterance.argtypes = [c_void_p]
    library.flite_init()
    register.restype = c_void_p
    register.argtypes = [c_char_p]
    return library, int(register(None))
