"""What takes clips and gives hypotheses, near or far."""
