"""The query of `/v1/listen`: what of Deepgram's options is honoured, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamer.audio.encodings import Encoding
from streamer.protocols.deepgram_handshake import COMPRESSED, ENCODINGS
from streamer.protocols.deepgram_masking import asked_masking
from streamer.protocols.door import Host, RefusalError
from streamer.protocols.silence import SHORTEST_MS, endpoint_silence_ms
from streamer.session.settings import InvalidSettingError, StreamSettings
from streamer.speech.clip import SAMPLE_RATE

UNENDED_SILENCE_MS = 600
"""With `endpointing=false` results still come piece by piece; only none of them ends the speech."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a client asked of its stream; everything else that it asked is ignored.

    With `endpointing`, silence ends the speech. `utterance_end_s` is the silence after the last
    word that is told by a message of its own, None for never.
    """

    settings: StreamSettings
    interim_results: bool
    vad_events: bool
    endpointing: bool
    utterance_end_s: float | None


def parse_options(query: Sequence[tuple[str, str]], host: Host) -> Options:
    """Read a query; raises RefusalError for the first option that cannot be honoured."""
    asked = dict(query)
    interim_results = _flag(asked, "interim_results")
    endpointing = asked.get("endpointing", "").lower() != "false"
    encoding = _encoding(asked)
    raw = {
        "encoding": encoding,
        "sample_rate": _sample_rate(asked, encoding),
        "channels": asked.get("channels", "1"),
        "language": asked.get("language", ""),
        "punctuation": _flag(asked, "punctuate") or _flag(asked, "smart_format"),
        "partials": interim_results,
        "endpoint_silence_ms": _silence_ms(asked) if endpointing else UNENDED_SILENCE_MS,
        "words": host.info.word_timings,
    }
    try:
        settings = host.stream_settings({**raw, **asked_masking(query)})
    except InvalidSettingError as error:
        raise _refusal(error.setting, f"{error}; accepted: {error.choices}") from error
    utterance_end_ms = _milliseconds(asked, "utterance_end_ms")
    return Options(
        settings,
        interim_results=interim_results,
        vad_events=_flag(asked, "vad_events"),
        endpointing=endpointing,
        utterance_end_s=None if utterance_end_ms is None else utterance_end_ms / 1000,
    )


def _encoding(asked: Mapping[str, str]) -> Encoding:
    known = ENCODINGS | COMPRESSED
    try:
        return known[asked["encoding"].lower()] if "encoding" in asked else Encoding.CONTAINER
    except KeyError as error:
        message = (
            f"encoding: is not supported; accepted: {', '.join(known)}, or none for a container"
        )
        raise _refusal("encoding", message) from error


def _sample_rate(asked: Mapping[str, str], encoding: Encoding) -> str:
    """Return the rate of samples; compressed streams say theirs themselves, whatever is asked."""
    if encoding.is_compressed:
        return str(SAMPLE_RATE)
    if "sample_rate" in asked:
        return asked["sample_rate"]
    if encoding in (Encoding.MULAW, Encoding.ALAW):
        return "8000"
    raise _refusal("sample_rate", "sample_rate: is needed with this encoding")


def _silence_ms(asked: Mapping[str, str]) -> int:
    milliseconds = _milliseconds(asked, "endpointing")
    return SHORTEST_MS if milliseconds is None else endpoint_silence_ms(milliseconds)


def _milliseconds(asked: Mapping[str, str], name: str) -> int | None:
    """Read a whole number; none at all where it is left out, or set to true or false."""
    text = asked.get(name, "")
    if text.lower() in ("", "true", "false"):
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _refusal(name, f"{name}: is not a number of milliseconds")
    return int(text)


def _flag(asked: Mapping[str, str], name: str) -> bool:
    return asked.get(name, "").lower() == "true"


def _refusal(option: str, message: str) -> RefusalError:
    return RefusalError(400, "Bad Request", message, setting=option)
