"""Open everything that mails and logs come in and give the raw mails and logs, one after the other."""

from bouncewise.pipeline.sources.model import DEFAULT_LIMITS, Found, Limits, Logged, Unreadable
from bouncewise.pipeline.sources.opening import open_file, open_octets, open_sources

__all__ = [
    "DEFAULT_LIMITS",
    "Found",
    "Limits",
    "Logged",
    "Unreadable",
    "open_file",
    "open_octets",
    "open_sources",
]
