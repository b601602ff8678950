"""What the synthesisers say: word lists, spelled numbers, a sentence grammar, prose."""
