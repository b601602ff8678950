"""Recordings of calls with a speaker on each channel, as one labelled conversation."""

from __future__ import annotations

import argparse
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from synthetic import SAMPLE

from streamer.cli.channels import channel_names
from streamer.cli.main import main

RATE = 16_000


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, its sentences by turns on the left and on the right."""
    spoken, _ = soundfile.read(SAMPLE, dtype="float32")
    window = RATE // 2
    power = np.convolve(spoken**2, np.ones(window), "same")
    quiet = np.flatnonzero(power < 0.02 * power.max())
    turns = [0]
    for at in quiet:
        if at - turns[-1] > 2 * RATE:
            turns.append(int(at))
    stereo = np.zeros((len(spoken), 2), np.float32)
    for number, (begin, end) in enumerate(zip(turns, [*turns[1:], len(spoken)], strict=True)):
        stereo[begin:end, number % 2] = spoken[begin:end]
    path = tmp_path_factory.mktemp("call") / "call.wav"
    soundfile.write(path, stereo, RATE, subtype="PCM_16")
    return path


def test_both_speakers_are_one_conversation(call: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["transcribe", str(call), "--channels", "agent, customer"]
    assert main([*arguments, "--format", "jsonl"]) == 0
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert {row["channel"] for row in rows} == {"agent", "customer"}
    assert [row["start"] for row in rows] == sorted(row["start"] for row in rows)
    changes = sum(one["channel"] != other["channel"] for one, other in itertools.pairwise(rows))
    assert changes >= 2, "the speakers take turns"
    assert main([*arguments, "--format", "vtt"]) == 0
    voices = re.findall(r"^<v (\w+)>\w", capsys.readouterr().out, re.MULTILINE)
    assert voices == [row["channel"] for row in rows if row["text"]]


def test_a_file_with_other_channels_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transcribe", str(SAMPLE), "--channels", "agent,customer"]) == 1
    error = " ".join(capsys.readouterr().err.split())
    assert "--channels names 2, and the file has 1" in error


@pytest.mark.parametrize("text", ["", "agent,", "agent,agent", "a,b,c,d,e,f,g,h,i"])
def test_names_are_different_and_not_too_many(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="8 different names"):
        channel_names(text)
