"""A model without a server."""
