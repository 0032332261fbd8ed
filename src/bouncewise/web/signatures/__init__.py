"""Whether a webhook is from the service that it names: each service's own way to sign."""

from __future__ import annotations

from bouncewise.web.signatures.hook import Hook, SignatureError
from bouncewise.web.signatures.services import SERVICES, signs, verify

__all__ = ["SERVICES", "Hook", "SignatureError", "signs", "verify"]
