"""Bringing a model here: from a folder, and from a hub that the test plays itself."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from streamer.models import hub
from streamer.models.pull import CHECKSUMS, pull, recorded
from streamer.models.registry import PUBLISHED, HubModel, PinnedFile

CONTENT = {
    "encoder.int8.onnx": b"encoder" * 1000,
    "encoder.int8.onnx.data": bytes(range(256)) * 5000,
    "decoder.int8.onnx": b"decoder" * 1000,
    "tokens.txt": b"<|endoftext|> 3\n",
}
MODEL = HubModel(
    name="toy",
    summary="A toy",
    repository="someone/toy",
    revision="0123456789abcdef0123456789abcdef01234567",
    files=tuple(
        PinnedFile(name, len(data), hashlib.sha256(data).hexdigest())
        for name, data in CONTENT.items()
    ),
)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PUBLISHED, "toy", MODEL)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, data in CONTENT.items():
        (folder / name).write_bytes(data)
    return folder


class Seen:
    """Remembers the last progress of each file."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[int, int]] = {}

    def __call__(self, file: str, done: int, size: int) -> None:
        self.last[file] = (done, size)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != CHECKSUMS}


def test_a_folder_is_copied_with_progress_and_checksums(source: Path, tmp_path: Path) -> None:
    destination = tmp_path / "models" / "toy"
    seen = Seen()
    published = pull("toy", destination, source, seen)
    assert published
    assert contents(destination) == CONTENT
    assert seen.last == {name: (len(data), len(data)) for name, data in CONTENT.items()}
    assert recorded(destination) == {file.name: file.sha256 for file in MODEL.files}
    assert not destination.with_name("toy.partial").exists()


def test_the_users_own_files_are_taken_but_told_apart(source: Path, tmp_path: Path) -> None:
    (source / "decoder.int8.onnx").write_bytes(b"another")
    assert not pull("toy", tmp_path / "toy", source)
    assert contents(tmp_path / "toy")["decoder.int8.onnx"] == b"another"


def test_a_folder_that_is_no_model_changes_nothing(source: Path, tmp_path: Path) -> None:
    pull("toy", tmp_path / "toy", source)
    (source / "tokens.txt").unlink()
    with pytest.raises(hub.PullError, match=r"has no tokens\.txt"):
        pull("toy", tmp_path / "toy", source)
    assert contents(tmp_path / "toy") == CONTENT


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(hub.PullError, match="no model other to pull; there is cohere-int8, toy"):
        pull("other", tmp_path)


def test_the_destination_is_no_source(source: Path) -> None:
    with pytest.raises(hub.PullError, match="give another folder"):
        pull("toy", source, source)


def test_a_destination_that_cannot_be_written_is_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(hub.PullError, match="could not be written to"):
        pull("toy", tmp_path / "file" / "toy", source)


def test_without_the_client_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(hub.PullError, match=r"pip install 'streamer-transcriber\[hub\]'"):
        pull("toy", tmp_path / "toy")


class Hub(BaseHTTPRequestHandler):
    """As much of the Hugging Face hub as its client asks for to download a file."""

    damaged: ClassVar[set[str]] = set()
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        if self.path.startswith("/api/"):
            data = json.dumps({"id": MODEL.repository, "sha": MODEL.revision, "siblings": []})
            payload = data.encode()
        elif name in CONTENT:
            payload = CONTENT[name]
            if body:
                self.asked.append(name)
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(payload)))
        self.send_header("ETag", f'"{hashlib.sha256(payload).hexdigest()}"')
        self.send_header("X-Repo-Commit", MODEL.revision)
        self.end_headers()
        if body:
            self.wfile.write(bytes(len(payload)) if name in self.damaged else payload)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def fake_hub() -> Iterator[str]:
    Hub.damaged.clear()
    Hub.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def our_hub(fake_hub: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub", reason="the hub's client needs the extra [hub]")
    from huggingface_hub import constants

    template = fake_hub + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", fake_hub)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.mark.usefixtures("our_hub")
def test_the_hub_s_files_come_with_progress_and_checksums(tmp_path: Path) -> None:
    seen = Seen()
    assert pull("toy", tmp_path / "toy", progress=seen)
    assert contents(tmp_path / "toy") == CONTENT
    assert seen.last == {name: (len(data), len(data)) for name, data in CONTENT.items()}
    assert not (tmp_path / "toy.partial").exists()


@pytest.mark.usefixtures("our_hub")
def test_pulling_again_fetches_only_what_is_damaged(tmp_path: Path) -> None:
    pull("toy", tmp_path / "toy")
    Hub.asked.clear()
    (tmp_path / "toy" / "tokens.txt").write_bytes(b"rotten")
    assert pull("toy", tmp_path / "toy")
    assert Hub.asked == ["tokens.txt"]
    assert contents(tmp_path / "toy") == CONTENT


@pytest.mark.usefixtures("our_hub")
def test_a_file_that_arrives_damaged_is_refused_and_the_next_pull_mends_it(tmp_path: Path) -> None:
    Hub.damaged.add("decoder.int8.onnx")
    with pytest.raises(hub.PullError, match=r"decoder\.int8\.onnx arrived damaged"):
        pull("toy", tmp_path / "toy")
    assert not (tmp_path / "toy").exists()
    Hub.damaged.clear()
    assert pull("toy", tmp_path / "toy")
    assert contents(tmp_path / "toy") == CONTENT


def test_a_hub_out_of_reach_says_what_else_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip(
        "huggingface_hub.constants", reason="the hub's client needs the extra [hub]"
    )
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # the discard port: closed
    with pytest.raises(hub.PullError, match=r"could not be downloaded.*--from their folder"):
        pull("toy", tmp_path / "toy")
