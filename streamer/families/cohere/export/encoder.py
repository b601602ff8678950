"""The Conformer encoder of a checkpoint, written for export.

It computes what transformers' `ParakeetEncoder` does, and differs where a graph gains by it:
positions are projected once and not for every row, pointwise convolutions are matrix products,
query, key and value are one product. With lengths it masks every padded frame wherever frames
meet (convolutions and attention), so a row's result never depends on its padding. Where they do
not, the frames of all rows lie one below the other, (B · T, d), as the decoder's tokens do.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from transformers import CohereAsrForConditionalGeneration
from transformers.models.cohere_asr.modeling_cohere_asr import CohereAsrDecoderLayer
from transformers.models.parakeet.modeling_parakeet import (
    ParakeetEncoder,
    ParakeetEncoderAttention,
    ParakeetEncoderBlock,
    ParakeetEncoderConvolutionModule,
    ParakeetEncoderFeedForward,
    ParakeetEncoderSubsamplingConv2D,
)

from streamer.export.layers import Dense, attention_weights, join_heads, score_bias


def frames_visible(lengths: Tensor, frames: int) -> Tensor:
    """Tell for each row which of its frames are real: (B,) to (B, frames) boolean."""
    return torch.arange(frames).unsqueeze(0) < lengths.unsqueeze(1)


class Encoder(nn.Module):
    """Mel (B, bins, T) to the decoder's cross keys and values, two times (B, T_enc, width) a layer.

    T_enc is T halved, rounding up, once for each factor of two of the subsampling.
    """

    def __init__(self, model: CohereAsrForConditionalGeneration) -> None:
        super().__init__()
        encoder: ParakeetEncoder = model.model.encoder
        decoder = model.model.decoder
        self.subsampling = Subsampling(encoder.subsampling)
        self.scale = encoder.input_scale
        self.inverse_frequencies = encoder.encode_positions.inv_freq
        blocks = [cast("ParakeetEncoderBlock", block) for block in encoder.layers]
        self.blocks = nn.ModuleList(Block(block) for block in blocks)
        self.bridge = Dense.of(decoder.proj)
        cross = [cast("CohereAsrDecoderLayer", layer).encoder_attn for layer in decoder.layers]
        self.width = cross[0].k_proj.out_features
        self.cross_k = nn.ModuleList(Dense.of(attention.k_proj) for attention in cross)
        self.cross_v = nn.ModuleList(Dense.of(attention.v_proj) for attention in cross)

    def forward(
        self, mel: Tensor, lengths: Tensor | None = None
    ) -> tuple[list[Tensor], list[Tensor], Tensor | None]:
        """Return keys, values and, where lengths (B,) were given, their encoded lengths."""
        x, lengths = self.subsampling(mel, lengths)
        frames = x.shape[1]
        visible = bias = None
        if lengths is not None:
            seen = frames_visible(lengths, frames)
            visible = seen.reshape(-1, 1).to(x.dtype)
            bias = score_bias(seen.unsqueeze(1).unsqueeze(2))
        positions = self.relative_positions(frames).to(x.dtype)
        x = x.flatten(0, 1) * self.scale
        for block in self.blocks:
            x = block(x, frames, positions, visible, bias)
        x = self.bridge(x)
        keys, values = (
            [layer(x).reshape(-1, frames, self.width) for layer in layers]
            for layers in (self.cross_k, self.cross_v)
        )
        return keys, values, lengths

    def relative_positions(self, frames: int) -> Tensor:
        """Sinusoids of the distances frames - 1 down to -frames: (2 · frames, d)."""
        steps = torch.arange(frames)
        # Nothing here is a number from the host, which a GPU would have to wait for.
        distances = torch.cat([steps.flip(0), -1 - steps]).to(torch.float32)
        angles = distances.unsqueeze(1) * self.inverse_frequencies.to(torch.float32)
        return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


class Subsampling(nn.Module):
    """Strided convolutions over time and mel bins, then a projection."""

    def __init__(self, original: ParakeetEncoderSubsamplingConv2D) -> None:
        super().__init__()
        self.layers = original.layers
        self.linear = Dense.of(original.linear)

    def forward(self, mel: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Mel (B, bins, T) to (B, T_enc, d), and each row's T to its T_enc."""
        x = mel.transpose(1, 2).unsqueeze(1)
        for layer in self.layers:
            if lengths is None or not isinstance(layer, nn.Conv2d):
                x = layer(x)
                continue
            if layer.kernel_size[0] > 1:
                x = x * frames_visible(lengths, x.shape[2]).unsqueeze(1).unsqueeze(3)
            x = layer(x)
            if layer.stride[0] > 1:
                taps = layer.kernel_size[0] - 2 * int(layer.padding[0])
                lengths = (lengths - taps) // layer.stride[0] + 1
        return self.linear(x.transpose(1, 2).flatten(2)), lengths


