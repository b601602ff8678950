"""What each door is told of the server's settings."""

from __future__ import annotations

from dataclasses import fields

import pytest
from engines import CountingEngine

from streamer.server.doors import DOORS, limits_of, new_host, signing_of
from streamer.settings import Settings

SECRETS = {"/twilio": "token", "/audiohook": "c2VjcmV0"}
SETTINGS = Settings.model_validate(
    {
        "api_keys": ["key"],
        "twilio_auth_token": SECRETS["/twilio"],
        "audiohook_secret": SECRETS["/audiohook"],
        "public_url": "wss://stt.example",
    }
)


def test_a_door_gets_its_own_secret_and_no_other() -> None:
    told = {door.path: signing_of(door, SETTINGS, 0.0).secret.get_secret_value() for door in DOORS}
    assert {path: secret for path, secret in told.items() if secret} == SECRETS


@pytest.mark.parametrize(
    ("settings", "asks"),
    [(Settings(), False), (SETTINGS, True), (Settings.model_validate({"keys_file": "x"}), True)],
)
def test_a_door_knows_whether_keys_are_asked_for(settings: Settings, asks: bool) -> None:
    assert {signing_of(door, settings, 0.0).asks_for_keys for door in DOORS} == {asks}


def test_a_dialect_sees_no_secret_of_the_server() -> None:
    host = new_host(CountingEngine().info, SETTINGS)
    assert "Secret" not in repr(host)
    assert {one.name for one in fields(host)} == {
        "info",
        "limits",
        "session",
        "turns",
        "detectors",
        "watch",
        "masking",
    }


def test_each_session_has_an_id_of_its_own() -> None:
    info = CountingEngine().info
    hosts = [new_host(info, SETTINGS) for _ in range(100)]
    assert len({host.session for host in hosts}) == 100
    assert {host.limits for host in hosts} == {limits_of(SETTINGS)}
