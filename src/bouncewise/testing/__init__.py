"""Doubles for tests, shipped with the package: a DNS zone, and a server that serves it."""
