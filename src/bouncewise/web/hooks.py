"""Webhooks of mail services: are they from whom they say, and what do they hold?"""

from __future__ import annotations

import logging
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import Request

from bouncewise.web.errors import WebError, not_found
from bouncewise.web.signatures import Hook, SignatureError, verify
from bouncewise.web.site import Site

_FORM = "application/x-www-form-urlencoded"
_FIELDS = ("mandrill_events", "payload", "event-data", "data")
_log = logging.getLogger("bouncewise.web")


@cache
def services() -> tuple[str, ...]:
    """The mail services whose webhooks are read."""
    names = (entry.name for entry in files("bouncewise.reading.webhooks").iterdir())
    own = {"__init__.py", "fields.py"}
    return tuple(
        sorted(name.removesuffix(".py") for name in names if name.endswith(".py") and name not in own)
    )


def open_hook(site: Site, service: str, request: Request[Any, Any, Any], data: bytes) -> bytes:
    """The payload of a webhook, once its signature is found right.

    Args:
        site: knows the secrets.
        service: of the URL.
        request: its headers.
        data: its body.

    Raises:
        WebError: there is no such service, or the signature is wrong.
    """
    name = service.replace("-", "_").lower()
    if name not in services():
        raise not_found(f"there is no service {service[:40]!r}; {', '.join(services())} are known")
    secret = site.settings.webhook_secrets.get(name, "")
    if secret:
        headers = {key.lower(): value for key, value in request.headers.items()}
        try:
            verify(name, Hook(headers=headers, body=data, url=str(request.url), now=float(site.now)), secret)
        except SignatureError as fault:
            raise WebError(401, "signature", str(fault)) from None
    payload = _payload(request, data)
    _confirm(name, payload)
    return payload


def _payload(request: Request[Any, Any, Any], data: bytes) -> bytes:
    if not request.headers.get("content-type", "").startswith(_FORM):
        return data
    form = parse_qs(data.decode("utf-8", "replace"), max_num_fields=100)
    return next((form[name][0].encode() for name in _FIELDS if name in form), data)


def _confirm(service: str, payload: bytes) -> None:
    """Amazon SNS asks to be confirmed once; we open no link, a person does."""
    if service != "amazon_ses" or b"SubscriptionConfirmation" not in payload:
        return
    try:
        told = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    link = told.get("SubscribeURL") if isinstance(told, dict) else None
    if isinstance(link, str) and link.startswith("https://sns."):
        _log.warning(
            "Amazon SNS asks to confirm a subscription: open %s", link[:500].encode("unicode_escape").decode()
        )
