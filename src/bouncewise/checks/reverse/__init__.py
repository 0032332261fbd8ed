"""The names of an address: its PTR records, and the name that a server gives with EHLO."""
