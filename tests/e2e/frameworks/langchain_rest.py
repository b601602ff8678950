"""LangChain's loader of recordings against a server: BASE_URL SAMPLE. See run.sh."""

# pyright: basic, reportMissingImports=false

from __future__ import annotations

import sys

from langchain_community.document_loaders.generic import GenericLoader
from langchain_community.document_loaders.parsers.audio import OpenAIWhisperParser


def main(base_url: str, sample: str) -> int:
    parser = OpenAIWhisperParser(api_key="secret", base_url=base_url, language="en")
    loader = GenericLoader.from_filesystem(sample, parser=parser)
    text = " ".join(document.page_content for document in loader.lazy_load())
    good = "good morning" in text.lower()
    print(f"{'ok  ' if good else 'FAIL'} langchain: {text[:90]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
