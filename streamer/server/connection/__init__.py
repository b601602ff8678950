"""One client and its session."""
