"""What a replay counts, of channels that speak at the same time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from engines import CountingEngine
from recording.recordings import record_one
from sounds import pcm, two_utterances

from streamer.dispatch.dispatcher import Dispatcher
from streamer.engines.local import LocalEngine
from streamer.recording.entries import Gave, Heard, Took
from streamer.recording.lines import read_recording
from streamer.recording.recorder import Recorder
from streamer.recording.replay import Replay


async def test_every_recorded_hypothesis_is_compared_also_where_utterances_overlap(
    tmp_path: Path,
) -> None:
    dispatcher = Dispatcher(LocalEngine(CountingEngine(), 8))
    recorder = Recorder(tmp_path, 1 << 24, lambda _: None)
    dispatcher.start()
    recorder.start()
    # Each sample twice: the same voice at the same time on both channels.
    stereo = pcm(np.repeat(two_utterances(), 2))
    await record_one(recorder, dispatcher, audio=stereo, channels=2, partials=False)
    await dispatcher.close()
    await recorder.close()
    (file,) = tmp_path.iterdir()
    with read_recording(file) as (_, entries):
        recorded = [entry for _, entry in entries]
    took = [entry.given for entry in recorded if isinstance(entry, Took)]
    hypotheses = sum(isinstance(given, Heard) for given in took)
    assert hypotheses >= 4
    began = time.monotonic()
    with read_recording(file) as (header, entries):
        replay = Replay(header, CountingEngine(seconds_a_step=0.01), max_batch=8)
        assert replay.run(entries) is None
    took_s = time.monotonic() - began
    tally = replay.tally
    assert tally.hypotheses == hypotheses
    assert tally.inputs == len(took)
    assert tally.events == sum(isinstance(entry, Gave) for entry in recorded)
    assert 0.01 <= tally.wall_s <= took_s
