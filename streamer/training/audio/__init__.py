"""Sound for training: synthesisers and their voices, shards of clean speech, non-speech, augmentation."""
