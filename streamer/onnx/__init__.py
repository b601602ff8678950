"""ONNX Runtime: sessions, and what graphs must look like."""
