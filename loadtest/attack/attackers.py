"""Clients that mean harm, or might as well: each does its worst until it is over.

All are plain sockets, in threads of their own, against loopback or the address they are given.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import threading
import wave
import zlib
from collections.abc import Callable
from functools import partial
from select import select

import httpx

from loadtest.attack.raw import BINARY, CONTINUATION, TEXT, Target, announced, frame

Attack = Callable[[Target, threading.Event], None]
"""Goes on until the event is set."""


def during(attack: Attack, target: Target, seconds: float) -> None:
    """Let it go on for so long. Blocks."""
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.start()
    try:
        attack(target, over)
    finally:
        timer.cancel()


def flood(frames: bytes, connections: int = 1, receive_buffer: int | None = None) -> Attack:
    """Send the same frames as fast as they are taken, read nothing, connect again when cut off."""
    return _pour(lambda target: target.upgraded(receive_buffer), frames, connections)


def uploads(connections: int = 4) -> Attack:
    """Send files that never end, as fast as they are taken."""

    def begin(target: Target) -> socket.socket:
        raw = target.connect()
        raw.sendall(target.upload())
        return raw

    return _pour(begin, bytes(65_536), connections)


def whole_uploads(connections: int, seconds: int = 120) -> Attack:
    """Send recordings of silence, whole, and wait for their transcripts, again and again."""
    body = io.BytesIO()
    with wave.open(body, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000 * seconds))
    form = {"model": "whisper-1"}

    def attack(target: Target, over: threading.Event) -> None:
        url = f"http://{target.host}:{target.port}/v1/audio/transcriptions"

        def post() -> None:
            while not over.is_set():
                with contextlib.suppress(httpx.HTTPError):
                    httpx.post(url, data=form, files={"file": ("a.wav", body.getvalue())})

        posting = [threading.Thread(target=post, daemon=True) for _ in range(connections)]
        for one in posting:
            one.start()
        for one in posting:
            one.join()

    return attack


def slow_bodies(target: Target, over: threading.Event) -> None:
    """Begin two hundred uploads, and go on with each a byte at a time."""
    raws: list[socket.socket] = []
    while not over.wait(0.1):
        while len(raws) < 200:
            raws.append(target.connect())
            raws[-1].sendall(target.upload())
        for raw in raws:
            with contextlib.suppress(OSError):
                raw.sendall(b"x")
    for raw in raws:
        raw.close()


def requests(target: Target, over: threading.Event) -> None:
    """Ask on a few connections for all that is answered at once, and read the answers."""

    def ask() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError), target.connect() as raw:
                while not over.is_set():
                    raw.sendall(target.request("GET", "/v1/models") * 50)
                    raw.recv(65_536)

    askers = [threading.Thread(target=ask, daemon=True) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()


def tiny_utterances(connections: int) -> Attack:
    """Close an utterance of 100 ms on each of eight channels, again and again; read the answers."""
    audio = frame(BINARY, bytes(range(1, 201)) * 4 * 8)
    ask = frame(TEXT, b'{"type":"flush"}')
    query = "?channels=8&encoding=mulaw&sample_rate=8000&vad=off&partials=false"
    begin = partial(Target.upgraded, query=query)
    return _pour(begin, (audio + ask) * 20, connections, reads=True)


def _pour(
    begin: Callable[[Target], socket.socket], data: bytes, connections: int, *, reads: bool = False
) -> Attack:
    def attack(target: Target, over: threading.Event) -> None:
        unsent: dict[socket.socket, memoryview] = {}
        while not over.is_set():
            with contextlib.suppress(OSError):
                while len(unsent) < connections:
                    unsent[begin(target)] = memoryview(data)
            if not unsent:
                over.wait(0.05)
                continue
            readable, writable, _ = select(list(unsent) if reads else [], list(unsent), [], 0.2)
            for raw in {*readable, *writable}:
                try:
                    if raw in readable:
                        raw.recv(1 << 20, socket.MSG_DONTWAIT)
                    if raw in writable:
                        sent = raw.send(unsent[raw], socket.MSG_DONTWAIT)
                        unsent[raw] = unsent[raw][sent:] or memoryview(data)
                except BlockingIOError:
                    continue
                except OSError:
                    raw.close()
                    del unsent[raw]
        for raw in unsent:
            raw.close()

    return attack


def never_read(connections: int = 1) -> Attack:
    """Ask for answers for ever, and read none."""
    ask = frame(TEXT, b'{"type":"flush","id":"' + b"x" * 90 + b'"}') * 50
    return flood(ask, connections, receive_buffer=4096)


def slow_loris(target: Target, over: threading.Event) -> None:
    """Begin fifty handshakes, a byte at a time, and end none."""
    raws = [target.connect() for _ in range(50)]
    at = 0
    while not over.wait(0.25):
        for raw in raws:
            with contextlib.suppress(OSError):
                raw.sendall(target.handshake()[at : at + 1])
        at += 1
    for raw in raws:
        raw.close()


def half_open(target: Target, over: threading.Event) -> None:
    """Begin five hundred handshakes and end none."""
    raws: list[socket.socket] = []
    while not over.is_set():
        if len(raws) < 500:
            raws.append(begun(target))
        else:
            over.wait(0.1)
    for raw in raws:
        raw.close()


def begun(target: Target) -> socket.socket:
    """Begin a handshake."""
    raw = target.connect()
    raw.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: ")
    return raw


def refused(target: Target, over: threading.Event) -> None:
    """Knock with a setting that is refused, again and again."""
    while not over.is_set():
        with contextlib.suppress(OSError):
            knock(target)


def knock(target: Target) -> None:
    """Ask for a setting that is refused, and wait for the refusal."""
    with target.connect() as raw:
        raw.sendall(target.handshake("?channels=0"))
        while raw.recv(4096):
            pass


def reset(target: Target, over: threading.Event) -> None:
    """Say half a word and reset the connection, again and again."""
    while not over.is_set():
        with contextlib.suppress(OSError):
            raw = target.upgraded()
            raw.sendall(frame(BINARY, os.urandom(6400)) * 5)
            over.wait(0.1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()


def fragments() -> bytes:
    """A message that goes on and on, a byte a fragment."""
    return frame(BINARY, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * 5000


def bomb() -> bytes:
    """Ten megabytes, deflated, that nobody has agreed to inflate."""
    return frame(BINARY, zlib.compress(bytes(10_000_000))[:60_000], rsv1=True)


def oversized() -> bytes:
    """A frame that says it is as large as a disk."""
    return announced(1 << 40, bytes(65_536))


def garbage() -> bytes:
    """What is no message, and what is no sound."""
    texts = (b"{", b"[]", b'"stop"', b'{"type":"sing"}', b'{"type":"flush","id":{}}', b"\xc3\xa4")
    return b"".join(frame(TEXT, text) for text in texts) + frame(BINARY, os.urandom(999))
