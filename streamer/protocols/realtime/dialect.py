"""OpenAI's Realtime transcription, `/v1/realtime`, as a dialect."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator

from pydantic import ValidationError

from streamer.protocols.dialect import Action, Message, Open, Reply, Say, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import closing
from streamer.protocols.realtime import messages
from streamer.protocols.realtime.configuration import (
    Configuration,
    InvalidConfigurationError,
    session_of_beta,
)
from streamer.protocols.realtime.items import Item
from streamer.protocols.realtime.problems import RefusedError, not_understood
from streamer.session import events
from streamer.session.inputs import Audio, Configure, Flush
from streamer.session.settings import StreamSettings
from streamer.speech.end_reason import EndReason

LEAST_COMMIT_S = 0.1
"""The API refuses to commit less audio than this."""


class RealtimeDialect:
    """One client of a transcription session.

    An update after the first audio that needs another stream (another format, or turn detection
    on or off) commits what is open, as if the client had done so.
    """

    grace_s = None

    def __init__(self, host: Host) -> None:
        self._host = host
        self._configuration = Configuration()
        self._settings = self._configuration.settings(host)
        self._offset_s = 0.0  # audio of streams before this one
        self._bytes = 0  # of this stream
        self._committed_s = 0.0  # audio up to the last commit, or clearing
        self._items: deque[Item] = deque()  # committed, not completed
        self._open: Item | None = None  # not committed
        self._item_of: dict[int, Item] = {}  # by utterance without a final
        self._cut = False  # the length limit has closed the last utterance
        self._count = 0
        self._previous: str | None = None
        self._told = 0

    def connected(self) -> Iterator[Action]:
        """Open with the API's defaults, and say so: some clients wait for it."""
        yield Open(self._settings, may_be_silent=True)
        yield Say(self._session("session.created"))

    def waited(self) -> Iterator[Action]:
        """Never comes."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take an event; audio comes inside of one."""
        try:
            event = messages.client_events.validate_json(message)
        except ValidationError as error:
            yield Say(not_understood(error))
            return
        try:
            yield from self._handle(event)
        except RefusedError as refused:
            yield Say(refused.as_event(event.event_id))

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Tell an event."""
        match event:
            case events.SpeechStarted():
                yield from self._started(event)
            case events.Partial():
                if not self._items:  # deltas of one item come after all of the item before
                    yield from map(Say, self._item_of[event.utterance].add_partial(event))
            case events.SpeechEnded():
                item = self._item_of[event.utterance]
                item.end = self._offset_s + event.at
                self._cut = event.reason is EndReason.LIMIT
                if not self._cut and item is self._open:
                    yield from self._commit(item)
            case events.Warned(events.WarningCode.UNLIKELY_AUDIO, message):
                yield Say(RefusedError("unlikely_audio", message, "audio").as_event(None))
            case events.Final():
                yield from map(Say, self._item_of.pop(event.utterance).add_final(event))
                yield from self._completed()
            case _:
                pass

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Reply]:
        """Close: the API has no last word."""
        yield closing(SessionEnd.STOPPED if end is SessionEnd.IDLE else end)

    def encode(self, message: Message) -> str:
        """Give an event its id and write it down, with its nulls, as the API does."""
        self._told += 1
        event_id = f"event_{self._host.session}_{self._told}"
        return message.model_copy(update={"event_id": event_id}).model_dump_json()

    @property
    def _heard_s(self) -> float:
        settings = self._settings
        heard = self._bytes / settings.encoding.sample_bytes / settings.sample_rate
        return self._offset_s + heard

    def _handle(self, event: messages.ClientEvent) -> Iterator[Action]:
        match event:
            case messages.Append():
                yield from self._append(event)
            case messages.Commit():
                yield from self._commit_asked()
            case messages.Clear():
                if self._open is not None:
                    self._open.discarded = True
                    self._open = None
                    yield Flush(None)
                self._committed_s = self._heard_s
                yield Say(messages.Cleared())
            case messages.SessionUpdate():
                yield from self._update(event)

    def _append(self, event: messages.Append) -> Iterator[Action]:
        try:
            audio = base64.b64decode(event.audio, validate=True)
        except ValueError as error:
            raise RefusedError("invalid_base64", "audio is not base64", "audio") from error
        self._bytes += len(audio)
        yield Audio(audio)
        if self._cut and self._open is not None:
            # The cut fell into a pause: nothing that was heard goes on behind it.
            yield from self._commit(self._open)

    def _commit_asked(self) -> Iterator[Action]:
        if self._open is not None:
            yield Flush(None)  # which ends the utterance, and so commits
            return
        waiting = self._heard_s - self._committed_s
        if waiting < LEAST_COMMIT_S:
            raise RefusedError(
                "input_audio_buffer_commit_empty",
                f"nothing to commit: the buffer holds {waiting * 1000:.0f} ms of audio, and at "
                f"least {LEAST_COMMIT_S * 1000:.0f} ms are needed",
            )
        yield from self._commit(self._item(self._committed_s, self._heard_s))
        yield from self._completed()

    def _update(self, event: messages.SessionUpdate) -> Iterator[Action]:
        beta = event.type == "transcription_session.update"
        try:
            asked = session_of_beta(event.session) if beta else event.session
            configuration = self._configuration.merged(asked)
            settings = configuration.settings(self._host)
        except InvalidConfigurationError as error:
            raise RefusedError("invalid_value", str(error), error.parameter) from error
        yield from self._apply(settings)
        self._configuration = configuration
        yield Say(self._session("transcription_session.updated" if beta else "session.updated"))

    def _apply(self, settings: StreamSettings) -> Iterator[Action]:
        changeable = {"language", "endpoint_silence_ms", "partial_interval_ms"}
        before, after = (one.model_dump(exclude=changeable) for one in (self._settings, settings))
        if self._bytes and before == after:
            yield Configure(settings)
        elif settings != self._settings:
            yield Open(settings, concludes=True, may_be_silent=True)
            self._offset_s, self._bytes = self._heard_s, 0
        self._settings = settings

    def _started(self, event: events.SpeechStarted) -> Iterator[Reply]:
        item = self._open if self._cut else None
        self._cut = False
        if item is None:
            at = self._offset_s + event.at
            item = self._open = self._item(at, at)
            if self._settings.vad != "off":
                told = messages.SpeechStarted(audio_start_ms=_ms(at), item_id=item.id)
                yield Say(told)
        item.owed += 1
        self._item_of[event.utterance] = item

    def _item(self, start: float, end: float) -> Item:
        self._count += 1
        name = f"item_{self._host.session}_{self._count}"
        return Item(name, self._settings.language, start, end)

    def _commit(self, item: Item) -> Iterator[Say]:
        """Put an item into the conversation."""
        if item is self._open and self._settings.vad != "off":
            yield Say(messages.SpeechStopped(audio_end_ms=_ms(item.end), item_id=item.id))
        self._open, self._cut = None, False
        self._committed_s = self._heard_s
        self._items.append(item)
        previous, self._previous = self._previous, item.id
        yield Say(messages.Committed(item_id=item.id, previous_item_id=previous))
        stands = messages.Item(id=item.id)
        for kind in ("conversation.item.added", "conversation.item.done"):
            yield Say(messages.ItemTold(type=kind, previous_item_id=previous, item=stands))

    def _completed(self) -> Iterator[Say]:
        """Tell the outcome of the items that have it, in their order."""
        while self._items and self._items[0].owed == 0:
            yield Say(self._items.popleft().outcome())

    def _session(self, kind: str) -> Message:
        session = messages.SessionInForce(
            id=f"sess_{self._host.session}",
            audio=messages.Audio(input=self._configuration.input),
        )
        return messages.SessionTold.model_validate({"type": kind, "session": session})


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
