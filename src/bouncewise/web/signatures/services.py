"""Which service signs how; those that don't sign send a password or token, which is compared."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial

from bouncewise.web.signatures.hook import Hook, SignatureError, same
from bouncewise.web.signatures.keys import amazon_sns, postal, sendgrid
from bouncewise.web.signatures.macs import mailgun, mandrill, of_body, svix, unisender_go

_SIGNING: dict[str, Callable[[Hook, str], None]] = {
    "amazon_ses": amazon_sns,
    "mailersend": partial(of_body, "signature"),
    "mailgun": mailgun,
    "mailtrap": partial(of_body, "mailtrap-signature"),
    "mandrill": mandrill,
    "postal": postal,
    "resend": svix,
    "sendgrid": sendgrid,
    "unisender_go": unisender_go,
}


def signs(service: str) -> bool:
    """Whether a service signs its webhooks in a way that is known here."""
    return service in _SIGNING


def verify(service: str, hook: Hook, secret: str) -> None:
    """Check that a webhook is from whom it says.

    Args:
        service: name of its file in ``reading/webhooks``.
        hook: as it came.
        secret: key or signing secret; of a service that does not sign ``user:password`` or a token, which it
            sends in the Authorization field.

    Raises:
        SignatureError: it is not.
    """
    _SIGNING.get(service, _authorized)(hook, secret)


def _authorized(hook: Hook, secret: str) -> None:
    kind, _, told = hook.header("authorization").partition(" ")
    if kind.lower() == "bearer":
        same(told.strip(), secret)
    elif kind.lower() == "basic":
        same(told.strip(), base64.b64encode(secret.encode("utf-8", "replace")).decode())
    else:
        raise SignatureError("the Authorization field is neither Basic nor Bearer")
