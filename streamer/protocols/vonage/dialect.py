"""Vonage's WebSockets as a dialect: calls are heard here, and told elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.audio.encodings import Encoding
from streamer.protocols.call_dialect import CallDialect
from streamer.protocols.call_settings import call_settings
from streamer.protocols.dialect import Action, Close, Open
from streamer.protocols.door import Host
from streamer.protocols.vonage import messages
from streamer.session.inputs import Audio
from streamer.session.settings import InvalidSettingError


class VonageDialect(CallDialect):
    """One stream of a call; it has no end but that of the connection."""

    def __init__(self, host: Host, call: str | None) -> None:
        """`call` is the call's id, if the address tells it."""
        super().__init__(host)
        self._call = call
        self._rate = 0
        self._bytes = 0  # of audio

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take a message; one that is not understood is passed over, since nobody could be told."""
        if self._over:
            return
        if isinstance(message, bytes):
            yield from self._hear(message)
            return
        match messages.parse(message):
            case messages.Connected() as parsed if self._publisher is None:
                yield from self._open(parsed)
            case messages.Dtmf() as parsed if self._publisher is not None:
                seconds = self._bytes / (Encoding.PCM_S16LE.sample_bytes * self._rate)
                yield self._publisher.pressed(parsed.digit, seconds)
            case _:
                pass

    def _open(self, message: messages.Connected) -> Iterator[Action]:
        publisher = self._publisher_of(self._call or message.call or self._host.session)
        form = {"encoding": Encoding.PCM_S16LE, "sample_rate": message.rate}
        try:
            settings, denied = call_settings(self._host, form, message.headers)
        except InvalidSettingError as error:
            self._over = True
            problem = f"content-type: {message.content_type!r}; accepted: audio/l16;rate=16000"
            yield publisher.failed("invalid_setting", problem, last=True)
            yield Close(1008, f"invalid {error.setting}")
            return
        self._publisher, self._rate = publisher, settings.sample_rate
        yield Open(settings, outlives_client=True)
        yield publisher.started(settings.language, message.headers)
        for wish in denied:
            yield publisher.denied(wish)

    def _hear(self, samples: bytes) -> Iterator[Action]:
        if self._publisher is None:
            self._over = True
            yield Close(1002, "audio came before the first text message")
        elif samples:
            self._bytes += len(samples)
            yield Audio(samples)
