"""OpenAI's Realtime transcription without a socket."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialogues import conversation, played
from protocols.realtime.client import COMPLETED, DELTA, FAILED, Client, ended, final

from streamer.protocols.dialect import Close, SessionEnd
from streamer.session import events
from streamer.session.inputs import Flush
from streamer.speech.end_reason import EndReason


@pytest.mark.parametrize("name", ["server_vad", "client_commits"])
def test_a_recorded_conversation_goes_as_it_went(name: str) -> None:
    recorded = conversation(Path(__file__).parent / f"{name}.jsonl")
    assert played(Client().dialect, recorded) == recorded


def test_deltas_put_together_are_the_transcript() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0))
    for text, stable in (("we", 0), ("we the", 2), ("we the people", 6), ("we the purple", 6)):
        client.happen(events.Partial(0, 0, text, stable, 0.0, 1.0))
    client.happen(ended(0, 1.0), final(0, "we the people of"))
    told = client.said(DELTA, COMPLETED)
    assert [one["delta"] for one in told[:-1]] == ["we", " the", " people of"]
    assert told[-1]["transcript"] == "we the people of"


def test_what_was_told_is_never_taken_back_by_a_delta() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), events.Partial(0, 0, "we were", 2, 0.0, 1.0))
    client.happen(ended(0, 1.0), final(0, "he was"))
    told = client.said(DELTA, COMPLETED)
    assert [one.get("delta", one.get("transcript")) for one in told] == ["we", "he was"]


def test_deltas_of_an_item_come_after_the_whole_of_the_one_before() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 1.0))
    client.happen(events.SpeechStarted(0, 1, 2.0), events.Partial(0, 1, "two", 3, 2.0, 3.0))
    client.happen(final(0, "one"), events.Partial(0, 1, "two three", 3, 2.0, 3.5))
    told = client.said(DELTA, COMPLETED)
    assert [one.get("delta", one.get("transcript")) for one in told] == ["one", "one", "two"]


def test_one_failed_piece_does_not_take_the_others_along() -> None:
    client = Client()
    client.update(turn_detection=None)
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 30.0, EndReason.LIMIT))
    client.happen(events.SpeechStarted(0, 1, 30.0), final(0, "one"))
    client.happen(ended(1, 31.0, EndReason.FLUSH), final(1, "", "out of memory"))
    (outcome,) = client.said(COMPLETED, FAILED)
    assert outcome["transcript"] == "one"


def test_a_cut_in_a_pause_ends_the_item() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 34.0, EndReason.LIMIT))
    client.append(0.1)
    client.happen(final(0, "one"), events.SpeechStarted(0, 1, 34.0))
    kinds = [one["type"] for one in client.said()]
    assert kinds.count("input_audio_buffer.committed") == 1
    assert kinds.count("input_audio_buffer.speech_started") == 2


def test_silence_may_be_committed_and_is_empty() -> None:
    client = Client()
    client.append(0.5)
    client.send("input_audio_buffer.commit")
    (outcome,) = client.said(COMPLETED)
    assert (outcome["transcript"], outcome["usage"]["seconds"]) == ("", 0.5)


def test_silence_committed_while_a_final_is_owed_waits_for_its_turn() -> None:
    client = Client()
    client.happen(events.SpeechStarted(0, 0, 0.0), ended(0, 1.0))
    client.append(0.5)
    client.send("input_audio_buffer.commit")
    client.happen(final(0, "one"))
    assert [one["transcript"] for one in client.said(COMPLETED)] == ["one", ""]


def test_what_was_cleared_is_not_spoken_of() -> None:
    client = Client()
    client.append(1.0)
    client.happen(events.SpeechStarted(0, 0, 0.0))
    assert Flush(None) in client.send("input_audio_buffer.clear")
    client.happen(ended(0, 1.0, EndReason.FLUSH), events.SpeechStarted(0, 1, 1.0))
    client.happen(final(0, "secret"), ended(1, 2.0), final(1, "two"))
    told = client.said("input_audio_buffer.cleared", "input_audio_buffer.committed", COMPLETED)
    assert [one["type"].rpartition(".")[2] for one in told] == ["cleared", "committed", "completed"]
    assert told[-1]["transcript"] == "two"


@pytest.mark.parametrize(
    ("ending", "code"), [(SessionEnd.STOPPED, 1000), (SessionEnd.GOING_AWAY, 1012)]
)
def test_the_end_is_a_close_and_nothing_else(ending: SessionEnd, code: int) -> None:
    (close,) = Client().dialect.finished(events.Done(0.0, 0), ending)
    assert isinstance(close, Close)
    assert close.code == code
