"""Recordings read by processes of their own: the same samples, and whatever ends such a process is
told of its file alone.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import textwrap
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import soundfile
from sounds import voice

from streamer.audio.files import AudioFile
from streamer.audio.isolation.file import IsolatedFile
from streamer.audio.isolation.fork_client import ForkClient
from streamer.audio.problems import AudioFileError

RATE = 16_000

CORPUS = Path(__file__).parents[2] / "fuzzing" / "corpus_recording"


@pytest.fixture
def stereo(tmp_path: Path) -> Path:
    samples = np.stack([voice(2.5), voice(2.5) / 2], 1)
    soundfile.write(tmp_path / "a.flac", samples, 22_050)
    return tmp_path / "a.flac"


@pytest.mark.parametrize("mixed", [True, False])
def test_samples_are_those_that_are_read_here(stereo: Path, mixed: bool) -> None:
    here, there = AudioFile(stereo, RATE), IsolatedFile(stereo, RATE)
    assert (there.channels, there.seconds, there.name) == (2, here.seconds, here.name)
    pairs = zip(here.blocks(1.0, mixed=mixed), there.blocks(1.0, mixed=mixed), strict=True)
    for ours, theirs in pairs:
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_nothing_has_to_be_opened_for_any_kind_of_file(path: Path) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(path.read_bytes()[1:])
        assert _read(IsolatedFile, file) == _read(AudioFile, file)


def _read(reader: type[AudioFile | IsolatedFile], file: BinaryIO) -> object:
    try:
        audio = reader(file, RATE, "it")
        return sum(map(len, audio.blocks(1.0))), audio.warnings
    except AudioFileError as error:
        return str(error)


def test_what_is_no_recording_is_refused_in_the_same_words(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("Good morning, my name is Brian.")
    with pytest.raises(AudioFileError, match=r"a\.wav: not readable as audio: it is text"):
        IsolatedFile(tmp_path / "a.wav", RATE)
    with pytest.raises(AudioFileError, match="no such file"):
        IsolatedFile(tmp_path / "none.wav", RATE)


class Decoders(ForkClient):
    """Processes that do with a file what is written here, in the place of decoding it."""

    def __init__(self, work: str) -> None:
        program = f"""
            import os, signal, socket, sys, time
            from streamer.audio.isolation.fork_server import ForkServer
            from streamer.audio.isolation.messages import *
            from streamer.audio.isolation.limits import begin_block, confine
            from streamer.runtime.frames import frame

            def say(answer, body=b""):
                connection.sendall(frame(ANSWERS.dump_json(answer), len(body)) + body)

            def work(file, there):
                global connection
                connection = there
                {work}

            ForkServer(socket.socket(fileno=int(sys.argv[1])), work).serve()
        """
        super().__init__((sys.executable, "-c", textwrap.dedent(program)))


OPENED = "say(Opened(channels=1, seconds=1.0, warnings=()))"


@pytest.fixture
def file() -> Generator[BinaryIO]:
    with tempfile.TemporaryFile() as it:
        yield it


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", r"its decoder crashed \(SIGSEGV\)"),
        ("os._exit(3)", "its decoder failed"),
        ("confine(); bytearray(2 << 30)", "its decoder failed"),
        ("confine(); open('/dev/null')", "its decoder failed"),
        ("confine(); socket.socket()", "its decoder failed"),
        ("say(Ended(warnings=()))", "taken over"),
        ("connection.sendall(bytes([255]) * 100)", "taken over"),
        ("connection.sendall(frame(b'{}'))", "taken over"),
    ],
)
def test_a_process_that_ends_before_it_says_a_word_costs_its_file(
    work: str, words: str, file: BinaryIO
) -> None:
    with closing(Decoders(work)) as decoders:
        for _ in range(2):
            with pytest.raises(AudioFileError, match=f"^it: .*{words}"):
                IsolatedFile(file, RATE, "it", decoders)


def test_a_process_that_ends_on_the_way_leaves_what_it_said_before(file: BinaryIO) -> None:
    work = f"{OPENED}; say(Block(channels=0), bytes(400)); os.abort()"
    with closing(Decoders(work)) as decoders:
        blocks = IsolatedFile(file, RATE, "it", decoders).blocks(1.0)
        assert len(next(blocks)) == 100
        with pytest.raises(AudioFileError, match=r"crashed \(SIGABRT\)"):
            next(blocks)


def test_computing_without_end_is_ended(file: BinaryIO) -> None:
    work = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\n" + " " * 16
    with (
        closing(Decoders(work + "while True: pass")) as decoders,
        pytest.raises(AudioFileError, match="keeps its decoder busy"),
    ):
        IsolatedFile(file, RATE, "it", decoders)


def test_who_closes_a_file_ends_its_process_whatever_that_does(file: BinaryIO) -> None:
    work = f"""{OPENED}
                witness = os.dup(file.fileno())
                while True: time.sleep(60)"""
    ours, its = socket.socketpair()  # the process holds the other end as its file
    with closing(Decoders(work)) as decoders, ours, its.makefile("rb") as held:
        audio = IsolatedFile(held, RATE, "it", decoders)
        its.close()
        held.close()
        audio.close()
        ours.settimeout(60)
        assert ours.recv(1) == b"", "nobody holds it any more"


def test_a_fork_server_that_is_gone_is_replaced(stereo: Path) -> None:
    with closing(ForkClient()) as decoders:
        IsolatedFile(stereo, RATE, decoders=decoders).close()
        server = decoders._process  # pyright: ignore[reportPrivateUsage]
        assert server is not None
        server.kill()
        server.wait()
        assert len(list(IsolatedFile(stereo, RATE, decoders=decoders).blocks(1.0))) > 1
