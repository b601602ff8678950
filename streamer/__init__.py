"""Self-hosted real-time streaming WebSocket transcriber."""

import os

# One of our products in NumPy is large enough for OpenBLAS to share out among threads: a
# millisecond then waits for whichever core is busiest, which was seen to cost tens. Read by
# OpenBLAS when NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
