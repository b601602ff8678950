"""A final as AudioHook's entity."""

from __future__ import annotations

from uuid import NAMESPACE_OID, uuid5

from streamer.protocols.audiohook.messages import (
    Alternative,
    Entity,
    Interpretation,
    Token,
    Transcript,
    duration,
)
from streamer.protocols.words import number_of, words_of
from streamer.session.events import Final
from streamer.speech.hypothesis import Word


def entity_of(final: Final, session: str, channel: str, shift: float) -> Entity:
    """Write a final down, so many seconds later; its id is the same whenever it is written."""
    text = Interpretation(
        transcript=final.text, tokens=[_token(word, shift) for word in words_of(final)]
    )
    said = Alternative(confidence=number_of(final.confidence), interpretations=[text])
    return Entity(
        data=Transcript(
            id=str(uuid5(NAMESPACE_OID, f"{session} {final.channel} {final.utterance}")),
            channelId=channel,
            offset=duration(final.start + shift),
            duration=duration(final.end - final.start),
            alternatives=[said],
        )
    )


def _token(word: Word, shift: float) -> Token:
    return Token(
        value=word.text,
        confidence=number_of(word.confidence),
        offset=duration(word.start + shift),
        duration=duration(word.end - word.start),
    )
