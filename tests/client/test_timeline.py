"""Several sessions on one line of time."""

from __future__ import annotations

from streamer.client.timeline import Timeline
from streamer.protocols.native.messages import Acknowledged, Done, Final, SpeechStarted, Word
from streamer.speech.end_reason import EndReason


def started(utterance: int, at: float, channel: int = 0) -> SpeechStarted:
    return SpeechStarted(channel=channel, utterance=utterance, at=at)


def final(
    utterance: int, start: float, end: float, channel: int = 0, words: list[Word] | None = None
) -> Final:
    return Final(
        channel=channel,
        utterance=utterance,
        text="x",
        start=start,
        end=end,
        reason=EndReason.SILENCE,
        language="en",
        confidence=1,
        usage_s=1,
        words=words,
    )


def test_the_next_session_goes_on_with_times_and_numbers() -> None:
    line = Timeline()
    line.begin(0, 1)
    for message in (started(0, 1), final(0, 1, 2)):
        assert line.place(message) == message
    assert line.settled == 2
    line.begin(2, 1)
    word = Word(text="x", start=0.5, end=0.9, confidence=1)
    assert line.place(started(0, 0.5)) == started(1, 2.5)
    moved = Word(text="x", start=2.5, end=2.9, confidence=1)
    assert line.place(final(0, 0.5, 1, words=[word])) == final(1, 2.5, 3, words=[moved])
    assert line.place(Acknowledged(audio=4)) == Acknowledged(audio=6)
    assert line.place(Done(audio=5, utterances=1)) == Done(audio=7, utterances=2)


def test_an_utterance_that_was_begun_is_not_begun_again() -> None:
    line = Timeline()
    line.begin(0, 1)
    line.place(started(0, 1))
    line.begin(0.5, 1)
    assert line.place(started(0, 0.5)) is None
    assert line.place(final(0, 0.5, 1.5)) == final(0, 1, 2)


def test_a_channel_that_is_ahead_of_the_others_is_not_told_twice() -> None:
    line = Timeline()
    line.begin(0, 2)
    for message in (started(0, 1, 1), final(0, 1, 5, 1), started(0, 2)):
        line.place(message)
    assert line.settled == 0, "the other channel needs it all"
    line.begin(0, 2)
    assert line.place(started(0, 1, 1)) is None
    assert line.place(final(0, 1, 5, 1)) is None
    assert line.place(started(1, 6, 1)) == started(1, 6, 1)


def test_what_was_begun_and_is_heard_otherwise_still_gets_its_final() -> None:
    line = Timeline()
    line.begin(0, 1)
    line.place(started(0, 1))
    line.begin(0.5, 1)
    (owed,) = line.owed(3, "en")
    assert (owed.utterance, owed.text, owed.start) == (0, "", 3.5)
