"""LiteLLM's transcription call against a server: BASE_URL SAMPLE. See run.sh."""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import sys
from pathlib import Path

import litellm


def main(base_url: str, sample: str) -> int:
    with Path(sample).open("rb") as file:
        heard = litellm.transcription(
            model="openai/whisper-1", file=file, api_base=base_url, api_key="secret", language="en"
        )
    good = "good morning" in heard.text.lower()
    print(f"{'ok  ' if good else 'FAIL'} litellm: {heard.text[:90]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
