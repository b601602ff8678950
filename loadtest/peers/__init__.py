"""The same weights and audio through our server, sherpa-onnx, transformers and a bare loop."""
