"""OpenAI's Realtime transcription sessions, as its SDKs and the frameworks' plugins speak them."""
