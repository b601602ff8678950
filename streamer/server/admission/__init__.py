"""Who is let in: keys, quotas, load."""
