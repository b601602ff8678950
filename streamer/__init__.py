"""Self-hosted real-time streaming WebSocket transcriber."""

import os

# One of our products in NumPy is large enough for OpenBLAS to share out among threads: a
# millisecond then waits for whichever core is busiest, which was seen to cost tens. Read by
# OpenBLAS when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# ONNX Runtime's official builds keep a device id in the user's cache, and send events about
# sessions and models to Microsoft. Read when it is first imported; 0 lets it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
