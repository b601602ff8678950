"""Benchmarks: real-time streams, files, and peers. Run from a checkout; never part of the tests."""

# Before NumPy, whose products it keeps on one thread.
from streamer import __version__ as __version__
