"""The query of `/v2/listen`: what of Flux's options is honoured, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from streamer.audio.encodings import Encoding
from streamer.protocols.deepgram_handshake import COMPRESSED, ENCODINGS
from streamer.protocols.deepgram_masking import asked_masking
from streamer.protocols.door import Host, RefusalError
from streamer.protocols.flux.thresholds import ThresholdError, Thresholds
from streamer.protocols.silence import LONGEST_MS
from streamer.session.settings import InvalidSettingError, StreamSettings
from streamer.speech.clip import SAMPLE_RATE
from streamer.speech.languages import known_language

PARTIAL_INTERVAL_MS = 200
"""Between hypotheses: the first one of a turn, which starts it, is then asked for at 0.3 to 0.4 s
of speech."""

MAX_KEYTERMS = 100
"""As many as Flux takes."""

_THRESHOLDS = ("eot_threshold", "eager_eot_threshold", "eot_timeout_ms")
_FLAGS = ("numerals", "profanity_filter", "mip_opt_out")
_MULTILINGUAL = "-multi"


@dataclass(frozen=True, slots=True)
class Options:
    """What a client asked of its stream; what is not named here is ignored.

    `hints` are languages that are likely, None with a model of one language.
    """

    settings: StreamSettings
    thresholds: Thresholds
    hints: tuple[str, ...] | None
    keyterms: tuple[str, ...]
    numerals: bool

    def changed(self, thresholds: Thresholds, hints: Sequence[str] | None, host: Host) -> Options:
        """Put other thresholds over the current ones, and other hints if there are any."""
        settings = self.settings
        if hints:
            settings = host.changed_settings(settings, {"language": hints[0]})
        return replace(
            self,
            settings=_silences(settings, thresholds, host),
            thresholds=thresholds,
            hints=self.hints if hints is None else tuple(hints),
        )


def parse_options(query: Sequence[tuple[str, str]], host: Host) -> Options:
    """Read a query; raises RefusalError for the first option that cannot be honoured."""
    asked = dict(query)
    repeated = {name: [value for key, value in query if key == name] for name in asked}
    model = asked.get("model", "")
    if not model.startswith("flux-"):
        raise _refusal("model", "is needed; accepted: flux-general-en, flux-general-multi")
    for name in _FLAGS:
        if asked.get(name, "false").lower() not in ("true", "false"):
            raise _refusal(name, "accepted: true, false")
    try:
        given = {name: asked[name] for name in _THRESHOLDS if name in asked}
        thresholds = Thresholds().changed(given)
    except ThresholdError as error:
        raise RefusalError(400, "Bad Request", str(error), setting=error.name) from error
    multilingual = model.endswith(_MULTILINGUAL)
    hints = read_hints(repeated.get("language_hint", []), host) if multilingual else None
    keyterms = repeated.get("keyterm", [])
    if len(keyterms) > MAX_KEYTERMS:
        raise _refusal("keyterm", f"{len(keyterms)} terms; accepted: {MAX_KEYTERMS} at most")
    encoding = _encoding(asked)
    raw = {
        "encoding": encoding,
        "sample_rate": _sample_rate(asked, encoding),
        "language": hints[0] if hints else _language(model, host),
        "partials": True,
        "partial_interval_ms": PARTIAL_INTERVAL_MS,
        "words": host.info.word_timings,
    }
    try:
        opened = host.stream_settings({**raw, **asked_masking(query)})
        settings = _silences(opened, thresholds, host)
    except InvalidSettingError as error:
        text = f"{error}; accepted: {error.accepted}"
        raise RefusalError(400, "Bad Request", text, setting=error.setting) from error
    numerals = asked.get("numerals", "").lower() == "true"
    return Options(settings, thresholds, hints, tuple(keyterms), numerals)


def read_hints(asked: Sequence[str], host: Host) -> tuple[str, ...]:
    """Return the model's languages that are meant; raises RefusalError for one that it has not."""
    hints: list[str] = []
    for one in asked:
        language = known_language(one, host.info.languages) if one.strip() else None
        if language is None:
            known = ", ".join(host.info.languages)
            raise _refusal("language_hint", f"{one!r} is no language here; accepted: {known}")
        hints.append(language)
    return tuple(hints)


def _language(model: str, host: Host) -> str:
    """Return the language that a model's name ends with, or the loaded model's first."""
    if model.endswith(_MULTILINGUAL):
        return host.info.languages[0]
    wanted = model.rpartition("-")[2]
    language = known_language(wanted, host.info.languages)
    if language is None:
        known = ", ".join(host.info.languages)
        raise _refusal("model", f"the loaded model has no {wanted}; it has: {known}")
    return language


def _silences(settings: StreamSettings, thresholds: Thresholds, host: Host) -> StreamSettings:
    """Set how long silence must last; without a turn model no turn is known to be likely over."""
    waits = thresholds.waits
    if host.turn_trouble(settings.language) is not None:
        raw = {"turn": "silence", "endpoint_silence_ms": min(waits.unlikely_ms, LONGEST_MS)}
    else:
        raw = {
            "turn": "auto",
            "endpoint_silence_ms": waits.likely_ms,
            "turn_hold_ms": waits.unlikely_ms,
            "turn_threshold": waits.likely,
        }
    return host.changed_settings(settings, raw)


def _encoding(asked: Mapping[str, str]) -> Encoding:
    known = ENCODINGS | COMPRESSED
    if "encoding" not in asked and "sample_rate" not in asked:
        return Encoding.CONTAINER
    try:
        return known[asked.get("encoding", "").lower()]
    except KeyError as error:
        accepted = f"{', '.join(known)}, or no sample_rate either for a container"
        raise _refusal("encoding", f"is not supported; accepted: {accepted}") from error


def _sample_rate(asked: Mapping[str, str], encoding: Encoding) -> str:
    """Return the rate of samples; compressed streams say theirs themselves, whatever is asked."""
    if encoding.is_compressed:
        return str(SAMPLE_RATE)
    if "sample_rate" not in asked:
        raise _refusal("sample_rate", "is needed with this encoding")
    return asked["sample_rate"]


def _refusal(option: str, message: str) -> RefusalError:
    return RefusalError(400, "Bad Request", f"{option}: {message}", setting=option)
