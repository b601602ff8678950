"""What the synthesisers are given to say: word lists, spelled numbers, a sentence grammar, prose."""
