"""Moonshine models to our own contract. Development time only: torch, transformers and onnx."""
