"""The WebSocket addresses of the server, and what each is told of its settings."""

from __future__ import annotations

import secrets

from streamer.masking.rules import Redacted
from streamer.masking.wishes import Masking
from streamer.protocols.audiohook.door import DOOR as AUDIOHOOK
from streamer.protocols.calls.door import DOOR as CALLS
from streamer.protocols.deepgram.door import DOOR as DEEPGRAM
from streamer.protocols.door import NO_SECRET, ClientLimits, Door, Host, Signing
from streamer.protocols.flux.door import DOOR as FLUX
from streamer.protocols.native.door import DOOR as NATIVE
from streamer.protocols.native.watch_door import DOOR as WATCH
from streamer.protocols.realtime.door import DOOR as REALTIME
from streamer.protocols.twilio.door import DOOR as TWILIO
from streamer.protocols.vonage.door import DOOR as VONAGE
from streamer.protocols.watch_links import WatchLinks
from streamer.settings import Settings
from streamer.speech.engine_info import EngineInfo
from streamer.turns.models.base import TurnModelInfo
from streamer.vad.registry import ALWAYS_HERE

DOORS: tuple[Door, ...] = (
    NATIVE,
    WATCH,
    TWILIO,
    CALLS,
    AUDIOHOOK,
    DEEPGRAM,
    FLUX,
    REALTIME,
    VONAGE,
)


def door_at(path: str) -> Door | None:
    """The door at a path, if there is one."""
    return next((door for door in DOORS if door.matches(path)), None)


def signing_of(
    door: Door, settings: Settings, now: float, watch: WatchLinks | None = None
) -> Signing:
    """Return what a door needs to check its callers' signatures; `now` is since 1970."""
    secrets_by_path = {
        TWILIO.path: settings.twilio_auth_token,
        AUDIOHOOK.path: settings.audiohook_secret,
    }
    secret = secrets_by_path.get(door.path, NO_SECRET)
    asks_for_keys = bool(settings.api_keys) or settings.keys_file is not None
    links = watch if door.path == WATCH.path else None
    return Signing(secret, settings.public_url, asks_for_keys, now, links)


def limits_of(settings: Settings) -> ClientLimits:
    """Return what clients are told of the server's limits."""
    return ClientLimits(settings.max_frame_bytes, settings.idle_timeout_s, settings.resume_window_s)


def masking_of(settings: Settings) -> Masking:
    """Return what is kept from view in all streams."""
    redact = tuple(map(Redacted, settings.redact))
    pairs = (pair.partition(":") for pair in settings.replace)
    replaced = {phrase: text for phrase, _, text in pairs}
    return Masking(redact=redact, profanity=settings.profanity, replace=replaced)


def new_host(
    info: EngineInfo,
    settings: Settings,
    turns: TurnModelInfo | None = None,
    detectors: tuple[str, ...] = ALWAYS_HERE,
    watch: WatchLinks | None = None,
) -> Host:
    """Make what the dialect of one more client sees of the server; the session's id is new."""
    session, masking = secrets.token_urlsafe(12), masking_of(settings)
    return Host(info, limits_of(settings), session, turns, detectors, watch, masking)
