"""Bouncewise understands SMTP replies.

>>> import bouncewise
>>> bouncewise.diagnose("550 5.1.1 User unknown").cause
'recipient-unknown'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bouncewise.api import diagnose, diagnose_many, make_engine
    from bouncewise.reading.mail import read_mail
    from bouncewise.reply import Context, EnhancedCode, Phase, Reply, parse_reply
    from bouncewise.reply.unwrap import unwrap

__all__ = [
    "Context",
    "EnhancedCode",
    "Phase",
    "Reply",
    "diagnose",
    "diagnose_many",
    "make_engine",
    "parse_reply",
    "read_mail",
    "unwrap",
]
_HOMES = {
    "diagnose": "bouncewise.api",
    "diagnose_many": "bouncewise.api",
    "make_engine": "bouncewise.api",
    "read_mail": "bouncewise.reading.mail",
    "unwrap": "bouncewise.reply.unwrap",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: the command line must not pay for the rest."""
    if name not in __all__:
        raise AttributeError(f"module 'bouncewise' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(_HOMES.get(name, "bouncewise.reply")), name)
