"""`python -m streamer`: the same command as `streamer`."""

from __future__ import annotations

import sys

from streamer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
