"""The model's word against the detector's: where a hypothesis stops growing nobody speaks.

Detectors take music, voices behind the speaker, and a car's noise, for speech. An utterance in
which no more words are heard is closed behind its last word, and one that had no word at all makes
the detector doubtful: utterances are then told only once words are heard in them.
"""

from __future__ import annotations

from streamer.session.utterance import Utterance
from streamer.speech.clip import SAMPLE_RATE

WORD = round(0.3 * SAMPLE_RATE)
"""What a word lasts at least, as far as this goes: where the last one ends is known less well than
where it begins, since models stretch it into what follows."""

WORD_TAIL = SAMPLE_RATE // 5
"""Kept behind the end of the last word: it is known to some 80 ms, and where the model tells no
times the word may have been heard before it ended."""

LOUD = SAMPLE_RATE
"""How much longer nothing must be said where it stays as loud as before: it may be a drawn-out
vowel."""

SOFT = round(0.6 * SAMPLE_RATE)
"""How much longer where it has become softer: a word that is said softly behind a pause is heard
only once it is over. On 40 recordings of human speech, streamed with Silero, 0.09 utterances a
sentence ended within it so, 0.29 without this, and 0.06 without any second opinion; 3.8, 5.2 and
3.8 % of the words were wrong."""

WORDLESS = 3 * SAMPLE_RATE
"""After so long without any word it is no speech."""

KEPT = 2 * SAMPLE_RATE
"""Of what has no words so much is heard again with what follows: in voices behind the speaker
Moonshine needs 1.5 to 2.5 s of a sentence to hear any of it."""

MOST = 7
"""Three utterances with words make the most doubtful detector trusted again."""


class Doubt:
    """How much the detector of one channel is to be doubted."""

    def __init__(self) -> None:
        self._debt = 0

    @property
    def exists(self) -> bool:
        """Whether utterances are to be told only once words are heard in them."""
        return self._debt > 0

    def grows(self) -> None:
        """Take it that the detector took something for speech that was none."""
        self._debt = min(2 * self._debt + 1, MOST)

    def heard(self, utterance: Utterance) -> None:
        """Take an utterance's final text into account."""
        if utterance.failure is not None:
            return
        if not utterance.hypothesis.text:
            if utterance.told is not None:
                self.grows()
        elif utterance.reason.by_silence and not utterance.outlasted:
            self._debt //= 2


def begins_behind(utterance: Utterance) -> int:
    """Return the sample from which one without words so far is still worth hearing."""
    until, words = utterance.decoded_until, utterance.words
    if until - utterance.start < WORDLESS or (utterance.hypothesis.text and not words):
        return utterance.start
    # A word by itself may be one all the same.
    first = round(words[0].start * SAMPLE_RATE) - WORD if words else until
    return max(utterance.start, min(until - KEPT, first))


def ended_at(utterance: Utterance, silence: int, *, fallen: bool) -> int | None:
    """Return the sample where an open utterance has ended; None where it goes on.

    `silence` is what would end it where there is no noise, in samples, and `fallen` whether it has
    become much softer. Where it has, or half of that has passed
    without a word, the model is asked in time.
    """
    until = utterance.decoded_until
    if not utterance.has_words:
        return until - KEPT if until - utterance.start >= WORDLESS else None
    needed, since = silence + (SOFT if fallen else LOUD), _said_until(utterance)
    if until - since >= needed:
        return _word_end(utterance)
    if fallen or until - since >= needed // 2:
        utterance.next_partial = min(utterance.next_partial, since + needed)
    return None


def _said_until(utterance: Utterance) -> int:
    """Where the last word has been said, as far as the hypothesis knows."""
    if not utterance.words:
        return utterance.grew_until
    last = utterance.words[-1]
    return min(round(last.end * SAMPLE_RATE), round(last.start * SAMPLE_RATE) + WORD)


def _word_end(utterance: Utterance) -> int:
    """Where it may be cut behind the last word."""
    words = utterance.words
    end = round(words[-1].end * SAMPLE_RATE) if words else utterance.grew_until
    return min(end + WORD_TAIL, utterance.decoded_until)
