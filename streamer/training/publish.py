"""From checkpoints to the folder that the server loads: average, round to FP16, export."""

import shutil
import tempfile
from pathlib import Path

from streamer.export.own import export_own
from streamer.export.published import export_published, round_to_half
from streamer.export.writing import BOTH, Stem
from streamer.training.checkpoints import averaged_model
from streamer.training.folders import Folders
from streamer.training.sizes import SizeName

MODEL_NAMES: dict[SizeName, str] = {
    "default": "streamer-embedded-en",
    "tiny": "streamer-embedded-en-tiny",
}
_INT8: dict[SizeName, tuple[Stem, ...]] = {"default": ("encoder",), "tiny": BOTH}
"""What of our own contract computes in integers: where it is faster, or smaller for the tiny size.
A decoder this small is slower in integers. The published contract has them in the tiny size only:
it is what measurements against other runtimes take their FP32 weights from."""
PUBLISHED_FOLDER = "published"
"""Inside a model's folder: the same weights in the contract that other runtimes know."""


def publish(folders: Folders, out: Path, *, checkpoints: int) -> None:
    """Writes encoder, decoder and tokens.txt to ``out``, and again to ``out``/published.

    ``out`` itself gets our own contract, which the engine is fastest with; the published one is for
    other runtimes on the same weights. Graphs of another precision that lie there are removed: a
    folder holds one model.
    """
    model = averaged_model(folders, checkpoints)
    round_to_half(model.asr)
    int8 = _INT8[folders.size]
    for export, folder, integers in (
        (export_own, out, int8),
        (export_published, out / PUBLISHED_FOLDER, int8 if folders.size == "tiny" else ()),
    ):
        with tempfile.TemporaryDirectory() as made:
            export(
                model.asr,
                folders.vocabulary / "tokens.txt",
                Path(made),
                half_storage=True,
                int8=integers,
                name=MODEL_NAMES[folders.size],
                demonstration=True,
            )
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.onnx"):
                old.unlink()
            for new in Path(made).iterdir():
                shutil.copyfile(new, folder / new.name)
