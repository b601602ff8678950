"""The microphone page's files, read and compressed once at start: no request touches the disk."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import streamer

PACKAGE = Path(streamer.__file__).resolve().parent

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".flac": "audio/flac",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file ready to be sent, plain or, where that is smaller, with gzip."""

    content_type: str
    body: bytes
    zipped: bytes | None


def load_assets() -> dict[str, Asset]:
    """Return the page and the bundled sample by URL path."""
    assets = {f"/{name}": asset for name, asset in _folder(_page_folder()).items()}
    assets["/"] = assets["/index.html"]
    samples = _folder(PACKAGE / "models" / "sample")
    assets |= {f"/sample/{name}": asset for name, asset in samples.items()}
    return assets


def _page_folder() -> Path:
    """Inside the package where it is installed, beside it in a checkout."""
    installed = PACKAGE / "web"
    return installed if installed.is_dir() else PACKAGE.parent / "web"


def _folder(folder: Path) -> dict[str, Asset]:
    return {
        path.relative_to(folder).as_posix(): _asset(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in CONTENT_TYPES
    }


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    zipped = gzip.compress(body, mtime=0)
    smaller = zipped if len(zipped) < 0.9 * len(body) else None
    return Asset(CONTENT_TYPES[path.suffix], body, smaller)
