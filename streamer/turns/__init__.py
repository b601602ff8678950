"""From frames to utterances: where speech begins, and where it may be cut."""
