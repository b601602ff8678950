"""What hostile clients cost."""
