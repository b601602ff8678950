"""Mixed traffic for hours, and every fault."""
