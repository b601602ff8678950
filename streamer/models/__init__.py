"""Models: the embedded one, and where to find the others."""
