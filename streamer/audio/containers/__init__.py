"""Containers as they come over a wire, piece by piece: sans-I/O, the same packets in any split."""
