"""What a client is told of an utterance."""

from __future__ import annotations

from streamer.session.events import (
    EngineFailed,
    Final,
    Partial,
    SpeechEnded,
    TurnPaused,
    TurnResumed,
)
from streamer.session.utterance import Utterance
from streamer.speech.clip import SAMPLE_RATE


def partial_of(channel: int, utterance: Utterance) -> list[Partial]:
    """Tell what is heard so far, if there is anything and the client wants it."""
    text = utterance.shown
    if utterance.told is None or not text or not utterance.settings.partials:
        return []
    start, end = utterance.start / SAMPLE_RATE, utterance.decoded_until / SAMPLE_RATE
    confidence = utterance.hypothesis.confidence
    return [Partial(channel, utterance.told, text, utterance.stable, start, end, confidence)]


def pause_of(channel: int, utterance: Utterance) -> list[TurnPaused]:
    """Tell a pause, once both its probability and the text up to it are known."""
    pause = utterance.pause
    if pause is None or pause.told or pause.probability is None or utterance.told is None:
        return []
    if not utterance.has_decoded(pause.settled):
        return []
    pause.told = True
    heard = utterance.hypothesis
    return [
        TurnPaused(
            channel=channel,
            utterance=utterance.told,
            at=pause.settled / SAMPLE_RATE,
            probability=pause.probability,
            text=heard.text,
            confidence=heard.confidence,
        )
    ]


def resumed_of(channel: int, utterance: Utterance, at: int) -> list[TurnResumed]:
    """Tell that somebody speaks again, at a sample, after a pause that was told."""
    if utterance.told is None:
        return []
    return [TurnResumed(channel, utterance.told, at / SAMPLE_RATE)]


def ended_of(channel: int, utterance: Utterance) -> list[SpeechEnded]:
    """Tell the end of a closed one, if the client knows of its beginning."""
    if utterance.told is None or utterance.end is None:
        return []
    return [SpeechEnded(channel, utterance.told, utterance.end / SAMPLE_RATE, utterance.reason)]


def final_of(channel: int, utterance: Utterance) -> list[Final | EngineFailed]:
    """Tell the final of one that is decoded, and what went wrong with it if anything did."""
    if utterance.told is None:
        return []
    final = Final(
        channel=channel,
        utterance=utterance.told,
        text=utterance.hypothesis.text,
        start=utterance.start / SAMPLE_RATE,
        end=utterance.decoded_until / SAMPLE_RATE,
        reason=utterance.reason,
        language=utterance.settings.language,
        confidence=utterance.hypothesis.confidence,
        words=utterance.words if utterance.settings.words else None,
        failure=utterance.failure,
    )
    if utterance.failure is None:
        return [final]
    return [final, EngineFailed(channel, utterance.told, utterance.failure)]
