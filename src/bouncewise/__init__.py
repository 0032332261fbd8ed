"""Bouncewise understands SMTP replies."""
