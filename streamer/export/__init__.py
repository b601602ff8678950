"""Checkpoints to ONNX graphs. Needs the extra `export`; the server never imports this."""
