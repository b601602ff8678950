"""Files through our server and its peers, on the same weights and audio, in turn in each round.

    pip install '.[loadtest,train]'
    python -m loadtest compare peers --rounds 5 --json peers.json

Our server runs the model as the package has it, its encoder in INT8, and once more in FP32;
sherpa-onnx too is given both. Each peer first shows its fastest variant (batch, threads), which the
rounds then use. RTFx is seconds of audio a second of wall time; `alone` is the time from an
utterance's first byte to its text while nothing else is asked.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from loadtest.bare_loop import BareLoop
from loadtest.compare import contestants as peers
from loadtest.compare.contestants import Contestant
from loadtest.compare.published import published_folder
from loadtest.compare.rounds import OURS, choose, report, run_rounds
from loadtest.compare.sherpa import Threads, cohere_arguments, sherpa_server
from loadtest.compare.torch_model import TorchModel
from loadtest.compare.weights import model_of, publish_int8
from loadtest.cutting import cut
from loadtest.options import report_option
from loadtest.progress import note
from loadtest.reports import tell
from loadtest.serving import served
from streamer.audio.files import AudioFile
from streamer.cli.demo import sample_path
from streamer.families.cohere.export.ragged import export_ragged
from streamer.families.cohere.tokenizer import Tokenizer
from streamer.models.registry import resolve
from streamer.speech.clip import SAMPLE_RATE

BATCHES = (1, 4, 8, 16)
CORES = os.cpu_count() or 1
SHERPA_THREADS = (Threads(1, CORES), Threads(CORES, 1), Threads(CORES + 1, 1))


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--audio", type=Path, nargs="+", default=[sample_path()])
    parser.add_argument("--copies", type=int, default=8, help="how often the audio is done a turn")
    parser.add_argument("--model", default="embedded", help="a model of the package")
    parser.add_argument("--rounds", type=int, default=5)
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, and print a report."""
    blocks = [AudioFile(path, SAMPLE_RATE).blocks(1.0) for path in options.audio]
    once = [np.concatenate(list(of_file)) for of_file in blocks]
    recordings = once * options.copies
    clips = [clip for samples in once for clip in cut(samples)]
    every_clip = clips * options.copies
    audio_s = sum(map(len, recordings)) / SAMPLE_RATE
    folder = resolve(options.model)
    loop = BareLoop(folder)
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
        everyone += [peers.bare_loop(loop, every_clip, batch) for batch in BATCHES]
        for name, graphs in (("sherpa-onnx", published), ("sherpa-onnx, INT8", published_int8)):
            for threads in SHERPA_THREADS:
                address = stack.enter_context(sherpa_server(cohere_arguments(graphs), threads))
                everyone.append(peers.sherpa(name, address, str(threads), every_clip))
        everyone += [peers.torch_model(torch_model, every_clip, batch) for batch in BATCHES]
        note(f"the fastest variant of each peer, of {len(everyone)} ...")
        chosen = choose(everyone, audio_s)
        if all(one.variant != "batch 1" for one in chosen if one.peer == "transformers"):
            chosen.append(peers.torch_model(torch_model, every_clip, 1))
        note(f"{options.rounds} rounds of {len(chosen)} ...")
        tracks = run_rounds(chosen, clips, audio_s, options.rounds)
    reference = [peers.bare_loop(loop, clips, 1).alone(clip) for clip in clips]
    tell(
        {
            "audio_s": round(audio_s, 1),
            "utterances": len(every_clip),
            "rounds": options.rounds,
            "cores": CORES,
            "peers": report(tracks, reference * options.copies),
        },
        options.json,
    )
    return 0
