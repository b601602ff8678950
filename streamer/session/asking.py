"""What a channel asks of the engine and of the turn model, about an utterance."""

from __future__ import annotations

from dataclasses import replace

from streamer.dispatch.job import Job, JobKind, UtteranceKey
from streamer.session.outputs import AskTurn
from streamer.session.tape import Tape
from streamer.session.utterance import Utterance
from streamer.speech.clip import SAMPLE_RATE, StoredClip
from streamer.speech.pcm16 import from_pcm16

PARTIAL_PACE = 0.25
"""Share of its own length that an utterance grows by between two partials, since each hears all of
it again. On 16 recordings of 3 to 12 s with Moonshine base-en partials then cost 0.33 of the CPU
that they cost every 300 ms, whole texts flicker 0.26 words a final word and not 0.96, and the
newest partial is 0.34 s behind in the median and not 0.14 (with 0.15: 0.51, 0.50 and 0.24 s; with
0.35: 0.29, 0.29 and 0.44 s)."""

UNBROKEN_S = 8
"""Where the client wants no partials it is listened to all the same what so much sound without any
pause has in words: people make pauses, at least of 80 ms."""

SLOWEST_MS = 1200
"""Between two looks for words in what had none so far: that long they are told late at most."""


class Asking:
    """Makes the jobs and questions of one channel; positions are samples since its start."""

    def __init__(self, session: str, channel: int, tape: Tape) -> None:
        self._session = session
        self._channel = channel
        self._tape = tape

    def key(self, utterance: Utterance) -> UtteranceKey:
        """Name an utterance for the scheduler."""
        return UtteranceKey(self._session, self._channel, utterance.number)

    def due(self, utterance: Utterance, position: int) -> float:
        """Where the next partial is due; never where nobody has a use for one."""
        asked_ms = utterance.settings.partial_interval_ms
        if utterance.told is None:
            # The longer nothing is said the more rarely it is looked for.
            asked_ms = max(asked_ms, min(SLOWEST_MS, asked_ms * (1 + utterance.wordless)))
            return position + asked_ms * SAMPLE_RATE / 1000
        if not utterance.settings.partials:
            return float("inf") if utterance.by_hand else position + UNBROKEN_S * SAMPLE_RATE
        asked = asked_ms * SAMPLE_RATE / 1000
        return position + max(asked, PARTIAL_PACE * (position - utterance.start))

    def partial(self, utterance: Utterance, until: int) -> Job:
        """Ask for what is heard so far."""
        utterance.next_partial = self.due(utterance, until)
        return self._job(utterance, JobKind.PARTIAL, until, grows=True)

    def words(self, utterance: Utterance, until: int) -> Job:
        """Ask for what is heard so far, and when."""
        utterance.doubted = True
        return self.partial(utterance, until)

    def early(self, utterance: Utterance, until: int) -> Job:
        """Ask for what will be the final if nobody speaks again."""
        utterance.next_partial = self.due(utterance, until)
        return self._job(utterance, JobKind.PARTIAL, until)

    def final(self, utterance: Utterance, end: int) -> Job:
        """Ask for the text of a closed utterance."""
        return self._job(utterance, JobKind.FINAL, end)

    def turn(self, utterance: Utterance, pause: int, until: int, within_s: float) -> AskTurn:
        """Ask the turn model about a pause."""
        samples = from_pcm16(self._tape.cut(utterance.start, until))
        return AskTurn(self._channel, utterance.number, pause, samples, within_s)

    def _job(self, utterance: Utterance, kind: JobKind, end: int, *, grows: bool = False) -> Job:
        key, options = self.key(utterance), utterance.settings.decode_options
        final = kind is JobKind.FINAL
        words = (options.words and not grows) or (utterance.doubted and not final)
        name = f"{key.session}/{key.channel}/{key.utterance}/{utterance.start}"
        clip = StoredClip(
            pcm=self._tape.cut(utterance.start, end),
            options=replace(options, words=words) if words != options.words else options,
            draft=utterance.hypothesis.tokens,
            incremental=name if grows else None,
        )
        # What is most likely the final goes before all other partials.
        slack_s = utterance.settings.partial_interval_ms / 1000 if grows else 0.0
        return Job(key, kind, clip, end, slack_s)
