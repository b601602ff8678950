"""The addresses that the server listens on."""
