"""Open everything that mails come in and give the raw mails, one after the other."""

from bouncewise.pipeline.sources.model import DEFAULT_LIMITS, Found, Limits, Unreadable
from bouncewise.pipeline.sources.opening import open_mails

__all__ = ["DEFAULT_LIMITS", "Found", "Limits", "Unreadable", "open_mails"]
