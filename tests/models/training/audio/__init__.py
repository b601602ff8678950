"""Sound to train on: voices, shards of clean speech, sound without speech, augmentation."""
