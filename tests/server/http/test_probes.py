"""What orchestrators are told."""

from __future__ import annotations

import pytest

from streamer.server.http.probes import Probes


@pytest.mark.parametrize(
    ("dead", "trouble", "path", "status", "body"),
    [
        (False, None, "/healthz", 200, b"ok\n"),
        (False, "draining", "/healthz", 200, b"ok\n"),
        (True, "engine dead", "/healthz", 503, b"engine dead\n"),
        (False, None, "/readyz", 200, b"ready\n"),
        (False, "engine stuck", "/readyz", 503, b"engine stuck\n"),
        (True, "engine dead", "/metrics", 200, b"numbers"),
    ],
)
def test_it_is_alive_until_only_a_new_process_helps_and_ready_while_all_is_well(
    dead: bool, trouble: str | None, path: str, status: int, body: bytes
) -> None:
    answer = Probes(lambda: dead, lambda: trouble, lambda: b"numbers").answer(path)
    assert answer is not None
    assert (answer.status_code, answer.body) == (status, body)


def test_anything_else_is_no_probe() -> None:
    assert Probes(lambda: False, lambda: None, bytes).answer("/healthz/") is None
