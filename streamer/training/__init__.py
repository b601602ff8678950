"""The recipe of the embedded demonstration model; `python -m streamer.training --help`."""
