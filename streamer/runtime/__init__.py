"""Small tools without a domain: threads, logs, a bounded hand-over."""
