"""The smallest of everything that can be added: a family, an engine, a detector, an option."""
