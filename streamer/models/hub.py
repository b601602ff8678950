"""The Hugging Face hub, through its own client (extra `hub`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from streamer.models.errors import PullError
from streamer.models.progress import Progress
from streamer.models.registry import HubModel


def fetch(
    model: HubModel,
    names: Sequence[str],
    folder: Path,
    progress: Progress,
) -> None:
    """Download files of the model's pinned revision, continuing what is there in part.

    Raises PullError where the client is not installed or the hub cannot be reached.
    """
    try:
        import huggingface_hub as hub
        from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError
    except ImportError as error:
        raise PullError(
            "pulling needs the Hugging Face client: pip install 'streamer-transcriber[hub]'"
        ) from error
    # The client's HTTP library, whichever it is in this version, raises its own errors too.
    http_error = cast("type[Exception]", HfHubHTTPError.__bases__[0])
    failures = (OSError, EntryNotFoundError, HfHubHTTPError, http_error)
    try:
        # Fails at once where the hub is out of reach; a download would first try for half a minute.
        hub.HfApi().model_info(model.repository, revision=model.revision, timeout=10)
        for name in names:
            hub.hf_hub_download(
                model.repository,
                name,
                revision=model.revision,
                local_dir=folder,
                tqdm_class=_reporting(name, progress),
            )
    except failures as error:
        raise PullError(
            f"{model.name} could not be downloaded from the Hugging Face hub ({error}). Without "
            f"access to it, bring the files of {model.repository} here by other means and pull "
            "--from their folder"
        ) from error


def _reporting(name: str, progress: Progress) -> type[Any]:
    """Make a progress bar for the client that draws nothing and reports to us."""
    from tqdm import tqdm

    bar: type[Any] = tqdm  # generic in its stubs only

    class Reporting(bar):
        monitor_interval = 0  # no thread that would redraw it

        def update(self, n: float | None = 1) -> bool | None:
            drawn: bool | None = super().update(n)
            progress(name, int(self.n), int(self.total or 0))
            return drawn

        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            pass

    return Reporting
