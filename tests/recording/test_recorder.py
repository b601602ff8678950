"""Recording never holds a session up, and leaves whole files or none."""

from __future__ import annotations

import logging
import stat
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import pytest
from engines import CountingEngine
from phone import call
from recording.recordings import record_into, record_one
from servers import client, get, receive_all, send, serving
from sounds import pcm, silence, voice
from websockets.asyncio.client import connect

from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.local import LocalEngine
from streamer.recording import recorder as recorder_module
from streamer.recording import writer as writer_module
from streamer.recording.entries import Ended, RecordingEnd
from streamer.recording.lines import read_recording
from streamer.recording.recorder import Recorder
from streamer.recording.replay import Replay
from streamer.recording.writer import Outcome
from streamer.session.events import Done, Event, Final


@asynccontextmanager
async def recording(
    folder: Path, max_bytes: int = 1 << 24
) -> AsyncGenerator[tuple[Recorder, Dispatcher, list[Outcome]]]:
    outcomes: list[Outcome] = []
    recorder = Recorder(folder, max_bytes, outcomes.append)
    dispatcher = Dispatcher(LocalEngine(CountingEngine(), 8))
    dispatcher.start()
    recorder.start()
    yield recorder, dispatcher, outcomes
    await dispatcher.close()
    await recorder.close()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_nothing_is_recorded_unless_asked_for(tmp_path: Path) -> None:
    async with serving() as address, client(address) as ws:
        await ws.send(pcm(voice(1.0)))
        await send(ws, "stop")
        await receive_all(ws)
    assert list(tmp_path.iterdir()) == []


async def test_a_server_records_each_session_whatever_its_end(tmp_path: Path) -> None:
    async with serving(record=tmp_path) as address:
        async with client(address) as ws:
            await ws.send(pcm(voice(1.0)))
            await send(ws, "stop")
            messages = await receive_all(ws)
        async with client(address) as ws:
            await ws.send(pcm(voice(1.0)))  # and hangs up
        async with client(address):
            pass
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2, "the session that took nothing has no file"
    assert messages[0]["session"] in files[0].name
    for file in files:
        with read_recording(file) as (header, entries):
            assert Replay(header, CountingEngine(), 8).run(entries) is None


async def until_counted(address: str, outcome: str) -> None:
    counted = f'streamer_recordings_total{{outcome="{outcome}"}} 1.0'
    deadline = time.monotonic() + 20
    while counted not in (await get(address, "/metrics"))[2].decode():
        assert time.monotonic() < deadline


async def test_a_call_that_goes_on_without_its_client_is_recorded_to_its_end(
    tmp_path: Path,
) -> None:
    async with serving(record=tmp_path) as address:
        async with connect(f"ws://{address}/twilio") as caller:
            for message in list(call(voice(3.0), silence(3.0)))[:120]:
                await caller.send(message)
            caller.transport.abort()
        await until_counted(address, "complete")
        (file,) = tmp_path.iterdir()
        with read_recording(file) as (header, entries):
            assert Replay(header, CountingEngine(), 8).run(entries) is None


async def test_outcomes_are_counted(tmp_path: Path) -> None:
    async with serving(record=tmp_path) as address:
        async with client(address) as ws:
            await send(ws, "stop")
            await receive_all(ws)
        await until_counted(address, "complete")


async def test_only_the_owner_may_read_recordings(tmp_path: Path) -> None:
    file, _ = await record_into(tmp_path / "new", CountingEngine())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_file_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    async with (
        recording(tmp_path) as (recorder, dispatcher, _),
        serving(record=tmp_path) as address,
    ):
        async with client(address) as ws:
            await ws.send(pcm(voice(1.0)))
            deadline = time.monotonic() + 20
            while not (names := [path.name for path in tmp_path.iterdir()]):
                assert time.monotonic() < deadline
                await get(address, "/healthz")
            assert all(name.endswith(".part") for name in names)
        await record_one(recorder, dispatcher)
    assert not list(tmp_path.glob("*.part"))


class FullDisk:
    """A file on a disk that is full after so many bytes."""

    def __init__(self, file: BinaryIO, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(28, "No space left on device")
        return self._file.write(data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def on_a_full_disk(room: int) -> Callable[..., FullDisk]:
    real = writer_module.os.fdopen

    def opened(descriptor: int, mode: str) -> FullDisk:
        return FullDisk(real(descriptor, mode), room)  # pyright: ignore[reportArgumentType]

    return opened


def finals_of(events: list[Event]) -> list[Final]:
    return [event for event in events if isinstance(event, Final)]


@pytest.mark.parametrize("room", [10, 30_000])
async def test_a_full_disk_is_one_warning_and_no_session_feels_it(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(writer_module.os, "fdopen", on_a_full_disk(room))
    async with recording(tmp_path) as (recorder, dispatcher, outcomes):
        told = [await record_one(recorder, dispatcher, name=f"s{number}") for number in range(3)]
    for events in told:
        assert isinstance(events[-1], Done)
        assert finals_of(events) == finals_of(told[0])
    assert len(finals_of(told[0])) >= 2
    assert outcomes == [Outcome.LOST] * 3
    assert list(tmp_path.iterdir()) == [], "nothing half-written is left"
    (warning,) = warnings(caplog)
    assert "No space left on device" in warning


async def test_recordings_together_keep_within_their_size(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limit = 100_000
    async with recording(tmp_path, limit) as (recorder, dispatcher, outcomes):
        for number in range(3):
            await record_one(recorder, dispatcher, name=f"s{number}")
    assert outcomes == [Outcome.CUT, Outcome.LOST, Outcome.LOST]
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size < limit + 10_000
    with read_recording(file) as (header, read):
        entries = list(read)
    last = entries[-1][1]
    assert isinstance(last, Ended)
    assert last.reason is RecordingEnd.LIMIT
    assert Replay(header, CountingEngine(), 8).run(entries) is None, "what there is can be replayed"
    (warning,) = warnings(caplog)
    assert "--record-max-mb" in warning


async def test_a_disk_that_hangs_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recorder_module, "WAITING_BYTES", 50_000)
    going = threading.Event()
    real = writer_module.Writer.begin

    def hang(self: writer_module.Writer, header: object) -> None:
        going.wait(20)
        real(self, header)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(writer_module.Writer, "begin", hang)
    async with recording(tmp_path) as (recorder, dispatcher, outcomes):
        began = time.monotonic()
        events = await record_one(recorder, dispatcher)
        assert time.monotonic() - began < 5
        assert len(events) > 5
        going.set()
    assert outcomes == [Outcome.LOST]
    assert list(tmp_path.iterdir()) == []
    assert "faster than the disk" in warnings(caplog)[0]


def test_a_folder_that_cannot_be_used_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        Recorder(tmp_path / "file", 1 << 20, lambda _: None)
