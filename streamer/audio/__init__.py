"""From bytes in a client's encoding to float32 samples at the model's rate."""
