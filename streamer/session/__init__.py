"""The sans-I/O core: bytes and hypotheses in, events and jobs out. No clock, no socket."""
