"""Self-hosted real-time streaming WebSocket transcriber."""

__version__ = "0.1.0"
