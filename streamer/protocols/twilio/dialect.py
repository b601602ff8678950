"""Twilio Media Streams as a dialect: calls are heard here, and told elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from streamer.protocols.call_dialect import CallDialect
from streamer.protocols.call_publisher import CallPublisher
from streamer.protocols.call_settings import call_settings
from streamer.protocols.dialect import Action, Close, Open
from streamer.protocols.door import Host
from streamer.protocols.timeline import Timeline
from streamer.protocols.twilio import messages
from streamer.protocols.twilio.aligner import Aligner
from streamer.protocols.twilio.byte_order import ByteOrder
from streamer.session.inputs import Audio, Flush, Stop
from streamer.session.settings import InvalidSettingError, StreamSettings


class _Call:
    """A call that is being heard."""

    def __init__(
        self,
        tracks: Sequence[str],
        settings: StreamSettings,
        byte_order: ByteOrder | None,
    ) -> None:
        self.tracks = tracks
        self.byte_order = byte_order
        self.aligner = Aligner(len(tracks), settings.encoding, settings.sample_rate)


class TwilioDialect(CallDialect):
    """One stream of one call, of one track or of both."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._start: messages.Start | None = None
        self._call: _Call | None = None
        self._timeline = Timeline()

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
            case messages.Dtmf() if self._call is not None and self._publisher is not None:
                seconds = self._call.aligner.seconds + self._timeline.left_out
                yield self._publisher.pressed(parsed.dtmf.digit, seconds)
            case messages.Stop():
                yield from self._stop()
            case _:
                pass

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
        self._call, self._publisher = _Call(tracks, settings, byte_order), publisher
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
