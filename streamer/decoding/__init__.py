"""Continuous batching: rows, slots, drafts. Knows no model family."""
