"""Services that sign with a secret that both sides know.

Sources: Mailgun "Securing webhooks" (HMAC-SHA256 of timestamp and token); Svix "Verifying payloads
manually" (used by Resend); Mandrill "Authenticating webhook requests" (HMAC-SHA1 of the URL and the
sorted fields). From memory, without a page to show: MailerSend and Mailtrap (HMAC-SHA256 of the body),
Unisender Go (MD5 of the body with the key in the place of ``auth``).
"""

from __future__ import annotations

import base64
import hmac
from hashlib import md5, sha1, sha256
from urllib.parse import parse_qsl

from bouncewise.web.signatures.hook import Hook, SignatureError, decoded, same, wrong

MAX_SIGNATURES = 10


def mailgun(hook: Hook, secret: str) -> None:
    """``signature``: {timestamp, token, signature} in the body."""
    told = hook.json().get("signature")
    if not isinstance(told, dict):
        raise SignatureError("signature is missing in the body")
    hook.fresh(told.get("timestamp"))
    signed = f"{told.get('timestamp')}{told.get('token')}".encode("utf-8", "replace")
    same(str(told.get("signature")), hmac.new(_octets(secret), signed, sha256).hexdigest())


def svix(hook: Hook, secret: str) -> None:
    """``svix-signature``: one or several of ``v1,...`` over id, time and body."""
    number, time = hook.header("svix-id"), hook.header("svix-timestamp")
    hook.fresh(time)
    key = decoded(secret.removeprefix("whsec_"))
    signed = f"{number}.{time}.".encode("utf-8", "replace") + hook.body
    right = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    for told in hook.header("svix-signature").split()[:MAX_SIGNATURES]:
        version, _, value = told.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode("utf-8", "replace"), right.encode()):
            return
    raise wrong()


def of_body(field: str, hook: Hook, secret: str) -> None:
    """HMAC-SHA256 of the body, in hexadecimal, in a header field."""
    same(hook.header(field).lower(), hmac.new(_octets(secret), hook.body, sha256).hexdigest())


def mandrill(hook: Hook, secret: str) -> None:
    """``x-mandrill-signature``: over the URL and each field of the form with its value, sorted."""
    fields = sorted(
        parse_qsl(hook.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
    )
    signed = hook.url + "".join(name + value for name, value in fields)
    right = hmac.new(_octets(secret), signed.encode("utf-8", "replace"), sha1).digest()
    same(hook.header("x-mandrill-signature"), base64.b64encode(right).decode())


def unisender_go(hook: Hook, secret: str) -> None:
    """``auth`` in the body: MD5 of the body in which the key stands in its place."""
    told = hook.json().get("auth")
    if not isinstance(told, str) or len(told) != 32 or not told.isascii():
        raise SignatureError("auth is missing in the body")
    whole = hook.body.replace(told.encode(), _octets(secret), 1)
    same(told, md5(whole, usedforsecurity=False).hexdigest())


def _octets(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogateescape")
