"""Twilio Media Streams as a dialect: calls are heard here, and told elsewhere.

Nothing that is said on the socket would be read, so results are published under the call's id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from streamer.protocols.call_publisher import CallPublisher
from streamer.protocols.call_settings import call_settings
from streamer.protocols.dialect import Action, Close, Message, Open, Result, SessionEnd
from streamer.protocols.door import Host
from streamer.protocols.endings import closing
from streamer.protocols.timeline import Timeline
from streamer.protocols.twilio import messages
from streamer.protocols.twilio.aligner import Aligner
from streamer.protocols.twilio.byte_order import ByteOrder
from streamer.session import events
from streamer.session.inputs import Audio, Flush, Stop
from streamer.session.settings import InvalidSettingError, StreamSettings


class _Call:
    """A call that is being heard."""

    def __init__(
        self,
        tracks: Sequence[str],
        settings: StreamSettings,
        publisher: CallPublisher,
        byte_order: ByteOrder | None,
    ) -> None:
        self.tracks = tracks
        self.byte_order = byte_order
        self.aligner = Aligner(len(tracks), settings.encoding, settings.sample_rate)
        self.publisher = publisher


class TwilioDialect:
    """One stream of one call, of one track or of both."""

    grace_s = None

    def __init__(self, host: Host) -> None:
        self._host = host
        self._start: messages.Start | None = None
        self._call: _Call | None = None
        self._timeline = Timeline()
        self._over = False

    def connected(self) -> Iterator[Action]:
        """Wait for `start`."""
        yield from ()

    def waited(self) -> Iterator[Action]:
        """Do nothing: it is never asked."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take a message; one that is not understood is passed over, since nobody could be told."""
        parsed = messages.parse(message) if isinstance(message, str) else None
        if self._over:
            return
        match parsed:
            case messages.Start() if self._start is None:
                self._start = parsed
                if parsed.start.tracks is not None:
                    yield from self._open(parsed, parsed.start.tracks)
            case messages.Media():
                yield from self._receive_audio(parsed.media)
            case messages.Dtmf() if self._call is not None:
                seconds = self._call.aligner.seconds + self._timeline.left_out
                yield self._call.publisher.pressed(parsed.dtmf.digit, seconds)
            case messages.Stop():
                yield from self._stop()
            case _:
                pass

    def happened(self, event: events.Event) -> Iterator[Result]:
        """Publish what is said."""
        if self._call is not None:
            yield from self._call.publisher.happened(event)

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Result]:
        """Publish that no more will come, and why if the caller's side has not ended it."""
        self._over = True
        call, self._call = self._call, None
        if call is not None:
            yield from call.publisher.finished(done, end, self._host.limits.idle_timeout_s)
        yield closing(end)

    def encode(self, message: Message) -> str:
        """Write a message; none is ever said."""
        return message.model_dump_json(exclude_none=True)

    def _open(self, message: messages.Start, offered: Sequence[str]) -> Iterator[Action]:
        start = message.start
        tracks = [track for track in messages.TRACKS if track in offered] or ["inbound"]
        stream = message.stream or self._host.session
        call = start.call or stream
        publisher = CallPublisher(call, stream, self._host.session, tracks, self._timeline)
        try:
            form = _form(start.media_format) | {"channels": len(tracks)}
            settings, denied = call_settings(self._host, form, start.parameters or {})
        except InvalidSettingError as error:
            self._over = True
            yield publisher.denied(error, last=True)
            yield Close(1008, "invalid setting")
            return
        byte_order = ByteOrder() if start.media_format.tells_no_byte_order else None
        self._call = _Call(tracks, settings, publisher, byte_order)
        yield Open(settings, outlives_client=True)
        yield publisher.started(settings.language, start.parameters or {})
        for error in denied:
            yield publisher.denied(error)

    def _receive_audio(self, chunk: messages.Chunk) -> Iterator[Action]:
        if self._start is None:
            self._over = True
            yield Close(1002, "media came before start")
            return
        if self._call is None:
            # Telnyx does not say which tracks will come, but names the track of each chunk.
            tracks = ("inbound",) if chunk.track is None else messages.TRACKS
            yield from self._open(self._start, tracks)
        samples = chunk.samples()
        if self._call is None or samples is None:
            return
        tracks = self._call.tracks
        if (track := chunk.track or tracks[0]) not in tracks:
            return
        if self._call.byte_order is not None:
            samples = self._call.byte_order.little(samples)
        aligner = self._call.aligner
        if jump_s := aligner.jump_s(chunk.timestamp):
            yield from _audio(aligner.follow_jump(chunk.timestamp or 0.0))
            if jump_s > 0 and aligner.seconds:
                yield Flush(None)
                self._timeline.leave_out(aligner.seconds, jump_s)
        yield from _audio(aligner.add(tracks.index(track), chunk.timestamp, samples))

    def _stop(self) -> Iterator[Action]:
        self._over = True
        if self._call is None:
            yield Close(1000)
            return
        yield from _audio(self._call.aligner.finish())
        yield Stop()


def _form(form: messages.MediaFormat) -> dict[str, Any]:
    """Return the settings that a call's audio makes; raises InvalidSettingError."""
    encoding = form.known_encoding
    if encoding is None or form.channels != 1:
        raise InvalidSettingError(
            "mediaFormat",
            f"{form.encoding} with {form.channels} channels is not understood",
            "audio/x-mulaw, audio/x-alaw or 16-bit PCM, one channel a track",
        )
    return {"encoding": encoding, "sample_rate": form.sample_rate}


def _audio(data: bytes) -> Iterator[Action]:
    if data:
        yield Audio(data)
