"""Protocols: thin adapters between messages on a socket and the session core."""
