"""Transcripts in the shape of Deepgram's results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import NAMESPACE_URL, uuid5

from streamer.protocols.deepgram import messages
from streamer.protocols.words import number_of
from streamer.speech.engine_info import EngineInfo
from streamer.speech.hypothesis import Word

_AROUND = re.compile(r"^\W+|\W+$")
"""Punctuation before and behind a word."""


class Results:
    """Writes down results of one request."""

    def __init__(self, request_id: str, channels: int, model: EngineInfo) -> None:
        self._channels = channels
        self.model_info = messages.ModelInfo(
            name=model.name, version=model.precision, arch="streamer"
        )
        self.metadata = messages.ResultMetadata(
            request_id=request_id,
            model_uuid=str(uuid5(NAMESPACE_URL, f"streamer:{model.name}")),
            model_info=self.model_info,
        )

    def index(self, channel: int) -> list[int]:
        """Name a channel as Deepgram does: its number, of how many."""
        return [channel, self._channels]

    def write(
        self,
        channel: int,
        text: str,
        span: tuple[float, float],
        words: Sequence[Word],
        confidence: float | None,
        *,
        is_final: bool = False,
        speech_final: bool = False,
        from_finalize: bool = False,
    ) -> messages.Results:
        """Write down a transcript of a span of seconds; one that is not final will be replaced."""
        start, end = span
        alternative = messages.Alternative(
            transcript=text,
            confidence=number_of(confidence) if text else 0.0,
            words=[_word(word) for word in words],
        )
        return messages.Results(
            channel_index=self.index(channel),
            duration=round(end - start, 3),
            start=round(start, 3),
            is_final=is_final,
            speech_final=speech_final,
            from_finalize=from_finalize,
            channel=messages.Channel(alternatives=[alternative]),
            metadata=self.metadata,
        )


def _word(word: Word) -> messages.Word:
    return messages.Word(
        word=_AROUND.sub("", word.text).lower() or word.text,
        start=round(word.start, 3),
        end=round(word.end, 3),
        confidence=number_of(word.confidence),
        punctuated_word=word.text,
    )
