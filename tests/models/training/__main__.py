"""The recipe of the embedded model, one command a stage.

    python -m tests.models.training vocabulary           texts to pieces (seconds)
    python -m tests.models.training synthesise           texts to clean speech (10 s of CPU a shard)
    python -m tests.models.training recordings --from F  human speech beside it (seconds)
    python -m tests.models.training train                every stage of the plan, or --until a step
    python -m tests.models.training align                when words end in the clips, for stage d
    python -m tests.models.training compare              how many checkpoints are best averaged
    python -m tests.models.training publish              averaged checkpoints to the model's folder
    python -m tests.models.training evaluate             the figures of the model card
    python -m tests.models.training sample               the demonstration recording

Everything lives under --work, and every command goes on where it was stopped. The synthesisers are
the Debian packages espeak-ng, flite, festival, festvox-kallpc16k, festvox-kdlpc16k,
festvox-us-slt-hts and festlex-cmu; dict-devil and dict-jargon are there for their prose. The Python
packages are the extra [train].
"""

import argparse
import json
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from tests.models.training.sizes import SIZES
from tests.models.training.targets import TARGETS, Target

if TYPE_CHECKING:
    from tests.models.training.audio.shards import Split

_RECORDINGS = Path(__file__).parents[2] / "recordings"
_VOCABULARY_SENTENCES = 30_000
_SHARDS = 100


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    return _COMMANDS[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.models.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=sorted(_COMMANDS))
    parser.add_argument(
        "--work", type=Path, default=Path("training-work"), help="working folder, some GB"
    )
    parser.add_argument(
        "--from", dest="source", type=Path, help="folder of recordings with a manifest.jsonl"
    )
    parser.add_argument(
        "--shards",
        type=int,
        default=_SHARDS,
        help="synthesise, align: how many shards of 400 sentences",
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=2,
        help="train, synthesise: one thread each; with a GPU so many make batches for it",
    )
    parser.add_argument("--until", type=int, help="train: stop at this step")
    parser.add_argument(
        "--checkpoints",
        type=int,
        default=1,
        help="publish: so many of the last, averaged; compare: up to so many",
    )
    parser.add_argument(
        "--size",
        choices=sorted(SIZES),
        default="default",
        help="which model; tiny begins as some layers of the trained default",
    )
    parser.add_argument(
        "--model", type=Path, help="publish, evaluate: folder, by default where that size lies"
    )
    parser.add_argument("--clips", type=int, default=200, help="evaluate: clips a condition")
    parser.add_argument(
        "--examples", type=int, default=0, help="evaluate: so many errors of each condition"
    )
    return parser


def _vocabulary(options: argparse.Namespace) -> int:
    from tests.models.training import vocabulary
    from tests.models.training.folders import Folders
    from tests.models.training.text import corpus

    rng = Random("vocabulary")
    sentences = [corpus.draw(rng, evaluation=False) for _ in range(_VOCABULARY_SENTENCES)]
    built = vocabulary.build(Folders(options.work).vocabulary, sentences)
    print(f"{built.size} tokens in {built.tokens_file}")
    return 0


def _synthesise(options: argparse.Namespace) -> int:
    return 0 if _synthesised(options, options.shards) else 1


def _synthesised(options: argparse.Namespace, training_shards: int) -> bool:
    """Makes the shards of the figures, and so many for training."""
    from tests.models.training.folders import Folders

    jobs: list[tuple[Split, int]] = [("seen", 0), ("unseen", 0), ("open", 0)]
    jobs.extend(("train", number) for number in range(training_shards))
    return _made(Folders(options.work).shards, jobs, options.processes)


def _made(folder: Path, jobs: "list[tuple[Split, int]]", processes: int) -> bool:
    """Makes the shards that are not there yet; False where the synthesisers are missing."""
    from concurrent.futures import ProcessPoolExecutor, as_completed

    from tests.models.training.audio import shards, synthesis

    jobs = [job for job in jobs if not (folder / f"{shards.shard_name(*job)}.jsonl").exists()]
    missing = synthesis.missing_programs() if jobs else []
    if missing:
        print(
            f"not installed: {', '.join(missing)} (see --help for the Debian packages)",
            file=sys.stderr,
        )
        return False
    if not jobs:
        return True
    bar = Progress(console=Console(stderr=True))
    with bar as progress, ProcessPoolExecutor(processes) as pool:
        task = progress.add_task("synthesising", total=len(jobs))
        for done in as_completed(
            [pool.submit(shards.make_shard, folder, split, n) for split, n in jobs]
        ):
            done.result()
            progress.advance(task)
    return True


def _recordings(options: argparse.Namespace) -> int:
    from tests.models.training.audio import recordings
    from tests.models.training.folders import Folders

    if options.source is None:
        print("recordings needs --from, a folder with a manifest.jsonl", file=sys.stderr)
        return 2
    recordings.write_shards(options.source, Folders(options.work).shards)
    return 0


def _train(options: argparse.Namespace) -> int:
    from tests.models.training.folders import Folders
    from tests.models.training.train import run

    run(Folders(options.work, options.size), processes=options.processes, until=options.until)
    return 0


def _align(options: argparse.Namespace) -> int:
    from tests.models.training.checkpoints import averaged_model
    from tests.models.training.folders import Folders
    from tests.models.training.timing import align_shards
    from tests.models.training.vocabulary import Vocabulary

    folders = Folders(options.work)
    words = Vocabulary(folders.vocabulary)
    done = align_shards(averaged_model(folders, 1), words, folders.shards, options.shards)
    print(f"{done} shards aligned")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from tests.models.training.choosing import SHARDS, compared
    from tests.models.training.folders import Folders

    folders = Folders(options.work, options.size)
    if not _made(folders.choice, list(SHARDS), options.processes):
        return 1
    for paths, scores in compared(folders, options.checkpoints):
        told = ", ".join(f"{split} {wer:.1%}" for split, wer in scores.items())
        print(f"{told}: {' '.join(p.stem for p in paths)}", flush=True)
    return 0


def _publish(options: argparse.Namespace) -> int:
    from tests.models.training.folders import Folders
    from tests.models.training.publish import publish

    target = TARGETS[options.size]
    if options.model is not None:
        target = Target(options.model, options.model / "published")
    publish(Folders(options.work, options.size), target, checkpoints=options.checkpoints)
    for folder in (target.own, target.published):
        size = sum(f.stat().st_size for f in folder.iterdir() if f.is_file())
        print(f"{folder}: {size / 1e6:.1f} MB")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from streamer.families.registry import load_model
    from tests.models.training.evaluate import evaluate
    from tests.models.training.folders import Folders

    if not _synthesised(options, 0):
        return 1
    engine = load_model(options.model or TARGETS[options.size].own)
    aside = Console(stderr=True)
    print("| condition | clips | word error rate |\n| --- | --- | --- |")
    for result in evaluate(engine, Folders(options.work).shards, options.source, options.clips):
        print(f"| {result.name} | {result.clips} | {result.value:.1%} |", flush=True)
        for reference, text in result.examples[: options.examples]:
            aside.print(f"{json.dumps(reference)} -> {json.dumps(text)}", soft_wrap=True)
    return 0


def _sample(_: argparse.Namespace) -> int:
    from tests.models.training import sample

    sample.write(_RECORDINGS)
    return 0


_COMMANDS = {
    "vocabulary": _vocabulary,
    "synthesise": _synthesise,
    "recordings": _recordings,
    "train": _train,
    "align": _align,
    "compare": _compare,
    "publish": _publish,
    "evaluate": _evaluate,
    "sample": _sample,
}

if __name__ == "__main__":
    sys.exit(main())
