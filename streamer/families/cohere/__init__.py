"""Cohere Transcribe 03-2026 and models of its shape."""
