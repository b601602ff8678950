"""The command: every action says what it is, and a mistake is one line."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from loadtest.__main__ import main
from loadtest.verbs import VERBS

ROOT = Path(__file__).parents[2]
TEXTS = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
ACTIONS = [(verb, action) for verb, one in VERBS.items() for action in one.actions]
HEAVY = {"peers": "transformers", "peer-capacity": "websockets", "wer": "whisper_normalizer"}


def helped(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("verb", "action"), ACTIONS)
def test_every_action_has_help(verb: str, action: str, capsys: pytest.CaptureFixture[str]) -> None:
    if find_spec(HEAVY.get(action, "numpy")) is None:
        pytest.skip(f"needs {HEAVY[action]}")
    assert f"loadtest {verb} {action}" in helped([verb, action], capsys)


@pytest.mark.parametrize(
    "command",
    sorted(
        set(
            re.findall(
                r"python -m\s+loadtest\s+([a-z][^`|&#\n]*(?:\n[^`|&#\n]+(?=`))?)",
                "\n".join(path.read_text(encoding="utf-8") for path in TEXTS),
            )
        )
    ),
)
def test_every_command_that_is_written_down_is_known(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for word in command.split() if word != "--help"]
    if "peers" in words and find_spec("transformers") is None:
        pytest.skip("needs transformers")
    options = {word for word in words if word.startswith("--")}
    named = words[: 2 if words[1:2] and not words[1].startswith("-") else 1]
    verb = VERBS[named[0]]
    assert len(named) == 2 or verb.default is not None
    action = named[1] if len(named) == 2 else str(verb.default)
    known = set(re.findall(r"--[a-z-]+", helped([named[0], action], capsys)))
    assert options <= known


def test_a_verb_without_an_action_means_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(ROOT), str(ROOT), "--audio", "nowhere.wav"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_options_for_a_server_where_there_is_none_are_a_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "noise", "--", "--threads", "1"])
    assert ended.value.code == 2
    assert "starts no server" in capsys.readouterr().err


def test_a_server_that_does_not_start_is_told_in_its_own_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "streams", "--seconds", "1", "--", "--model", "no-such-model"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no-such-model" in said


def test_a_folder_without_the_package_is_no_checkout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(tmp_path), str(ROOT)])
    assert ended.value.code == 2
    assert "no checkout" in capsys.readouterr().err
