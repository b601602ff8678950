"""The WebSocket server: accept, route, limit, drain."""
