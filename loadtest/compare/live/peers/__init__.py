"""The peers, one file each: how its server starts, and how a stream talks to it."""
