"""Benchmarks, attacks and soaks: `python -m loadtest`, from a checkout; never part of the tests."""

# Before NumPy, whose products it keeps on one thread.
from streamer import __version__ as __version__
