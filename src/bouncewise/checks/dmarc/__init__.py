"""DMARC: where a domain's policy stands, what it says, and whether a message is aligned with it."""
