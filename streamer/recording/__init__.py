"""Sessions written down as they happen, and run again."""
