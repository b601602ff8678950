"""Speech or not, frame by frame."""
