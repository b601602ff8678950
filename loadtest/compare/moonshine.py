"""Files through our server and its peers on Moonshine base-en, in turn in each round.

    pip install '.[loadtest,train]'
    streamer models pull moonshine
    python -m loadtest compare moonshine --audio FOLDER --rounds 5 --json moonshine.json
    python -m loadtest compare moonshine --audio FOLDER --whisper tiny.en --venvs peers

Our server has the published weights by graphs of our own, in integers; sherpa-onnx runs the
published graphs, which hold the same integers and compute in FP32; transformers the same in FP32.
`alone` is the time from an utterance's first byte to its text while nothing else is asked. With
--whisper, a CTranslate2 folder of Whisper tiny.en, faster-whisper is asked too, clip by clip, and
batched over all clips joined. Where FOLDER has a manifest.jsonl, as of `run wer`, word errors are
told.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loadtest.bare_loop import BareLoop
from loadtest.compare import contestants as peers
from loadtest.compare.contestants import Contestant
from loadtest.compare.faster_whisper import faster_whisper
from loadtest.compare.peers import CORES
from loadtest.compare.rounds import OURS, choose, report, run_rounds
from loadtest.compare.sherpa import Threads, moonshine_arguments, sherpa_server
from loadtest.compare.torch_moonshine import TorchMoonshine
from loadtest.cutting import cut
from loadtest.options import report_option
from loadtest.progress import note
from loadtest.reports import tell
from loadtest.run.files import FILES_AT_ONCE
from loadtest.run.wer.manifest import MANIFEST, Recording, read_manifest
from loadtest.serving import served
from streamer.audio.files import AudioFile
from streamer.models.registry import resolve
from streamer.speech.clip import SAMPLE_RATE

SUFFIXES = {".flac", ".ogg", ".wav", ".mp3"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--audio", type=Path, required=True, help="a folder of recordings")
    parser.add_argument("--files", type=int, default=32, help="so many of them, in their order")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--whisper", type=Path, help="a CTranslate2 folder of Whisper tiny.en")
    parser.add_argument(
        "--venvs", type=Path, default=Path("peers"), help="where peers are installed"
    )
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Measure, and print a report."""
    spoken = _recordings(options.audio)[: options.files]
    recordings = joined([one.path for one in spoken])
    said = " ".join(
        one.text for first in range(FILES_AT_ONCE) for one in spoken[first::FILES_AT_ONCE]
    ).strip()  # of recordings without a manifest nobody knows the words
    clips = [clip for samples in recordings for clip in cut(samples)]
    audio_s = sum(map(len, recordings)) / SAMPLE_RATE
    folder = resolve("moonshine")
    loop = BareLoop(folder)
    model = TorchMoonshine(folder)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(served(["--model", "moonshine"]))
        everyone: list[Contestant] = [peers.our_server(OURS, url, recordings)]
        everyone += [peers.bare_loop(loop, clips, batch) for batch in (8, 32, len(clips))]
        arguments = moonshine_arguments(folder, scratch)
        for threads in (Threads(1, CORES), Threads(CORES, 1)):
            address = stack.enter_context(sherpa_server(arguments, threads))
            everyone.append(peers.sherpa("sherpa-onnx", address, str(threads), clips))
        everyone += [peers.torch_model(model, clips, batch) for batch in (1, 16)]
        if options.whisper is not None:
            whisper = faster_whisper(options.venvs.resolve(), options.whisper.resolve(), clips)
            everyone += stack.enter_context(whisper)
        note(f"the fastest variant of each peer, of {len(everyone)} ...")
        chosen = choose(everyone, audio_s)
        note(f"{options.rounds} rounds of {len(chosen)} ...")
        tracks = run_rounds(chosen, clips[:12], audio_s, options.rounds)
    reference = [peers.bare_loop(loop, clips, 1).alone(clip) for clip in clips]
    tell(
        {
            "audio_s": round(audio_s, 1),
            "utterances": len(clips),
            "rounds": options.rounds,
            "cores": CORES,
            "peers": report(tracks, reference, said),
        },
        options.json,
    )
    return 0


def _recordings(folder: Path) -> list[Recording]:
    """Those of a manifest in which somebody speaks, or all the files, with no text known."""
    if (folder / MANIFEST).exists():
        return [one for one in read_manifest(folder) if one.text]
    return [Recording(one, "") for one in sorted(folder.iterdir()) if one.suffix in SUFFIXES]


def joined(files: Sequence[Path]) -> list[NDArray[np.float32]]:
    """Join files to recordings of several each, with silence between: as many as go at once."""
    pause = np.zeros(SAMPLE_RATE, np.float32)
    recordings: list[NDArray[np.float32]] = []
    for first in range(min(FILES_AT_ONCE, len(files))):
        parts: list[NDArray[np.float32]] = []
        for path in files[first::FILES_AT_ONCE]:
            parts += [*AudioFile(path, SAMPLE_RATE).blocks(1.0), pause]
        recordings.append(np.concatenate(parts))
    return recordings
