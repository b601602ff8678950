"""A session joined to the dispatcher: streams and files alike."""
