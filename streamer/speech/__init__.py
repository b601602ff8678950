"""The plain words of the house: clips, hypotheses, and what they are measured in."""
