"""Models that hear whether a speaker has finished: their contracts and what they are shown."""
