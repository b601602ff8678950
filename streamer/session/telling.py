"""What a client is told of an utterance."""

from __future__ import annotations

from streamer.session.events import EngineFailed, Final, Partial, TurnPaused
from streamer.session.utterance import Utterance
from streamer.speech.clip import SAMPLE_RATE


def partial_of(channel: int, utterance: Utterance) -> list[Partial]:
    """Tell what is heard so far, if there is anything and the client wants it."""
    text = utterance.shown
    if not text or not utterance.settings.partials:
        return []
    start, end = utterance.start / SAMPLE_RATE, utterance.decoded_until / SAMPLE_RATE
    confidence = utterance.hypothesis.confidence
    return [Partial(channel, utterance.number, text, utterance.stable, start, end, confidence)]


def pause_of(channel: int, utterance: Utterance) -> list[TurnPaused]:
    """Tell a pause, once both its probability and the text up to it are known."""
    pause = utterance.pause
    if pause is None or pause.told or pause.probability is None:
        return []
    if not utterance.has_decoded(pause.settled):
        return []
    pause.told = True
    heard = utterance.hypothesis
    return [
        TurnPaused(
            channel=channel,
            utterance=utterance.number,
            at=pause.settled / SAMPLE_RATE,
            probability=pause.probability,
            text=heard.text,
            confidence=heard.confidence,
        )
    ]


def final_of(channel: int, utterance: Utterance) -> list[Final | EngineFailed]:
    """Tell the final of one that is decoded, and what went wrong with it if anything did."""
    final = Final(
        channel=channel,
        utterance=utterance.number,
        text=utterance.hypothesis.text,
        start=utterance.start / SAMPLE_RATE,
        end=utterance.decoded_until / SAMPLE_RATE,
        reason=utterance.reason,
        language=utterance.settings.language,
        confidence=utterance.hypothesis.confidence,
        words=utterance.words,
        failure=utterance.failure,
    )
    if utterance.failure is None:
        return [final]
    return [final, EngineFailed(channel, utterance.number, utterance.failure)]
