"""Alternating turns of one run: an old checkout and a new one, and other runtimes."""
