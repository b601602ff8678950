"""Vonage's Voice API: a call over a WebSocket, in binary messages."""
