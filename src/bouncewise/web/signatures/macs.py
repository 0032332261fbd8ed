"""Services that sign with a secret that both sides know.

Sources:

- Mailgun "Securing Webhooks"
  (https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks): HMAC-SHA256 of
  timestamp and token; of a subaccount ``parent-signature`` too, by the main account's key. The event itself
  is not signed: who sees a webhook can send another event with its signature for five minutes.
- Svix "Verifying Webhooks Manually" (https://docs.svix.com/receiving/verifying-payloads/how-manual), which
  Resend names in "Verify Webhooks Requests" (https://resend.com/docs/webhooks/verify-webhooks-requests).
- Mandrill "How to Authenticate Webhook Requests" (https://mandrill.zendesk.com/hc/en-us/articles/205583257):
  HMAC-SHA1 of the URL and the sorted fields.
- MailerSend "Webhooks", part "Security" (https://developers.mailersend.com/api/v1/webhooks.html), seen
  through https://github.com/hookdeck/webhook-skills/pull/187 and Symfony's MailerSendRequestParser:
  HMAC-SHA256 of the body in ``Signature``. Its ``webhook.test`` is signed with a secret that everybody knows,
  and is refused here.
- Mailtrap's own libraries (https://github.com/mailtrap/mailtrap-ruby/pull/110) and django-anymail:
  HMAC-SHA256 of the body in ``Mailtrap-Signature``.
- Unisender Go (https://godocs.unisender.ru/web-api-ref#callback-format), seen through django-anymail's
  ``webhooks/unisender_go.py`` and the gem unigo-ruby: MD5 of the body with the key in the place of ``auth``.

MailerSend, Mailtrap, Mandrill and Unisender Go sign no time of sending, so nothing here stops a webhook of
theirs that is sent again.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import md5, sha1, sha256
from urllib.parse import parse_qsl

from bouncewise.web.signatures.hook import Hook, SignatureError, decoded, octets, same, wrong

MAX_SIGNATURES = 10


def mailgun(hook: Hook, secret: str) -> None:
    """``signature``: {timestamp, token, signature} in the body."""
    told = hook.json().get("signature")
    if not isinstance(told, dict):
        raise SignatureError("signature is missing in the body")
    time, token = told.get("timestamp"), told.get("token")
    hook.fresh(time)
    if not isinstance(token, str) or not token:
        raise SignatureError("token is missing in the body's signature")
    right = hmac.new(octets(secret), octets(f"{time}{token}"), sha256).hexdigest().encode()
    given = [octets(str(told[name])) for name in ("signature", "parent-signature") if name in told]
    if not any(hmac.compare_digest(value, right) for value in given):
        raise wrong()


def svix(hook: Hook, secret: str) -> None:
    """``svix-signature``: one or several of ``v1,...`` over id, time and body."""
    number, time = hook.header("svix-id"), hook.header("svix-timestamp")
    hook.fresh(time)
    key = decoded(secret.strip().removeprefix("whsec_"), "the secret that is set here")
    if not key:
        raise SignatureError("the secret that is set here is empty")
    signed = octets(f"{number}.{time}.") + hook.body
    right = base64.b64encode(hmac.new(key, signed, sha256).digest())
    for told in hook.header("svix-signature").split()[:MAX_SIGNATURES]:
        version, _, value = told.partition(",")
        if version == "v1" and hmac.compare_digest(octets(value), right):
            return
    raise wrong()


def of_body(field: str, hook: Hook, secret: str) -> None:
    """HMAC-SHA256 of the body, in hexadecimal, in a header field."""
    same(hook.header(field), hmac.new(octets(secret), hook.body, sha256).hexdigest())


def mandrill(hook: Hook, secret: str) -> None:
    """``x-mandrill-signature``: over the URL and each field of the form with its value, sorted."""
    told = hook.header("x-mandrill-signature")
    signed = octets(hook.url) + b"".join(name + value for name, value in sorted(_form(hook.body)))
    same(told, base64.b64encode(hmac.new(octets(secret), signed, sha1).digest()).decode())


def _form(body: bytes) -> list[tuple[bytes, bytes]]:
    """The fields of a form, octet by octet.

    Names and values are signed without marks between them. A form that leaves out the events or says a field
    twice could have the signature of another and be read otherwise, so it is refused.
    """
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="latin-1", max_num_fields=100
        )
    except ValueError:
        raise SignatureError("the body is no web form") from None
    names = [name for name, _ in fields]
    if "mandrill_events" not in names or len(set(names)) != len(names):
        raise SignatureError("the body is no web form with mandrill_events, each field once")
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def unisender_go(hook: Hook, secret: str) -> None:
    """``auth`` in the body: MD5 of the body in which the key stands in its place.

    The body must be one object of JSON and nothing more, for an MD5 can be carried on without the key.
    """
    told = hook.json().get("auth")
    if not isinstance(told, str) or len(told) != 32 or octets(told) not in hook.body:
        raise SignatureError("auth is missing in the body")
    whole = hook.body.replace(octets(told), octets(secret), 1)
    same(told, md5(whole, usedforsecurity=False).hexdigest())
