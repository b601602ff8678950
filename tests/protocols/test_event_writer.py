"""One conversation out of several channels, as the native protocol tells it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.protocols.dialect import Say
from streamer.protocols.native.event_writer import EventWriter
from streamer.protocols.native.messages import Final
from streamer.session import events
from streamer.speech.end_reason import EndReason


def final(channel: int, start: float, end: float | None = None) -> events.Final:
    return events.Final(
        channel, 0, f"at {start:g}", start, end or start + 1, EndReason.SILENCE, "en", 0.9
    )


def told(telling: EventWriter, *happened: events.Event) -> list[str]:
    """The types of what is said, the texts of finals."""
    said = [say.message for event in happened for say in telling.happened(event)]
    return [one.text if isinstance(one, Final) else one.type for one in said]


def test_a_long_utterance_is_told_before_what_began_in_its_midst() -> None:
    telling = EventWriter(ordered=True)
    assert told(telling, events.SpeechStarted(0, 0, 1.0), final(1, 3.0), final(1, 5.0)) == [
        "speech_started"
    ]
    assert told(telling, events.Acknowledged(1.0)) == ["acknowledged"]
    assert told(telling, final(0, 1.0, 7.0), events.Acknowledged(4.0)) == [
        "at 1",
        "at 3",
        "acknowledged",
    ]
    assert [say.message.type for say in telling.rest()] == ["final"]


def test_a_flush_holds_nothing_back() -> None:
    telling = EventWriter(ordered=True)
    assert told(telling, final(1, 3.0), final(0, 1.0), events.Flushed("x")) == [
        "at 1",
        "at 3",
        "flushed",
    ]


def test_unless_it_is_asked_for_nothing_waits() -> None:
    assert told(EventWriter(), final(1, 3.0), final(0, 1.0)) == ["at 3", "at 1"]


def test_labels_say_whose_it_is() -> None:
    telling = EventWriter(["agent", "customer"])
    said = [
        say
        for event in (
            events.SpeechStarted(1, 0, 1.0),
            events.Partial(1, 0, "hello", 0, 1.0, 2.0),
            events.SpeechEnded(1, 0, 2.0, EndReason.SILENCE),
            final(1, 1.0),
        )
        for say in telling.happened(event)
    ]
    assert all('"label":"customer"' in say.message.model_dump_json() for say in said)
    (unlabelled,) = telling.happened(events.Acknowledged(1.0))
    assert "label" not in unlabelled.message.model_dump_json()


@given(st.data())
def test_whatever_the_order_of_the_channels_finals_come_in_order_of_start(
    data: st.DataObject,
) -> None:
    """Each channel is in order, and acknowledged is what no later final touches."""
    starts = [sorted(data.draw(st.lists(st.integers(0, 30), max_size=6))) for _ in range(3)]
    todo = [[final(channel, float(one)) for one in line] for channel, line in enumerate(starts)]
    telling = EventWriter(ordered=True)
    said: list[Say] = []
    while any(todo):
        line = data.draw(st.sampled_from([one for one in todo if one]))
        said += telling.happened(line.pop(0))
        settled = min((one[0].start for one in todo if one), default=31.0)
        said += telling.happened(events.Acknowledged(settled))
    said += telling.rest()
    order = [say.message.start for say in said if isinstance(say.message, Final)]
    assert order == sorted(order)
    assert len(order) == sum(map(len, starts))


def test_a_final_is_told_once_all_before_its_first_sample_is_settled() -> None:
    telling = EventWriter(ordered=True)
    assert told(telling, final(0, 2.0), events.Acknowledged(2.0)) == ["at 2", "acknowledged"]
