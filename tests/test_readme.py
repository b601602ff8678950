"""What the README and the documents tell people to type works, and what they point at is there."""

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

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
COMMANDS = {
    command
    for text in TEXTS.values()
    for command in re.findall(r"^\s*(streamer [a-z]+\b.*?)(?:  +#.*)?$", text, re.MULTILINE)
}


def block(language: str) -> str:
    """Return the first code block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def anchors(text: str) -> set[str]:
    """What a fragment may name, as GitHub makes it of headings."""
    heads = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


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


def test_the_readme_can_be_read_in_five_minutes() -> None:
    assert len(README.split()) <= 1200


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_parses(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = command.split()[1:]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z-]+", command)) <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, fragment = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if fragment:
            assert fragment in anchors(TEXTS[there]), target