class Block(nn.Module):
    """Half a feed-forward, self-attention, convolution, the other half, and a norm."""

    def __init__(self, original: ParakeetEncoderBlock) -> None:
        super().__init__()
        self.norm_feed_forward1 = original.norm_feed_forward1
        self.feed_forward1 = FeedForward(original.feed_forward1)
        self.norm_self_att = original.norm_self_att
        self.self_attn = RelativeAttention(original.self_attn)
        self.norm_conv = original.norm_conv
        self.conv = Convolution(original.conv)
        self.norm_feed_forward2 = original.norm_feed_forward2
        self.feed_forward2 = FeedForward(original.feed_forward2)
        self.norm_out = original.norm_out

    def forward(
        self,
        x: Tensor,
        frames: int,
        positions: Tensor,
        visible: Tensor | None,
        bias: Tensor | None,
    ) -> Tensor:
        """Take and return (B · T, d); `frames` is T, `positions` (2T, d).

        Where not every frame is real, `visible` (B · T, 1) has ones and zeros, and `bias` is that
        of scores (B, heads, T, T).
        """
        x = x + 0.5 * self.feed_forward1(self.norm_feed_forward1(x))
        x = x + self.self_attn(self.norm_self_att(x), frames, positions, bias)
        x = x + self.conv(self.norm_conv(x), frames, visible)
        x = x + 0.5 * self.feed_forward2(self.norm_feed_forward2(x))
        return self.norm_out(x)


class FeedForward(nn.Module):
    """Two layers with the checkpoint's activation between them."""

    def __init__(self, original: ParakeetEncoderFeedForward) -> None:
        super().__init__()
        self.linear1 = Dense.of(original.linear1)
        self.activation = original.activation
        self.linear2 = Dense.of(original.linear2)

    def forward(self, x: Tensor) -> Tensor:
        """Take and return (B · T, d)."""
        return self.linear2(self.activation(self.linear1(x)))


class RelativeAttention(nn.Module):
    """Self-attention whose scores add a term for the distance between two frames."""

    def __init__(self, original: ParakeetEncoderAttention) -> None:
        super().__init__()
        self.heads = original.config.num_attention_heads
        self.size = original.head_dim
        self.width = self.heads * self.size
        if original.num_key_value_groups != 1:
            raise ValueError("grouped key and value heads in the encoder are not supported")
        self.scaling = original.scaling
        self.qkv = Dense.of(original.q_proj, original.k_proj, original.v_proj)
        self.relative = Dense.of(original.relative_k_proj)
        self.output = Dense.of(original.o_proj)
        self.bias_u = original.bias_u
        self.bias_v = original.bias_v

    def forward(self, x: Tensor, frames: int, positions: Tensor, bias: Tensor | None) -> Tensor:
        """Take and return (B · T, d). The other arguments are the block's."""
        qkv = self.qkv(x).reshape(-1, frames, 3 * self.heads, self.size).transpose(1, 2)
        query, keys, values = qkv.split(self.heads, 1)
        distances = self.relative(positions).reshape(-1, self.heads, self.size).permute(1, 2, 0)
        content = (query + self.bias_u.unsqueeze(1)) * self.scaling @ keys.transpose(2, 3)
        distance = (query + self.bias_v.unsqueeze(1)) * self.scaling @ distances
        weights = attention_weights(content + _shifted(distance, self.heads, frames), bias)
        return self.output(join_heads(weights @ values, self.width))


def _shifted(scores: Tensor, heads: int, frames: int) -> Tensor:
    """Turn columns by distance, (B, heads, T, 2T), into columns by frame, (B, heads, T, T).

    Row t wants the columns from T - 1 - t on. So leave out the first T - 1 numbers, and read the
    others in rows that are shorter by one: each moves a step further.
    """
    numbers = scores.reshape(-1, heads, 2 * frames * frames)[..., frames - 1 : -1]
    return numbers.reshape(-1, heads, frames, 2 * frames - 1)[..., :frames]


class Convolution(nn.Module):
    """A gated pointwise layer, a depthwise convolution over time, and another pointwise layer."""

    def __init__(self, original: ParakeetEncoderConvolutionModule) -> None:
        super().__init__()
        self.pointwise1 = Dense.of(original.pointwise_conv1)
        self.depthwise: nn.Module = _with_norm(original.depthwise_conv, original.norm)
        self.activation = original.activation
        self.pointwise2 = Dense.of(original.pointwise_conv2)
        self.width = original.pointwise_conv2.in_channels

    def forward(self, x: Tensor, frames: int, visible: Tensor | None) -> Tensor:
        """Take and return (B · T, d). The other arguments are the block's."""
        values, gates = self.pointwise1(x).split(self.width, -1)
        x = values * torch.sigmoid(gates)
        if visible is not None:
            x = x * visible
        x = self.depthwise(x.reshape(-1, 1, frames, self.width).permute(0, 3, 1, 2))
        return self.pointwise2(self.activation(x.permute(0, 2, 3, 1).reshape(-1, self.width)))


def _with_norm(conv: nn.Conv1d, norm: nn.BatchNorm1d) -> nn.Conv2d:
    """Make one convolution, of images of height 1, of a convolution and the batch norm behind it.

    ONNX Runtime's fast depthwise kernel takes images only (105 frames of 160: 12 µs for 73), and
    turns the layout around as it goes.
    """
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("a batch norm without running statistics cannot be exported")
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    bias = norm.running_mean.new_zeros(()) if conv.bias is None else conv.bias
    merged = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (1, conv.kernel_size[0]),
        padding=(0, int(conv.padding[0])),
        groups=conv.groups,
    )
    weight = (conv.weight * gain[:, None, None]).unsqueeze(2)
    merged.weight = nn.Parameter(weight.detach())
    merged.bias = nn.Parameter((norm.bias + (bias - norm.running_mean) * gain).detach())
    return merged
