"""Keys are random, named, kept as digests, and taken at every door that asks for them."""

from __future__ import annotations

import hashlib
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import client, get, running
from websockets.exceptions import InvalidStatus

from streamer.cli.main import main
from streamer.protocols.door import RefusalError
from streamer.server.admission import keys
from streamer.server.admission.authenticator import Authenticator
from streamer.server.admission.keys import (
    KeyFileError,
    KeyRing,
    digest,
    new_key,
    read_keys,
    write_keys,
)


def test_a_key_is_256_random_bits() -> None:
    made = {new_key() for _ in range(100)}
    assert len(made) == 100
    assert all(len(key.removeprefix("streamer_")) == 43 for key in made)


def test_a_ring_tells_whose_key_it_is() -> None:
    ring = KeyRing({"anna": digest("one"), "bert": digest("two")})
    assert ring.holder(["one"]) == "anna"
    assert ring.holder(["wrong", "two"]) == "bert"
    assert ring.holder(["wrong"]) is None
    assert ring.holder([digest("one")]) is None, "a digest is no key"
    assert ring.holder([]) is None


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = keys.hmac.compare_digest

    def compare(ours: str, known: str) -> bool:
        compared.append(known)
        return real(ours, known)

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    known = {str(number): digest(str(number)) for number in range(5)}
    assert KeyRing(known).holder(["0"]) == "0"
    assert compared == list(known.values()), "a match must not end the search"


@given(st.text())
def test_any_text_is_a_key_or_none_and_never_a_crash(brought: str) -> None:
    holder = KeyRing({"anna": digest("one")}).holder([brought])
    assert holder == ("anna" if brought == "one" else None)


def test_a_file_is_written_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_keys(path, {"anna": digest("one")})
    assert read_keys(path) == {"anna": hashlib.sha256(b"one").hexdigest()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("anna", "line 2: this is not NAME:SHA256"),
        ("anna:streamer_secret", "line 2: this is not NAME:SHA256"),
        (f"an na:{digest('x')}", "line 2: this is not NAME:SHA256"),
        (f"anna:{digest('x')}\nanna:{digest('y')}", "line 3: anna has a key already"),
    ],
)
def test_a_wrong_line_is_named_and_never_shown(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# keys\n{line}\n", encoding="utf-8")
    with pytest.raises(KeyFileError, match=problem) as caught:
        read_keys(path)
    assert "secret" not in str(caught.value), "it may be a key in the wrong place"


def test_comments_and_empty_lines_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# ours\n\n  anna:{digest('one')}  \n", encoding="utf-8")
    assert read_keys(path) == {"anna": digest("one")}


def test_an_empty_key_file_lets_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.touch()
    with pytest.raises(RefusalError, match="an API key is needed"):
        Authenticator(keys_file=path).identify(["anything"], {}, "")
    everybody = Authenticator().identify([], {}, "")
    assert everybody.key is None, "without any setting everybody is let in"


async def test_a_key_that_is_added_or_removed_counts_from_the_next_reload(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_keys(path, {"anna": digest("one")})
    async with running(keys_file=path, api_keys=["fixed"]) as server:
        host, port = server.address
        address = f"{host}:{port}"
        for key, status in (("one", 101), ("two", 401), ("fixed", 101)):
            assert await answer(address, key) == status
        write_keys(path, {"bert": digest("two")})
        server.reload()
        for key, status in (("one", 401), ("two", 101), ("fixed", 101)):
            assert await answer(address, key) == status
        path.write_text("nonsense", encoding="utf-8")
        server.reload()
        assert await answer(address, "two") == 101, "what cannot be read changes nothing"


async def answer(address: str, key: str) -> int:
    """Return the status of a handshake that brings a key."""
    try:
        async with client(address, additional_headers={"Authorization": f"Bearer {key}"}):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


async def test_pages_probes_and_metrics_need_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.touch()
    async with running(keys_file=path) as server:
        host, port = server.address
        for page in ("/", "/healthz", "/readyz", "/metrics"):
            assert (await get(f"{host}:{port}", page))[0] == 200


def test_the_command_shows_a_key_once_and_keeps_its_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keys"
    option = ["--keys-file", str(path)]
    assert main(["keys", "add", "anna", *option]) == 0
    key = capsys.readouterr().out.strip()
    assert key.startswith("streamer_")
    assert read_keys(path) == {"anna": digest(key)}
    assert key not in path.read_text(encoding="utf-8")
    assert main(["keys", "add", "bert", *option]) == 0
    assert main(["keys", "add", "anna", *option]) == 1
    capsys.readouterr()
    assert main(["keys", "list", *option]) == 0
    assert capsys.readouterr().out == "anna\nbert\n"
    assert main(["keys", "remove", "anna", *option]) == 0
    assert list(read_keys(path)) == ["bert"]
    assert main(["keys", "remove", "anna", *option]) == 1


@pytest.mark.parametrize(
    ("argv", "code", "told"),
    [
        (["add", "an na", "--keys-file", "FILE"], 2, "is no name"),
        (["add", "anna"], 2, "--keys-file"),
        (["list", "--keys-file", "FILE"], 1, "No such file"),
        (["add", "anna", "--keys-file", "FILE/x/y"], 1, "No such file"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    argv: list[str], code: int, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "keys")
    assert main(["keys", *(word.replace("FILE", file) for word in argv)]) == code
    err = capsys.readouterr().err
    assert told in err
    assert len(err.splitlines()) == 1


def test_the_digest_is_what_other_tools_compute() -> None:
    done = subprocess.run(["sha256sum"], input=b"one", capture_output=True, check=True)
    assert done.stdout.split()[0].decode() == digest("one")
