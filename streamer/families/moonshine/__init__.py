"""Moonshine: samples in, English with punctuation out."""
