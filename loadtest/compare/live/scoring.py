"""The measures of one run, the same for every protocol, from what was said and what was told.

A final has come when the utterance's last word stands in committed text; the first partial when its
first word is shown at all. Words are Whisper's normaliser's, those told aligned to those said.
Flicker is erased words over final words; lost is an utterance of which less than half of the words
are committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

import jiwer

from loadtest.compare.live.peer import Transcript
from loadtest.compare.live.speech import Spoken
from loadtest.run.wer.scoring import Errors, compared, normalised

LOST = 0.5


@dataclass(slots=True)
class Tally:
    """Of any number of streams; times in seconds."""

    finals: list[float] = field(default_factory=list[float])
    first_partials: list[float] = field(default_factory=list[float])
    errors: Errors = field(default_factory=Errors)
    erased: int = 0
    words: int = 0
    utterances: int = 0
    lost: int = 0
    failures: list[str] = field(default_factory=list[str])


def tally(
    total: Tally, spoken: Sequence[Spoken], began: float, transcript: Transcript, *, partials: bool
) -> None:
    """Add one stream, whose first sample was spoken at `began`."""
    if transcript.failure is not None:
        total.failures.append(transcript.failure)
    committed = [(at, normalised(text).split()) for at, text, _ in transcript.told]
    shown = [
        (at, normalised(f"{text} {rest}").split()) if rest else (at, words)
        for (at, text, rest), (_, words) in zip(transcript.told, committed, strict=True)
    ]
    last = committed[-1][1] if committed else []
    total.errors += compared(" ".join(one.text for one in spoken), " ".join(last))
    total.utterances += len(spoken)
    total.words += len(last)
    total.erased += sum(
        len(before) - _common(before, after) for (_, before), (_, after) in pairwise(shown)
    )
    for one, places in zip(spoken, _places([one.text for one in spoken], last), strict=True):
        heard = [place for place in places if place is not None]
        if len(heard) < LOST * len(places):
            total.lost += 1
            continue
        total.finals.append(_reached(committed, heard[-1]) - began - one.end_s)
        if partials:
            total.first_partials.append(_reached(shown, heard[0]) - began - one.start_s)


def _places(said: Sequence[str], told: Sequence[str]) -> list[list[int | None]]:
    """For each utterance where each of its words stands in what was told; None where nowhere."""
    utterances = [normalised(text).split() for text in said]
    places: list[int | None] = [None] * sum(map(len, utterances))
    if told and places:
        words = [word for utterance in utterances for word in utterance]
        aligned = jiwer.process_words(" ".join(words), " ".join(told)).alignments[0]
        for chunk in aligned:
            if chunk.type in ("equal", "substitute"):
                for step in range(chunk.ref_end_idx - chunk.ref_start_idx):
                    places[chunk.ref_start_idx + step] = chunk.hyp_start_idx + step
    found: list[list[int | None]] = []
    at = 0
    for utterance in utterances:
        found.append(places[at : at + len(utterance)])
        at += len(utterance)
    return found


def _reached(told: Sequence[tuple[float, list[str]]], place: int) -> float:
    """When so many words and one more had been told for the first time."""
    return next((at for at, words in told if len(words) > place), told[-1][0])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
