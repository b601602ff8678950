"""Benchmarks: real-time streams, files, and peers. Run from a checkout; never part of the tests."""

import streamer  # noqa: F401  # before NumPy, whose products it keeps on one thread
