"""From a checkpoint of the family to model folders. Needs the extra `export`."""
