"""The GPU benchmark's own reckoning, and all of its parts on the CPU at the least size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtest.__main__ import main
from loadtest.model.gpu.peaks import peak_of


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_card_is_known_by_its_name() -> None:
    h100, h200 = peak_of("NVIDIA H100 80GB HBM3"), peak_of("NVIDIA H200")
    assert h100 is not None
    assert h200 is not None
    assert h100.bytes < h200.bytes
    assert peak_of("") is None


def test_a_dry_run_has_every_part_and_writes_each_line_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="needs the extra export")
    pytest.importorskip("transformers", reason="needs the extra export")
    monkeypatch.delenv("OUT", raising=False)
    common = ["model", "gpu", "--work", str(tmp_path), "--size", "tiny", "--device", "cpu"]
    small = ["--rows", "2", "--clips", "2", "--streams", "2", "--most", "2", "--seconds", "2"]
    parts = ["place", "parity", "decoder", "offline", "live"]
    assert main([*common, *small, *parts]) == 0
    found = lines(tmp_path / "gpu-tiny.jsonl")
    told = {str(line["what"]) for line in found}
    assert {"built", "place decoder", "parity fp16", "decoder", "live", "end"} <= told
    assert {"offline, features made beforehand", "offline, features made inside"} <= told
    monkeypatch.setenv("OUT", str(tmp_path / "out"))
    assert main([*common, "--until", "0", "decoder"]) == 0
    assert [line["what"] for line in lines(tmp_path / "out" / "gpu-tiny.jsonl")][-1] == "end"


def test_parity_needs_a_size_that_has_an_fp32_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["model", "gpu", "--work", str(tmp_path), "--device", "cpu", "parity"]) == 2
    assert "FP32" in capsys.readouterr().err
