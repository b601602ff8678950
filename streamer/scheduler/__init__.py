"""The micro-batching queue in front of the accelerator, and its one worker thread."""
