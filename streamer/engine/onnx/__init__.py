"""Models of the Cohere Transcribe family on ONNX Runtime."""

from streamer.engine.onnx.engine import OnnxEngine

__all__ = ["OnnxEngine"]
