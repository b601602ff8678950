"""The lean forward pass computes what transformers' own classes compute."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (the extra [train])")
pytest.importorskip("transformers", reason="needs transformers (the extra [train])")

from tests.models.training import vocabulary
from tests.models.training.model import TrainedModel, greedy
from tests.models.training.sizes import Size

TINY = Size(hidden=32, encoder_layers=2, decoder_layers=2, heads=2, positions=64)


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    torch.manual_seed(0)
    return TrainedModel(TINY, 300).eval()


@pytest.mark.parametrize("frames", [[64, 40], [33, 9], [96, 95]])
def test_encoder_and_decoder_equal_the_reference(model: TrainedModel, frames: list[int]) -> None:
    lengths = torch.tensor(frames)
    features = torch.randn(2, max(frames), 128)
    tokens = torch.randint(4, 300, (2, 7))
    with torch.no_grad():
        encoded, valid = model.encode(features, lengths)
        logits, _ = model.decode(tokens, encoded, valid)
        mask = (torch.arange(max(frames))[None] < lengths[:, None]).long()
        theirs = model.asr.model(features, attention_mask=mask, decoder_input_ids=tokens)
        wanted = model.asr.proj_out(theirs.last_hidden_state)
        reference = theirs.encoder_last_hidden_state
    assert valid.sum(1).tolist() == [-(-n // 4) for n in frames]
    assert float(((encoded - reference) * valid[..., None]).abs().max()) < 1e-4
    assert float((logits - wanted).abs().max()) < 1e-4


def test_everything_is_made_on_the_devices_of_the_inputs() -> None:
    """torch's `meta` device computes shapes only, and refuses tensors of another device."""
    model = TrainedModel(TINY, 300).to("meta")
    features, lengths = torch.empty(2, 64, 128, device="meta"), torch.ones(2, device="meta")
    encoded, valid = model.encode(features, lengths)
    tokens = torch.ones(2, 5, dtype=torch.long, device="meta")
    logits, attentions = model.decode(tokens, encoded, valid)
    for made in (encoded, valid, logits, *attentions):
        assert made.device.type == "meta"


def test_attention_never_looks_at_padding(model: TrainedModel) -> None:
    encoded, valid = model.encode(torch.randn(2, 64, 128), torch.tensor([64, 20]))
    _, attentions = model.decode(torch.randint(4, 300, (2, 5)), encoded, valid)
    for weights in attentions:
        np.testing.assert_allclose(weights.sum(-1).detach(), 1, atol=1e-5)
        assert float(weights[1, :, :, 5:].detach().max()) == 0


def test_greedy_decoding_stops_at_the_limit(model: TrainedModel) -> None:
    with torch.no_grad():
        encoded, valid = model.encode(torch.randn(2, 64, 128), torch.tensor([64, 20]))
    rows = greedy(model, encoded, valid, [4, 5], limit=6)
    assert all(len(row) <= 6 and vocabulary.END not in row for row in rows)
