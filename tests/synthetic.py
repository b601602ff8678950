"""A recording that the embedded model knows well: sentences of its domain, from a synthesiser."""

from __future__ import annotations

from pathlib import Path

SAMPLE = Path(__file__).parent / "recordings" / "synthetic.flac"
SENTENCES = SAMPLE.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
