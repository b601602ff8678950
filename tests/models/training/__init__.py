"""The recipe of the embedded demonstration model; `python -m tests.models.training --help`."""
