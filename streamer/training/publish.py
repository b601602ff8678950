"""From checkpoints to the folder that the server loads: average, round to FP16, export."""

import shutil
import tempfile
from pathlib import Path

from streamer.export.own import export_own
from streamer.export.published import export_published, round_to_half
from streamer.training.checkpoints import averaged_model
from streamer.training.folders import Folders
from streamer.training.sizes import SizeName

MODEL_NAMES: dict[SizeName, str] = {
    "default": "streamer-embedded-en",
    "tiny": "streamer-embedded-en-tiny",
}
PUBLISHED_FOLDER = "published"
"""Inside a model's folder: the same weights in the contract that other runtimes know."""


def publish(folders: Folders, out: Path, *, checkpoints: int) -> None:
    """Writes encoder, decoder and tokens.txt to ``out``, and again to ``out``/published.

    ``out`` itself gets our own contract, which the engine is fastest with; the published one is for
    other runtimes on the same weights. The tiny size computes in INT8. Graphs of another precision
    that lie there are removed: a folder holds one model.
    """
    model = averaged_model(folders, checkpoints)
    round_to_half(model.asr)
    for export, folder in ((export_own, out), (export_published, out / PUBLISHED_FOLDER)):
        with tempfile.TemporaryDirectory() as made:
            export(
                model.asr,
                folders.vocabulary / "tokens.txt",
                Path(made),
                half_storage=True,
                int8=folders.size == "tiny",
                name=MODEL_NAMES[folders.size],
                demonstration=True,
            )
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.onnx"):
                old.unlink()
            for new in Path(made).iterdir():
                shutil.copyfile(new, folder / new.name)
