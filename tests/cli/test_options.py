"""One settings model behind the command line, the environment and the guide."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.options import add_settings, read_settings, settings_table
from streamer.settings import Settings

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"


def parsed(*argv: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_settings(parser)
    return read_settings(parser.parse_args(argv))


def test_every_setting_is_an_option() -> None:
    settings = parsed(
        "--port", "9000", "--max-lateness-s", "0.5", "--api-keys", "a", "--api-keys", "b"
    )
    assert (settings.port, settings.max_lateness_s) == (9000, 0.5)
    assert [key.get_secret_value() for key in settings.api_keys] == ["a", "b"]


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_PORT", "9001")
    monkeypatch.setenv("STREAMER_HOST", "0.0.0.0")
    settings = parsed("--port", "9002")
    assert (settings.port, settings.host) == (9002, "0.0.0.0")


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--port", "70000"], "--port"),
        (["--provider", "tpu"], "--provider"),
        (["--max-batch", "many"], "--max-batch"),
    ],
)
def test_a_value_that_will_not_do_is_named(argv: list[str], named: str) -> None:
    with pytest.raises(CommandError, match=named) as caught:
        parsed(*argv)
    assert caught.value.code is ExitCode.USAGE


def test_keys_are_never_shown() -> None:
    assert "hunter2" not in repr(parsed("--api-keys", "hunter2"))


def test_the_guide_has_the_table_of_all_settings() -> None:
    assert settings_table() in GUIDE.read_text(encoding="utf-8"), (
        "put the output of streamer.cli.options.settings_table() into docs/guide.md"
    )


def test_a_variable_that_sets_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_PROT", "9000")
    with pytest.raises(CommandError, match=r"STREAMER_PROT .* is STREAMER_PORT meant") as caught:
        parsed()
    assert caught.value.code is ExitCode.USAGE


def test_a_variable_that_is_like_none_gets_no_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_FOO", "1")
    with pytest.raises(CommandError, match=r"STREAMER_FOO in the environment is no setting$"):
        parsed()


def test_what_kubernetes_tells_pods_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("STREAMER_PORT_8000_TCP_ADDR", "10.0.0.1")
    assert parsed("--port", "1").port == 1


def test_a_list_in_the_environment_that_is_no_list_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMER_API_KEYS", "hunter2")
    with pytest.raises(CommandError, match=r"STREAMER_API_KEYS.*JSON") as caught:
        parsed()
    assert "hunter2" not in str(caught.value)


def test_a_secret_that_will_not_do_is_not_shown() -> None:
    with pytest.raises(CommandError) as caught:
        parsed("--audiohook-secret", "hunter2*")
    assert "hunter2" not in str(caught.value)


def test_help_shows_no_types_of_secrets() -> None:
    parser = argparse.ArgumentParser()
    add_settings(parser)
    told = parser.format_help().lower()
    assert "secretstr" not in told
    assert "*****" not in told


def test_a_key_for_others_is_no_option_but_stands_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parser = argparse.ArgumentParser()
    add_settings(parser)
    assert "upstream-key" not in parser.format_help()
    monkeypatch.setenv("STREAMER_UPSTREAM_KEY", "sesame")
    settings = read_settings(parser.parse_args([]))
    assert settings.upstream_key.get_secret_value() == "sesame"
    assert "sesame" not in repr(settings)
