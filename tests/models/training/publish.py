"""From checkpoints to the folder that the server loads: average, round to FP16, export."""

import shutil
import tempfile
from pathlib import Path

from streamer.export.writing import BOTH, Stem
from streamer.families.cohere.export.published import export_published, round_to_half
from streamer.families.cohere.export.ragged import export_ragged
from tests.models.training.checkpoints import averaged_model
from tests.models.training.folders import Folders
from tests.models.training.sizes import SizeName
from tests.models.training.targets import Target

MODEL_NAMES: dict[SizeName, str] = {
    "default": "streamer-embedded-en",
    "tiny": "streamer-embedded-en-tiny",
}
_INT8: dict[SizeName, tuple[tuple[Stem, ...], tuple[Stem, ...]]] = {
    "default": (("encoder",), ()),
    "tiny": (BOTH, BOTH),
}
"""What computes in integers, in our own contract and in the published one: what is faster so, and
for the tiny size what is smaller. A decoder this small is slower in integers. Measurements against
other runtimes take the default's FP32 weights from the published contract."""


MAX_SECONDS = 15.0
"""Of its own kind of speech, sentences of synthesisers without a pause between them, the default
gets 6 % of the words wrong at 16 s, 16 % at 18 s and 37 % at 22 s."""


def publish(folders: Folders, target: Target, *, checkpoints: int) -> None:
    """Writes encoder, decoder and tokens.txt to both folders of the target.

    Graphs of another precision that lie there are removed: a folder holds one model.
    """
    model = averaged_model(folders, checkpoints)
    round_to_half(model.asr)
    own_int8, published_int8 = _INT8[folders.size]
    for export, folder, int8 in (
        (export_ragged, target.own, own_int8),
        (export_published, target.published, published_int8),
    ):
        with tempfile.TemporaryDirectory() as made:
            export(
                model.asr,
                folders.vocabulary / "tokens.txt",
                Path(made),
                half_storage=True,
                int8=int8,
                name=MODEL_NAMES[folders.size],
                demonstration=True,
                max_seconds=MAX_SECONDS,
            )
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.onnx"):
                old.unlink()
            for new in Path(made).iterdir():
                shutil.copyfile(new, folder / new.name)
