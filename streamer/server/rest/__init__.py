"""The listener for OpenAI's REST API: plain HTTP, which the WebSocket server cannot take."""
