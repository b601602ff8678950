"""Deepgram's Flux: turns of a conversation, as its SDKs and the frameworks' plugins speak it."""
