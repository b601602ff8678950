"""Files through our server and its peers, on the same weights and audio, in turn in each round.

    pip install '.[loadtest,train]'
    python -m loadtest.peers --rounds 5 --json peers.json

Our server runs the model as the package has it, its encoder in INT8, and once more in FP32;
sherpa-onnx too is given both. Each peer first shows its fastest variant (batch, threads), which the
rounds then use. RTFx is seconds of audio a second of wall time; `alone` is the time from an
utterance's first byte to its text while nothing else is asked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from loadtest.files import utterances
from loadtest.peers import contestants as peers
from loadtest.peers.contestants import Contestant
from loadtest.peers.published import published_folder
from loadtest.peers.rounds import OURS, choose, report, run_rounds
from loadtest.peers.sherpa import Threads, sherpa_server
from loadtest.peers.torch_model import TorchModel
from loadtest.peers.weights import model_of, publish_int8
from loadtest.serving import served
from streamer.audio.files import AudioFile
from streamer.cli.demo import sample_path
from streamer.decoding.engine import OnnxEngine
from streamer.families.cohere.export.ragged import export_ragged
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.models.registry import resolve
from streamer.speech.clip import SAMPLE_RATE

BATCHES = (1, 4, 8, 16)
CORES = os.cpu_count() or 1
SHERPA_THREADS = (Threads(1, CORES), Threads(CORES, 1), Threads(CORES + 1, 1))


def main() -> int:
    """Measure, and print a report."""
    arguments = _arguments()
    blocks = [AudioFile(path, SAMPLE_RATE).blocks(1.0) for path in arguments.audio]
    once = [np.concatenate(list(of_file)) for of_file in blocks]
    recordings = once * arguments.copies
    clips = [clip for samples in once for clip in utterances(samples)]
    every_clip = clips * arguments.copies
    audio_s = sum(map(len, recordings)) / SAMPLE_RATE
    folder = resolve(arguments.model)
    engine = OnnxEngine.load(folder)
    published, tokens = published_folder(folder), folder / "tokens.txt"
    model = model_of(published)
    torch_model = TorchModel(model, Tokenizer.from_file(tokens))
    with ExitStack() as stack:
        own_fp32, published_int8 = (
            Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)
        )
        export_ragged(model, tokens, own_fp32, half_storage=True, name="peer")
        publish_int8(model, tokens, published_int8)
        everyone: list[Contestant] = []
        for name, served_folder in ((OURS, folder), (f"{OURS}, FP32", own_fp32)):
            url = stack.enter_context(served(["--model", str(served_folder)]))
            everyone.append(peers.our_server(name, url, recordings))
        everyone += [peers.bare_loop(engine, every_clip, batch) for batch in BATCHES]
        for name, graphs in (("sherpa-onnx", published), ("sherpa-onnx, INT8", published_int8)):
            for threads in SHERPA_THREADS:
                address = stack.enter_context(sherpa_server(graphs, threads))
                everyone.append(peers.sherpa(name, address, str(threads), every_clip))
        everyone += [peers.torch_model(torch_model, every_clip, batch) for batch in BATCHES]
        chosen = choose(everyone, audio_s)
        if all(one.variant != "batch 1" for one in chosen if one.peer == "transformers"):
            chosen.append(peers.torch_model(torch_model, every_clip, 1))
        tracks = run_rounds(chosen, clips, audio_s, arguments.rounds)
    reference = [peers.bare_loop(engine, clips, 1).alone(clip) for clip in clips]
    text = json.dumps(
        {
            "audio_s": round(audio_s, 1),
            "utterances": len(every_clip),
            "rounds": arguments.rounds,
            "cores": CORES,
            "peers": report(tracks, reference * arguments.copies),
        },
        indent=2,
    )
    print(text)
    if arguments.json is not None:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.peers", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("--audio", type=Path, nargs="+", default=[sample_path()])
    parser.add_argument("--copies", type=int, default=8, help="how often the audio is done a turn")
    parser.add_argument("--model", default="embedded", help="embedded, or one of tests/models")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
