"""Benchmarks: real-time streams, files, and peers. Run from a checkout; never part of the tests."""
