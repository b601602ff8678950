"""What the README tells people to type works."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest
import soundfile
from servers import serving
from sounds import two_utterances

from streamer.cli.main import main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """Return the first code block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


async def test_the_python_client_prints_finals(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "speech.wav", two_utterances(), 16_000, subtype="PCM_16")
    async with serving() as address:
        program = block("python").replace("127.0.0.1:8000", address)
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(client.communicate(), 20)
    lines = out.decode().splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"\d\.\d s: word0 word1 .*", lines[0])


def test_the_python_client_is_short() -> None:
    lines = [line for line in block("python").splitlines() if line.strip()]
    assert len(lines) <= 20


@pytest.mark.parametrize(
    "command",
    sorted(set(re.findall(r"^\s*(streamer [a-z]+ .*?)(?:  +#.*)?$", README, re.MULTILINE))),
)
def test_every_command_in_the_readme_parses(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command.split()[1:]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z-]+", command)) <= known
