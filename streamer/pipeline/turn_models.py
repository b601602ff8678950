"""Loading a turn model: the published one, or a folder that says what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.models.assets import find
from streamer.models.catalogue import SMART_TURN
from streamer.models.errors import ModelError
from streamer.onnx.sessions import RUNTIME_ERRORS, Graph
from streamer.onnx.signature import check
from streamer.speech.clip import SAMPLE_RATE
from streamer.turns.models.base import TurnModelInfo
from streamer.turns.models.contract import (
    GRAPH,
    NUMBERS,
    ContractError,
    TurnContract,
    parse_contract,
)
from streamer.turns.models.log_mel import frames_of, whisper_log_mel
from streamer.turns.models.smart_turn import CONTRACT

PUBLISHED = {SMART_TURN.name: (SMART_TURN, CONTRACT)}
"""The turn models that streamer knows by name, with their contracts."""


class OnnxTurnModel:
    """A graph behind its front end; one thread an ask, for more in one gain nothing."""

    def __init__(self, path: Path, contract: TurnContract) -> None:
        """Load the graph and try it once; raises ModelError for one that keeps no contract."""
        self._front_end, self._input = contract.front_end, contract.input
        self.info: TurnModelInfo = contract.info
        self._graph = Graph(path, "cpu", threads=1)
        shape = ("*n", self._front_end.bands, frames_of(self._front_end.seconds))
        check(
            self._graph,
            {contract.input: ("tensor(float)", shape)},
            {contract.output: ("tensor(float)", ("*n", 1))},
        )
        self._output = contract.output
        try:
            tried = self.probability(np.zeros(SAMPLE_RATE, np.float32))
        except RUNTIME_ERRORS as error:
            raise ModelError(f"{path} loads but does not run: {error}") from error
        if not 0 <= tried <= 1:
            raise ModelError(f"{path} gives {tried:g}, which is no probability")

    def probability(self, samples: NDArray[np.float32]) -> float:
        """Return how likely it is that the speaker has finished (`TurnModel`)."""
        mel = whisper_log_mel(samples, self._front_end.seconds, self._front_end.bands)
        (answer,) = self._graph.session.run([self._output], {self._input: mel[None]})
        return float(np.asarray(answer).item())


def load_turn_model(model: str) -> OnnxTurnModel:
    """Load a turn model by its published name, or from a folder.

    Raises ModelError, and AssetMissingError for a published one that is not on this machine.
    """
    if model in PUBLISHED:
        asset, contract = PUBLISHED[model]
        return OnnxTurnModel(find(asset) / asset.members[0].name, contract)
    folder = Path(model).expanduser()
    if not folder.is_dir():
        known = ", ".join(PUBLISHED)
        raise ModelError(f"{model} is neither a folder nor a turn model that is known ({known})")
    missing = [name for name in (GRAPH, NUMBERS) if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder} is no folder of a turn model: no {' and no '.join(missing)}")
    try:
        contract = parse_contract((folder / NUMBERS).read_bytes())
    except ContractError as error:
        raise ModelError(f"{folder / NUMBERS}: {error}") from error
    return OnnxTurnModel(folder / GRAPH, contract)
