"""OpenAI's transcription of files over HTTP."""
