"""Speech models behind one small protocol."""
