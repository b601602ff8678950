"""A stream of a call, as it is told to those who listen in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streamer.protocols import call_messages as messages
from streamer.protocols.dialect import Message, Publish, SessionEnd
from streamer.protocols.endings import IDLE_CODE, idle_text
from streamer.protocols.timeline import Timeline
from streamer.session import events
from streamer.session.settings import InvalidSettingError

TOLD = frozenset(
    {
        events.WarningCode.UNLIKELY_AUDIO,
        events.WarningCode.QUIET_AUDIO,
        events.WarningCode.CLIPPED_AUDIO,
    }
)
"""Warnings of what the caller's side sends; each comes once. Others are for clients that read."""


class CallPublisher:
    """Publishes what happens in a session under the call's id.

    `source` tells this publisher from others of the same call. `tracks` names the channels, and
    `timeline` knows the stream's time for the audio's.
    """

    def __init__(
        self, call: str, stream: str, source: str, tracks: Sequence[str], timeline: Timeline
    ) -> None:
        self._call = call
        self._stream = stream
        self._source = source
        self._tracks = tracks
        self._timeline = timeline
        self._seq = 0

    def started(self, language: str, parameters: Mapping[str, Any]) -> Publish:
        """The stream has begun."""
        return self._kept(
            messages.Started(
                call=self._call,
                stream=self._stream,
                seq=self._next_seq(),
                tracks=list(self._tracks),
                language=language,
                parameters=dict(parameters),
            )
        )

    def happened(self, event: events.Event) -> Iterator[Publish]:
        """Tell what is said in it."""
        match event:
            case events.Partial():
                partial = messages.Partial(
                    text=event.text, stable=event.stable, **self._place(event)
                )
                yield Publish(self._call, self._source, partial, key=self._key(event))
            case events.Final():
                final = messages.Final(
                    seq=self._next_seq(),
                    text=event.text,
                    language=event.language,
                    confidence=event.confidence,
                    **self._place(event),
                )
                yield Publish(self._call, self._source, final, instead_of=self._key(event))
            case events.EngineFailed():
                yield self.failed("engine_failed", event.message)
            case events.Warned(code, message) if code in TOLD:
                yield self.warned(code, message)
            case events.Acknowledged():
                self._timeline.forget(event.audio)
            case _:
                pass

    def pressed(self, digit: str, at: float) -> Publish:
        """Tell that a key was pressed, after so many seconds of the stream."""
        return self._kept(
            messages.Pressed(
                call=self._call, stream=self._stream, seq=self._next_seq(), digit=digit, at=at
            )
        )

    def denied(self, wish: InvalidSettingError, *, last: bool = False) -> Publish:
        """A setting that was wished for cannot be had."""
        problem = f"{wish}; accepted: {wish.choices}"
        return self.failed("invalid_setting", problem, last=last)

    def warned(self, code: events.WarningCode, message: str) -> Publish:
        """The audio is not as it should be; what is heard is told."""
        return self._kept(
            messages.Warned(
                call=self._call,
                stream=self._stream,
                seq=self._next_seq(),
                code=code,
                message=message,
            )
        )

    def failed(self, code: str, message: str, *, last: bool = False) -> Publish:
        """Something went wrong, perhaps so that nothing follows."""
        failed = messages.Failed(
            call=self._call, stream=self._stream, seq=self._next_seq(), code=code, message=message
        )
        return self._kept(failed, last=last)

    def finished(
        self, done: events.Done, end: SessionEnd, idle_timeout_s: float
    ) -> Iterator[Publish]:
        """Nothing follows; and why, if the caller's side has not ended the stream."""
        if end is SessionEnd.IDLE:
            yield self.failed(IDLE_CODE, idle_text(idle_timeout_s))
        yield self._ended(done)

    def _ended(self, done: events.Done) -> Publish:
        ended = messages.Ended(
            call=self._call,
            stream=self._stream,
            seq=self._next_seq(),
            audio=done.audio,
            utterances=done.utterances,
        )
        return self._kept(ended, last=True)

    def _place(self, event: events.Partial | events.Final) -> dict[str, Any]:
        shift = self._timeline.shift(event.end)
        return {
            "call": self._call,
            "stream": self._stream,
            "channel": event.channel,
            "track": self._tracks[event.channel],
            "utterance": event.utterance,
            "start": event.start + shift,
            "end": event.end + shift,
        }

    def _kept(self, message: Message, *, last: bool = False) -> Publish:
        return Publish(self._call, self._source, message, last=last)

    def _key(self, event: events.Partial | events.Final) -> str:
        return f"partial {self._source} {event.channel} {event.utterance}"

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq - 1
