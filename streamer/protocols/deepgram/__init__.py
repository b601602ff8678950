"""Deepgram's live transcription, as its SDKs and the frameworks' plugins speak it."""
