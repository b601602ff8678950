"""`chunking_strategy=none`: a recording that is one utterance."""

from __future__ import annotations

from engines import CountingEngine

from streamer.protocols.openai_rest.request import parse_request
from streamer.vad.registry import OFF


def test_nothing_cuts_it() -> None:
    info = CountingEngine().info
    for fields in ([("chunking_strategy", "none")], [("chunking_strategy[type]", "none")]):
        assert parse_request(fields, info).settings["vad"] == OFF
