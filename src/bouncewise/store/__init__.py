"""Deliveries and their counts, kept in SQLite or PostgreSQL."""
