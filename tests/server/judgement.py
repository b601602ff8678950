"""What a client must end up with: what one undisturbed session says of the same."""

from __future__ import annotations

from typing import Any

from server.stand_ins import INFO, checksum

from streamer.client.outgoing import Order
from streamer.dispatch.job import Job, JobKind
from streamer.protocols.native.messages import Configure, Flush, Stop
from streamer.session import inputs
from streamer.session.events import Done, Event, Final, Flushed
from streamer.session.session import Session
from streamer.session.settings import StreamSettings, parse_changes

MIN_SPEECH_MS = 100
START = {"endpoint_silence_ms": 200, "max_utterance_s": 2, "partial_interval_ms": 100}


def judge(received: list[dict[str, Any]], said: list[bytes | Order], failed: set[int]) -> None:
    """Hold what a client received against what it said and which utterances' finals failed."""
    due = undisturbed(said)
    finals = [one for one in received if one["type"] == "final"]
    expected = [one for one in due if isinstance(one, Final)]
    assert [
        (one["utterance"], one["start"], one["end"], one["reason"], one["language"])
        for one in finals
    ] == [(one.utterance, one.start, one.end, one.reason, one.language) for one in expected]
    failures = [one["utterance"] for one in received if one["type"] == "error"]
    assert set(failures) <= failed
    assert len(failures) == len(set(failures))
    for final, one in zip(finals, expected, strict=True):
        assert final["text"] == ("" if one.utterance in failures else one.text)
    started = [one["utterance"] for one in received if one["type"] == "speech_started"]
    assert started == [one["utterance"] for one in finals]
    flushed = [one["id"] for one in received if one["type"] == "flushed"]
    assert flushed == [one.id for one in due if isinstance(one, Flushed)]
    done = received[-1]
    (expected_done,) = (one for one in due if isinstance(one, Done))
    assert (done["type"], done["audio"]) == ("done", expected_done.audio)
    _judge_partials(received)


def _judge_partials(received: list[dict[str, Any]]) -> None:
    """No partial before its start or after its final, and what was stable stays."""
    open_: dict[int, str] = {}
    for one in received:
        match one["type"]:
            case "speech_started":
                open_[one["utterance"]] = ""
            case "partial":
                assert one["text"].startswith(open_[one["utterance"]])
                open_[one["utterance"]] = one["text"][: one["stable"]]
            case "final":
                del open_[one["utterance"]]
            case _:
                pass


def undisturbed(said: list[bytes | Order]) -> list[Event]:
    """What one session says of it all, with an engine that answers every final at once."""
    current = StreamSettings.model_validate({"language": "en", **START})
    session = Session("model", current, MIN_SPEECH_MS)
    events: list[Event] = []

    def take(outputs: list[Any]) -> None:
        for output in outputs:
            if isinstance(output, Job):
                if output.kind is JobKind.FINAL:
                    take(session.handle(inputs.JobDone(output, checksum(output.clip.loaded()))))
            elif not hasattr(output, "key"):
                events.append(output)

    for one in said:
        match one:
            case bytes():
                take(session.handle(inputs.Audio(one)))
            case Configure():
                current = parse_changes(current, one.model_extra or {}, INFO.languages)
                take(session.handle(inputs.Configure(current)))
            case Flush():
                take(session.handle(inputs.Flush(one.id)))
            case Stop():
                take(session.handle(inputs.Stop()))
    return events
