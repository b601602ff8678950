"""Where Twilio Media Streams are spoken, and who is let in."""

from __future__ import annotations

from streamer.protocols.door import Door, Handshake, Host, bearer_keys
from streamer.protocols.refusals import plain_refusal
from streamer.protocols.twilio.dialect import TwilioDialect
from streamer.protocols.twilio.signature import is_signed

TWILIO_PATH = "/twilio"


def _open(_: Handshake, host: Host) -> TwilioDialect:
    return TwilioDialect(host)


DOOR = Door(TWILIO_PATH, _open, bearer_keys, plain_refusal, signed=is_signed)
