"""Which service signs how; those that don't sign send a password or token, which is compared.

Sources for those that do not sign:

- Brevo "Secure webhook calls" (https://developers.brevo.com/docs/secured-webhooks): Basic by the URL, or
  Bearer.
- Postmark's library (https://www.npmjs.com/package/postmark): ``HttpAuth`` of a webhook.
- SparkPost's library (https://github.com/SparkPost/java-sparkpost/pull/46): basic or OAuth 2.
- Mailjet: https://github.com/mailjet/api-documentation/issues/33 quotes its advice of Basic.
- KumoMTA: its operator writes the request (https://docs.kumomta.com/userguide/operation/webhooks).

Unsure, for no page was found that says it: Elastic Email and Infobip. Scaleway sends through "Topics and
Events" (https://www.scaleway.com/en/docs/transactional-email/api-cli/use-webhooks-with-sns-topics); whether
that signs, and how, was not found.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from bouncewise.web.signatures.hook import Hook, SignatureError, octets, same
from bouncewise.web.signatures.keys import postal, sendgrid
from bouncewise.web.signatures.macs import mailgun, mandrill, of_body, svix, unisender_go
from bouncewise.web.signatures.sns import amazon_sns

SERVICES: Mapping[str, Callable[[Hook, str], None]] = MappingProxyType(
    {
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
)


def signs(service: str) -> bool:
    """Whether a service signs its webhooks in a way that is known here.

    Args:
        service: name of its file in ``reading/webhooks``.
    """
    return service in SERVICES


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
    if not secret.strip():
        raise SignatureError("no secret is set here, so that nothing can be checked")
    SERVICES.get(service, _authorized)(hook, secret)


def _authorized(hook: Hook, secret: str) -> None:
    kind, _, told = hook.header("authorization").partition(" ")
    if kind.lower() == "bearer":
        same(told.strip(), secret)
    elif kind.lower() == "basic":
        same(told.strip(), base64.b64encode(octets(secret)).decode())
    else:
        raise SignatureError("the Authorization field is neither Basic nor Bearer")
