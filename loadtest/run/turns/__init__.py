"""When turns end: delay against false ends, by silence and by a turn model.

    python -m loadtest run turns FOLDER --plot turns.png
    python -m loadtest run turns FOLDER --clips 60 --max-delay 0.8 --max-false 0.1

FOLDER has a manifest.jsonl as for `run wer`. Each recording is heard between stretches of its own
room's noise: clean, as mu-law at 8 kHz, and with the manifest's longest noise at 10 dB. The session
is the server's own, with each rule in turn, and is answered at once: the computer's speed plays no
part. Delay counts from the end of the sound in the clean recording to the decision, where the text
ends in a full stop, a question or an exclamation mark. A false end is a pause inside a sentence (in
recordings of one sentence without a colon or semicolon) at which the rule ends the utterance, of
all such pauses of at least 200 ms. Speech is detected by Silero where its files are here, else by
WebRTC's detector. Bars are about `auto` and clean recordings; the exit status is 1 where one is
missed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from loadtest.options import report_option
from loadtest.progress import bar, note
from loadtest.reports import tell
from loadtest.run.turns.listening import Listener
from loadtest.run.turns.material import KINDS, Heard, heard_of
from loadtest.run.turns.rules import BAR, RULES
from loadtest.run.turns.scores import Score, scored
from loadtest.run.wer.manifest import read_manifest, spread
from streamer.models.assets import find
from streamer.models.catalogue import SILERO
from streamer.models.errors import AssetMissingError
from streamer.pipeline.silero import SileroGraphs
from streamer.pipeline.turn_models import load_turn_model
from streamer.vad.registry import WEBRTC


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("source", type=Path, metavar="FOLDER", help="or a manifest")
    parser.add_argument("--clips", type=int, default=10_000, help="hear only so many")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--turn-model", default="smart-turn", help="name, or a folder")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the curve here")
    parser.add_argument("--max-delay", type=float, help="seconds, p95")
    parser.add_argument("--max-false", type=float, help="share of pauses, 0 to 1")
    report_option(parser)


def run(options: argparse.Namespace) -> int:
    """Hear it all by every rule; 1 where a bar is missed."""
    everything = read_manifest(options.source)
    speech = spread([one for one in everything if one.text], options.clips)
    noises = [one.samples() for one in everything if not one.text]
    noise = max(noises, key=len) if noises else None
    network = _network()
    listener = Listener(load_turn_model(options.turn_model), network)
    found: dict[str, dict[str, Score]] = {}
    for kind in options.kinds:
        if kind == "noise" and noise is None:
            note("noise: the manifest has none")
            continue
        heard: list[Heard] = []
        with bar(kind, len(speech)) as advance:
            for number, one in enumerate(speech):
                heard.append(heard_of(one, kind, noise, number))
                listener.hear(heard[-1])
                advance(1)
        found[kind] = {rule: scored(heard, rule) for rule in RULES}
    detector = WEBRTC if network is None else SILERO.name
    report = {"clips": len(speech), "detector": detector, "kinds": _table(found)}
    if options.plot is not None:
        from loadtest.run.turns.curve import draw  # matplotlib is an extra of its own

        draw(found, options.plot)
    missed = _missed(found, options.max_delay, options.max_false)
    tell({**report, "missed": missed}, options.json)
    return 1 if missed else 0


def _network() -> SileroGraphs | None:
    try:
        return SileroGraphs(find(SILERO))
    except AssetMissingError:
        return None


def _table(found: dict[str, dict[str, Score]]) -> dict[str, Any]:
    return {
        kind: {rule: score.as_report() for rule, score in scores.items()}
        for kind, scores in found.items()
    }


def _missed(
    found: dict[str, dict[str, Score]], max_delay: float | None, max_false: float | None
) -> list[str]:
    if "clean" not in found:
        return []
    score, missed = found["clean"][BAR], []
    if max_delay is not None and score.delay_p95 > max_delay:
        missed.append(f"{BAR}: {score.delay_p95:.2f} s of delay, p95, not {max_delay:g}")
    if max_false is not None and score.false_share > max_false:
        missed.append(f"{BAR}: {score.false_share:.3f} false ends, not {max_false:g}")
    return missed
