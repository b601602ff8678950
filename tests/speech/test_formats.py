"""Transcripts on paper: text, JSON lines, SubRip, WebVTT."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from streamer.speech.formats import Format, Line, json_line, render

LINES = [
    Line("Hello there.", 0.4, 1.9996, "en", 0.95),
    Line("", 3.0, 3.5, "en", 1.0),
    Line("5 < 6 & so on --> yes", 3661.25, 3662.0, "en", 0.5),
]


def test_text_has_a_line_for_each_utterance_with_words() -> None:
    assert render(Format.TEXT, LINES) == "Hello there.\n5 < 6 & so on --> yes\n"


def test_srt_numbers_its_cues() -> None:
    assert render(Format.SRT, LINES) == (
        "1\n00:00:00,400 --> 00:00:02,000\nHello there.\n"
        "\n2\n01:01:01,250 --> 01:01:02,485\n5 < 6 & so on --> yes\n"
    )


def test_vtt_escapes_what_would_be_markup() -> None:
    assert render(Format.VTT, LINES) == (
        "WEBVTT\n\n00:00:00.400 --> 00:00:02.000\nHello there.\n"
        "\n01:01:01.250 --> 01:01:02.485\n5 &lt; 6 &amp; so on --&gt; yes\n"
    )


def test_json_lines_tell_everything_silent_utterances_too() -> None:
    rows = [json.loads(row) for row in render(Format.JSON_LINES, LINES).splitlines()]
    assert rows[1] == {"start": 3, "end": 3.5, "text": "", "language": "en", "confidence": 1}
    assert json.loads(json_line(LINES[0], file="a.wav"))["file"] == "a.wav"


def test_who_speaks_is_named_in_every_format() -> None:
    line = Line("Hello.", 0.4, 2.0, "en", 0.95, "agent <1>")
    assert render(Format.TEXT, [line]) == "agent <1>: Hello.\n"
    assert render(Format.SRT, [line]).endswith("\nagent <1>: Hello.\n")
    assert render(Format.VTT, [line]).endswith("\n<v agent &lt;1&gt;>Hello.\n")
    assert json.loads(render(Format.JSON_LINES, [line]))["channel"] == "agent <1>"


def test_subtitles_of_two_channels_stand_in_the_order_of_their_starts() -> None:
    lines = [Line("I see.", 0.0, 5.0, "en", 1.0, "a"), Line("Yes?", 2.0, 3.0, "en", 1.0, "b")]
    assert re.findall(r"(\w): ", render(Format.SRT, lines)) == ["a", "b"]


def test_a_long_name_leaves_room_for_what_is_said() -> None:
    line = Line("w" * 42, 0.0, 2.0, "en", 1.0, "somebody with a very long name")
    assert render(Format.SRT, [line]).splitlines()[2:] == ["somebody with a v…:", "w" * 42]


def test_a_transcript_of_nothing_is_well_formed() -> None:
    assert [render(style, []) for style in Format] == ["", "", "", "WEBVTT\n\n"]


@given(
    st.lists(
        st.builds(
            Line, st.text(), st.floats(0, 1e5), st.floats(0, 1e5), st.just("en"), st.floats(0, 1)
        )
    )
)
def test_every_utterance_is_one_line_of_json(lines: list[Line]) -> None:
    rows = render(Format.JSON_LINES, lines).split("\n")
    assert [json.loads(row)["text"] for row in rows[:-1]] == [line.text for line in lines]


def test_times_in_json_lines_have_three_decimals() -> None:
    line = json.loads(json_line(Line("so", 0.12345, 1.98765, "en", 0.5)))
    assert (line["start"], line["end"]) == (0.123, 1.988)
