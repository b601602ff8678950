"""What a flood sends: whole frames, wherever the kernel stopped it before."""

from __future__ import annotations

import socket
import threading

from loadtest.attack.attackers import during, flood
from loadtest.attack.raw import BINARY, Target, frame

FRAMES = b"".join(frame(BINARY, bytes([number]) * 1000) for number in range(200))


def test_a_flood_never_begins_a_frame_in_the_middle_of_another() -> None:
    received = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()

        def serve() -> None:
            link, _ = listener.accept()
            with link:
                while b"\r\n\r\n" not in link.recv(4096):
                    pass
                link.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
                while data := link.recv(777):
                    received.extend(data)

        server = threading.Thread(target=serve)
        server.start()
        during(flood(FRAMES), Target(host, port), 0.3)
        server.join()
    assert len(received) > len(FRAMES)
    assert (FRAMES * (len(received) // len(FRAMES) + 1)).startswith(bytes(received))
