"""Clients of the native protocol, from Python.

`transcribe` keeps one continuous transcript over as many connections as it takes; `open_stream` is
one connection.
"""

from streamer.client.connection import Stream, StreamError, open_stream
from streamer.client.transcribing import transcribe
from streamer.protocols.native.messages import Configure, Flush

__all__ = ["Configure", "Flush", "Stream", "StreamError", "open_stream", "transcribe"]
