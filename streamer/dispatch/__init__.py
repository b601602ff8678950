"""Jobs: which runs next, on what, and how much is too much."""
