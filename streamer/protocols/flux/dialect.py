"""Deepgram's Flux, `/v2/listen`, as a dialect."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from pydantic import ValidationError

from streamer.protocols import binary_commands
from streamer.protocols.dialect import Action, Close, Message, Open, Reply, Say, SessionEnd
from streamer.protocols.door import Host, RefusalError
from streamer.protocols.endings import closing, idle_text
from streamer.protocols.flux import messages
from streamer.protocols.flux.messages import Trigger, TurnEvent
from streamer.protocols.flux.options import Options, read_hints
from streamer.protocols.flux.thresholds import ThresholdError
from streamer.protocols.flux.turn import Said, Turn
from streamer.protocols.words import number_of, words_of
from streamer.session import events
from streamer.session.inputs import Audio, Configure, Flush, Stop
from streamer.speech.end_reason import EndReason
from streamer.speech.word_spans import spread_words

UPDATE_S = 0.25
"""Audio after which an open turn is told of, if nothing else was."""

_KNOWN = "Configure, ForceEndTurn, CloseStream"


class _ConfigureError(ValueError):
    """What of a `Configure` cannot be honoured."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FluxDialect:
    """One client of Flux. A turn starts with its first words: noise without words starts none."""

    grace_s = None

    def __init__(self, options: Options, host: Host) -> None:
        self._options = options
        self._host = host
        settings = options.settings
        self._bytes_a_second: int | None = None
        if not settings.encoding.is_compressed:
            self._bytes_a_second = settings.encoding.sample_bytes * settings.sample_rate
        self._bytes = 0
        self._happened_s = 0.0  # up to where events have come
        self._told_at = 0.0  # second of audio
        self._next_id = 0
        self._turn = Turn(0, 0.0)
        self._waiting: deque[events.SpeechStarted] = deque()  # utterances without a final

    def connected(self) -> Iterator[Action]:
        """Open with the query's settings."""
        yield Open(self._options.settings)
        yield Say(messages.Connected(request_id=self._host.session))
        if self._options.keyterms:
            yield self._warning("KEYTERMS_NOT_SUPPORTED", "this model takes no key terms")
        if (trouble := self._host.turn_trouble(self._options.settings.language)) is not None:
            yield self._warning("TURN_MODEL_ABSENT", trouble)

    def waited(self) -> Iterator[Action]:
        """Never comes."""
        yield from ()

    def received(self, message: str | bytes) -> Iterator[Action]:
        """Take audio or a message."""
        if isinstance(message, bytes):
            if (command := binary_commands.command_in(message)) is not None:
                yield self._warning("UNLIKELY_AUDIO", binary_commands.told(command))
                return
            yield Audio(message)
            self._bytes += len(message)
            if self._turn.started and self._heard_s - self._told_at >= UPDATE_S:
                yield self._tell(TurnEvent.UPDATE)
            return
        try:
            parsed = messages.client_messages.validate_json(message)
        except ValidationError:
            text = f"not a message of this API; accepted: {_KNOWN}, and audio in binary messages"
            yield self._warning("UNPARSABLE_CLIENT_MESSAGE", text)
            return
        match parsed:
            case messages.Configure():
                yield from self._configured(parsed)
            case messages.ForceEndTurn():
                yield Flush(None)
            case messages.CloseStream():
                yield Stop()
            case messages.KeepAlive():
                pass

    def happened(self, event: events.Event) -> Iterator[Reply]:
        """Tell an event."""
        match event:
            case events.Acknowledged():
                self._happened_s = max(self._happened_s, event.audio)
            case events.SpeechStarted():
                self._waiting.append(event)
                if len(self._waiting) == 1:
                    self._turn = Turn(self._turn.index, event.at)
            case events.Warned(events.WarningCode.UNLIKELY_AUDIO, message):
                yield self._warning("UNLIKELY_AUDIO", message)
            case events.Final():
                yield from self._final(event)
            case events.Partial() | events.TurnPaused() | events.TurnResumed():
                # An utterance that waits for the final of the one before it comes too early.
                if event.utterance == self._waiting[0].utterance:
                    yield from self._grown(event)
            case _:
                pass

    def finished(self, done: events.Done, end: SessionEnd) -> Iterator[Reply]:
        """Close, with an error where the client went silent."""
        if end is SessionEnd.IDLE:
            text = idle_text(self._host.limits.idle_timeout_s)
            yield Say(messages.Error(code="NET-0001", description=text))
            yield Close(1011, "NET-0001: neither audio nor a message came for too long")
            return
        yield closing(end)

    def encode(self, message: Message) -> str:
        """Number a message as it is sent: those replaced while waiting leave no gap."""
        numbered = message.model_copy(update={"sequence_id": self._next_id})
        self._next_id += 1
        return numbered.model_dump_json(exclude_none=True)

    @property
    def _heard_s(self) -> float:
        """Seconds of audio heard; of compressed audio, what its events tell, within a second."""
        return self._bytes / self._bytes_a_second if self._bytes_a_second else self._happened_s

    def _start(self) -> Iterator[Reply]:
        if not self._turn.started and self._turn.said.text:
            self._turn.started = True
            yield self._tell(TurnEvent.START)

    def _grown(
        self, event: events.Partial | events.TurnPaused | events.TurnResumed
    ) -> Iterator[Reply]:
        match event:
            case events.Partial():
                self._happened_s = max(self._happened_s, event.end)
                words = spread_words(event.text, event.start, event.end, event.confidence)
                self._turn.growing = Said(event.text, words)
                yield from self._start()
            case events.TurnPaused():
                yield from self._paused(event)
            case events.TurnResumed():
                yield from self._resumed()

    def _paused(self, event: events.TurnPaused) -> Iterator[Reply]:
        turn, eager = self._turn, self._options.thresholds.eager
        turn.probability = event.probability
        if eager is None or event.probability < eager or not event.text:
            return
        start, confidence = self._waiting[0].at, event.confidence
        turn.growing = Said(event.text, spread_words(event.text, start, event.at, confidence))
        yield from self._start()
        turn.eager = turn.said.text
        yield self._tell(TurnEvent.EAGER_END, confidence=eager)

    def _resumed(self) -> Iterator[Reply]:
        self._turn.probability = None
        if self._turn.eager is not None:
            self._turn.eager = None
            yield self._tell(TurnEvent.RESUMED)

    def _final(self, event: events.Final) -> Iterator[Reply]:
        self._waiting.popleft()
        self._happened_s = max(self._happened_s, event.end)
        turn = self._turn
        turn.finish(Said(event.text, words_of(event)))
        yield from self._start()
        following = self._waiting[0].at if self._waiting else None
        if event.reason is EndReason.LIMIT and following == event.end:
            return  # the turn goes on in the utterance behind the cut
        if turn.started:
            if turn.eager is not None and turn.eager != turn.said.text:
                yield from self._resumed()
            yield self._ended(event.reason)
        index = turn.index + turn.started
        self._turn = Turn(index, self._heard_s if following is None else following)

    def _ended(self, reason: EndReason) -> Say:
        thresholds, turn = self._options.thresholds, self._turn
        trigger, confidence = Trigger.MANUAL, 0.0
        if reason is EndReason.LIMIT:
            trigger = Trigger.TIMEOUT
        elif reason.by_silence:
            timeout = thresholds.is_timeout(turn.probability)
            trigger = Trigger.TIMEOUT if timeout else Trigger.MODEL
            confidence = 0.0 if timeout else thresholds.eot
        return self._tell(TurnEvent.END, confidence=confidence, trigger=trigger)

    def _tell(
        self, event: TurnEvent, *, confidence: float = 0.0, trigger: Trigger | None = None
    ) -> Say:
        """Tell the state of the turn; an update gives way to whatever comes after it."""
        turn, hints = self._turn, self._options.hints
        said = turn.said
        self._told_at = self._heard_s
        told = messages.TurnInfo(
            request_id=self._host.session,
            event=event,
            turn_index=turn.index,
            audio_window_start=round(turn.start, 3),
            audio_window_end=round(max(turn.start, self._heard_s), 3),
            transcript=said.text,
            words=[
                messages.Word(
                    word=word.text,
                    confidence=number_of(word.confidence),
                    start=round(word.start, 3),
                    end=round(word.end, 3),
                )
                for word in said.words
            ],
            end_of_turn_confidence=confidence,
            trigger=trigger,
            languages=None if hints is None else [self._options.settings.language],
            languages_hinted=list(hints) if hints else None,
        )
        key = f"update {turn.index}"
        if event is TurnEvent.UPDATE:
            return Say(told, key=key)
        return Say(told, instead_of=key)

    def _warning(self, code: str, text: str) -> Say:
        request_id = self._host.session
        return Say(messages.Warning(request_id=request_id, code=code, description=text))

    def _configured(self, asked: messages.Configure) -> Iterator[Action]:
        """Answer a `Configure` once: all of it is taken, or nothing."""
        options = self._options
        try:
            if asked.keyterms:
                raise _ConfigureError("KEYTERMS_NOT_SUPPORTED", "this model takes no key terms")
            masks = options.settings.profanity == "mask"
            if asked.profanity_filter is not None and asked.profanity_filter != masks:
                text = "profanity_filter: is for a stream's whole life; ask for it in the query"
                raise _ConfigureError("PROFANITY_FILTER_NOT_SUPPORTED", text)
            if asked.language_hints and options.hints is None:
                text = "language_hints: only with flux-general-multi"
                raise _ConfigureError("INVALID_LANGUAGE_HINT", text)
            hints = None
            if asked.language_hints is not None and options.hints is not None:
                hints = read_hints(asked.language_hints, self._host)
            thresholds = options.thresholds.changed(asked.thresholds or {})
            options = options.changed(thresholds, hints, self._host)
        except ThresholdError as error:
            yield self._refused("INVALID_THRESHOLD", str(error))
        except RefusalError as error:
            yield self._refused("INVALID_LANGUAGE_HINT", error.message)
        except _ConfigureError as error:
            yield self._refused(error.code, str(error))
        else:
            self._options = options
            yield Configure(options.settings)
            yield Say(self._in_force())

    def _refused(self, code: str, text: str) -> Say:
        request_id = self._host.session
        return Say(
            messages.ConfigureFailure(
                request_id=request_id, code=code, error_code=code, description=text
            )
        )

    def _in_force(self) -> messages.ConfigureSuccess:
        options = self._options
        return messages.ConfigureSuccess(
            request_id=self._host.session,
            thresholds=messages.ThresholdsInForce(
                eot_threshold=options.thresholds.eot,
                eager_eot_threshold=options.thresholds.eager,
                eot_timeout_ms=options.thresholds.timeout_ms,
            ),
            keyterms=[],
            language_hints=None if options.hints is None else list(options.hints),
            numerals=options.numerals,
        )
