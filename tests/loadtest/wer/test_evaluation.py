"""Manifests, bars, and the whole of it on the smallest model."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jiwer", reason="needs the extra loadtest")
pytest.importorskip("whisper_normalizer", reason="needs the extra loadtest")

from loadtest.__main__ import main
from loadtest.errors import CommandError
from loadtest.run.wer.bars import Bars, wer_bar
from loadtest.run.wer.manifest import Recording, read_manifest, spread
from streamer.cli.demo import sample_path


def manifest(folder: Path, *lines: object) -> Path:
    path = folder / "manifest.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_noise_has_no_text_and_paths_are_the_manifests_own(tmp_path: Path) -> None:
    manifest(
        tmp_path,
        {"file": "a.flac", "kind": "speech", "language": "en", "text": "So.", "seconds": 1},
        {"file": "b.flac", "kind": "noise", "language": None},
    )
    wanted = [Recording(tmp_path / "a.flac", "So."), Recording(tmp_path / "b.flac", "")]
    assert read_manifest(tmp_path) == wanted
    assert read_manifest(tmp_path / "manifest.jsonl") == wanted


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"kind": "speech"}, "line 1 is no recording"),
        ({"file": "a", "kind": "speech", "language": "de", "text": "So."}, "only English"),
        ({"file": "a", "kind": "noise"}, "nobody speaks"),
    ],
)
def test_a_manifest_that_is_of_no_use_says_why(tmp_path: Path, line: object, said: str) -> None:
    manifest(tmp_path, line)
    with pytest.raises(CommandError, match=said):
        read_manifest(tmp_path)


def test_few_are_chosen_from_everywhere() -> None:
    all_of_them = [Recording(Path(str(n)), "") for n in range(10)]
    assert [one.path.name for one in spread(all_of_them, 3)] == ["0", "3", "6"]
    assert spread(all_of_them, 20) == all_of_them


def test_a_bar_is_about_what_is_clean_where_no_kind_is_said() -> None:
    assert (wer_bar("5"), wer_bar("white=12")) == (("clean", 5.0), ("white", 12.0))
    for text in ("brown=1", "white=", "much"):
        with pytest.raises(argparse.ArgumentTypeError):
            wer_bar(text)


def test_what_is_beyond_a_bar_is_told() -> None:
    flicker = {"ratio": 0.4, "taken_back": 0, "overruled": 2}
    report: dict[str, Any] = {
        "detectors": ["webrtc"],
        "heard": {
            "clean": {"offline": {"wer": 4.0}, "webrtc": {"wer": 5.0, "flicker": flicker}},
            "white": {"offline": {"wer": 9.0}, "webrtc": {"wer": 9.0}},
        },
        "made_up": {"webrtc": {"texts": {"silence": "Yes."}}},
    }
    assert Bars().missed(report) == []
    assert Bars({"clean": 5, "white": 9}, 1.0, 0.4, 2, 1).missed(report) == []
    assert len(Bars({"clean": 4.9, "white": 8.9}, 0.9, 0.3, 1, 0).missed(report)) == 6
    flicker["taken_back"] = 1
    assert Bars().missed(report) == ["promises taken back, webrtc: 1, at most 0"]


def test_everything_is_heard_and_a_bar_decides_the_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "six words that nobody ever said"
    path = manifest(tmp_path, {"file": str(sample_path()), "kind": "speech", "text": text})
    out = tmp_path / "wer.json"
    common = ["run", "wer", str(path), "--model", "embedded", "--kinds", "clean", "mulaw"]
    assert main([*common, "--short", "--pace", "4", "--json", str(out), "--max-wer", "0"]) == 1
    report = json.loads(out.read_text(encoding="utf-8"))
    assert set(report["heard"]) == {"clean", "mulaw"}
    (detector,) = report["detectors"]
    assert set(report["heard"]["clean"]) == {"offline", detector}
    assert report["words"] == 6
    assert report["heard"]["clean"][detector]["flicker"]["words"] > 0
    assert "flicker" not in report["heard"]["mulaw"][detector]
    assert report["missed"][0].startswith("WER, clean")
    assert "false ends" in capsys.readouterr().err


def test_where_nobody_else_speaks_there_is_no_babble(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = manifest(tmp_path, {"file": str(sample_path()), "kind": "speech", "text": "so"})
    assert main(["run", "wer", str(path), "--kinds", "babble"]) == 2
    assert "babble" in capsys.readouterr().err
