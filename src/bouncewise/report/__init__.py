"""Diagnosed deliveries summed up: counted, ranked, compared, and shown."""
