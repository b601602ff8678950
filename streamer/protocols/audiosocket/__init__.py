"""Asterisk's AudioSocket: a call over TCP, from a dialplan or from ARI."""
