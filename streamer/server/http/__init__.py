"""OpenAI's REST API, pages and probes."""
