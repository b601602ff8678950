"""From the graphs in the package back to a model of transformers, and to other contracts.

The package holds graphs, no checkpoint. The exporter's modules name their weights as the graphs do,
and most of them are views of the checkpoint's: filling the modules fills the model.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import quantize_dynamic
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration
from transformers.models.cohere_asr.modeling_cohere_asr import CohereAsrDecoderLayer
from transformers.models.parakeet.modeling_parakeet import ParakeetEncoderBlock

from streamer.families.cohere.export.published import (
    PublishedDecoder,
    PublishedEncoder,
    export_published,
)
from streamer.models.folder import ModelFolder
from tests.models.training.model import configuration
from tests.models.training.sizes import Size

Weights = dict[str, NDArray[np.float32]]


def model_of(folder: Path) -> CohereAsrForConditionalGeneration:
    """Build the model whose FP32 export, in either contract, lies in `folder`.

    It must have the embedded model's architecture, in any size. Raises ValueError where a weight
    is missing, as in INT8 graphs.
    """
    files = ModelFolder.find(folder)
    encoder, decoder = _weights(files.encoder), _weights(files.decoder)
    size = _size(encoder, decoder)
    vocabulary = decoder["decoder.embed_tokens.weight"].shape[0]
    model = CohereAsrForConditionalGeneration(configuration(size, vocabulary)).eval()
    for module, weights in ((PublishedEncoder(model), encoder), (PublishedDecoder(model), decoder)):
        _fill(module, weights)
    with torch.no_grad():
        _take_apart(model, encoder, decoder)
    return model


def publish_int8(model: CohereAsrForConditionalGeneration, tokens: Path, out: Path) -> None:
    """Write the contract that sherpa-onnx runs, its encoder by ONNX Runtime's own quantisation.

    A decoder of the embedded model's size is slower in integers.
    """
    export_published(model, tokens, out, half_storage=False, name="peer")
    encoder = out / "encoder.onnx"
    quantize_dynamic(encoder, encoder, op_types_to_quantize=["MatMul"], per_channel=True)


def _weights(path: Path) -> Weights:
    """Every initialiser as FP32, by the name that it has in the exporter's modules."""
    graph = onnx.load(path).graph
    return {
        one.name.removesuffix(".half"): numpy_helper.to_array(one).astype(np.float32)
        for one in graph.initializer
    }


def _size(encoder: Weights, decoder: Weights) -> Size:
    try:
        return Size(
            hidden=encoder["encoder.bridge.weight"].shape[0],
            encoder_layers=_count(encoder, "encoder.blocks.{}.norm_out.weight"),
            decoder_layers=_count(decoder, "decoder.layers.{}.norm_mlp.weight"),
            heads=encoder["encoder.blocks.0.self_attn.bias_u"].shape[0],
            subsampling_channels=encoder["encoder.subsampling.layers.0.weight"].shape[0],
            positions=decoder["decoder.embed_positions.weight"].shape[0],
        )
    except KeyError as missing:
        raise ValueError(f"the graphs hold no FP32 weight {missing}") from missing


def _count(weights: Weights, name: str) -> int:
    layers = 0
    while name.format(layers) in weights:
        layers += 1
    return layers


def _fill(module: nn.Module, weights: Weights) -> None:
    """Write the weights into the exporter's module, in place."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name not in weights:
                raise ValueError(f"the graphs hold no FP32 weight {name}")
            parameter.copy_(torch.from_numpy(weights[name]))


def _take_apart(
    model: CohereAsrForConditionalGeneration, encoder: Weights, decoder: Weights
) -> None:
    """Give the model what the exporter joined, and so copied: q, k and v, and the batch norms."""
    for i, layer in enumerate(model.model.encoder.layers):
        block = cast("ParakeetEncoderBlock", layer)
        own = block.self_attn
        _split(encoder, f"encoder.blocks.{i}.self_attn.qkv", own.q_proj, own.k_proj, own.v_proj)
        norm, conv = block.conv.norm, block.conv.depthwise_conv
        name = f"encoder.blocks.{i}.conv.depthwise"
        # Exporters may write a convolution over time as one over images of height 1.
        conv.weight.copy_(torch.from_numpy(encoder[f"{name}.weight"]).view_as(conv.weight))
        _neutralise(norm, torch.from_numpy(encoder[f"{name}.bias"]))
        if conv.bias is not None:
            conv.bias.zero_()
    for i, layer in enumerate(model.model.decoder.layers):
        own = cast("CohereAsrDecoderLayer", layer).self_attn
        _split(decoder, f"decoder.layers.{i}.qkv", own.q_proj, own.k_proj, own.v_proj)


def _split(weights: Weights, name: str, *layers: nn.Linear) -> None:
    matrices = torch.from_numpy(weights[f"{name}.weight"]).t().chunk(len(layers))
    for layer, matrix in zip(layers, matrices, strict=True):
        layer.weight.copy_(matrix)
    if f"{name}.bias" in weights:
        biases = torch.from_numpy(weights[f"{name}.bias"]).chunk(len(layers))
        for layer, bias in zip(layers, biases, strict=True):
            layer.bias.copy_(bias)


def _neutralise(norm: nn.BatchNorm1d, bias: Tensor) -> None:
    """Let a batch norm add the bias and do nothing else."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0 - norm.eps)
    norm.weight.fill_(1.0)
    norm.bias.copy_(bias)
