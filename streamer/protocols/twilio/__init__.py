"""Twilio Media Streams, and the dialects that copy it: Telnyx, SignalWire, Exotel."""
