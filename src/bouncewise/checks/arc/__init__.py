"""ARC: the chain of seals that forwarders add."""
