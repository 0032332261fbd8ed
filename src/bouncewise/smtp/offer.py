"""What a server offers: its name, its extensions, and the parameters that they bring to MAIL and RCPT.

Sources: RFC 1870 (SIZE), 2034 (ENHANCEDSTATUSCODES), 2920 (PIPELINING), 3030 (CHUNKING, BINARYMIME), 3207
(STARTTLS), 3461 (DSN), 4954 (AUTH), 6152 (8BITMIME), 6531 (SMTPUTF8), 6710 (MT-PRIORITY), 8689 (REQUIRETLS),
9422 (LIMITS).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from bouncewise.smtp.command import CommandError

_XTEXT = re.compile(r"(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*\Z")
_NOTIFY = re.compile(
    r"(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})\Z", re.IGNORECASE
)
_ORCPT = re.compile(r"[A-Za-z0-9-]{1,40};(\S+)\Z")


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a session offers.

    Attributes:
        host: the server's name.
        banner: the greeting behind the name.
        greets: the words behind the name in the reply to EHLO, or "".
        pipelining, eight_bit, utf8, enhanced, chunking, binary, dsn, require_tls, priority: an extension.
        starttls: a connection in the clear may be made safe.
        auth: SASL mechanisms.
        auth_in_clear: AUTH is offered without TLS too (RFC 4954 section 4 wants mechanisms in the clear off).
        must_auth: mail is taken of whoever has proven who it is only.
        must_tls: every command but EHLO, NOOP, QUIT and STARTTLS needs TLS (RFC 3207 section 4).
        size: told as SIZE; None leaves the extension out.
        max_recipients: told as LIMITS RCPTMAX; None leaves it out.
        others: further EHLO lines, which promise nothing that is kept.
    """

    host: str = "localhost"
    banner: str = "ESMTP"
    greets: str = ""
    pipelining: bool = True
    eight_bit: bool = True
    utf8: bool = True
    enhanced: bool = True
    chunking: bool = True
    binary: bool = True
    dsn: bool = True
    require_tls: bool = False
    priority: bool = False
    starttls: bool = False
    auth: tuple[str, ...] = ()
    auth_in_clear: bool = False
    must_auth: bool = False
    must_tls: bool = False
    size: int | None = 52_428_800
    max_recipients: int | None = None
    others: tuple[str, ...] = ()

    def keywords(self, *, tls: bool) -> list[str]:
        """The lines of the reply to EHLO behind the first.

        Args:
            tls: whether the connection is safe.
        """
        given = [
            ("PIPELINING", self.pipelining),
            (f"SIZE {self.size}", self.size is not None),
            ("8BITMIME", self.eight_bit),
            ("STARTTLS", self.starttls and not tls),
            (f"AUTH {' '.join(self.auth)}", bool(self.auth) and (tls or self.auth_in_clear)),
            ("ENHANCEDSTATUSCODES", self.enhanced),
            ("DSN", self.dsn),
            ("SMTPUTF8", self.utf8),
            ("CHUNKING", self.chunking),
            ("BINARYMIME", self.chunking and self.binary),
            ("REQUIRETLS", self.require_tls and tls),
            ("MT-PRIORITY", self.priority),
            (f"LIMITS RCPTMAX={self.max_recipients}", self.max_recipients is not None),
        ]
        return [line for line, offered in given if offered] + list(self.others)

    def check_mail(self, given: Mapping[str, str | None], limit: int) -> None:
        """Judge the parameters of MAIL.

        Args:
            given: by name.
            limit: octets of the largest message; 0 for none.

        Raises:
            CommandError: one is not offered (555), or its value is not allowed (501, 552).
        """
        for name, value in given.items():
            known = self._mail_parameter(name)
            if not known:
                raise CommandError(555, "5.5.4", f"the parameter {name} is not known")
            if not _MAIL_VALUES[name](value or "", value is not None):
                raise CommandError(501, "5.5.4", f"the value of {name} can't be read")
        size = given.get("SIZE")
        if size and limit and int(size) > limit:
            raise CommandError(552, "5.3.4", f"the message is larger than {limit} octets")

    def check_rcpt(self, given: Mapping[str, str | None]) -> None:
        """Judge the parameters of RCPT.

        Raises:
            CommandError: one is not offered (555), or its value is not allowed (501).
        """
        for name, value in given.items():
            if not (self.dsn and name in _RCPT_VALUES):
                raise CommandError(555, "5.5.4", f"the parameter {name} is not known")
            if not _RCPT_VALUES[name](value or "", value is not None):
                raise CommandError(501, "5.5.4", f"the value of {name} can't be read")

    def _mail_parameter(self, name: str) -> bool:
        return {
            "SIZE": self.size is not None,
            "BODY": self.eight_bit or (self.chunking and self.binary),
            "SMTPUTF8": self.utf8,
            "RET": self.dsn,
            "ENVID": self.dsn,
            "AUTH": bool(self.auth),
            "REQUIRETLS": self.require_tls,
            "MT-PRIORITY": self.priority,
        }.get(name, False)


def _is_number(value: str, least: int, most: int) -> bool:
    plain = value.removeprefix("-")
    return plain.isascii() and plain.isdigit() and len(plain) <= 20 and least <= int(value) <= most


_MAIL_VALUES: dict[str, Callable[[str, bool], bool]] = {
    "SIZE": lambda value, given: given and _is_number(value, 0, 10**20),
    "BODY": lambda value, _given: value.upper() in ("7BIT", "8BITMIME", "BINARYMIME"),
    "SMTPUTF8": lambda _value, given: not given,
    "RET": lambda value, _given: value.upper() in ("FULL", "HDRS"),
    "ENVID": lambda value, given: given and len(value) <= 100 and bool(_XTEXT.match(value)),
    "AUTH": lambda value, given: given and len(value) <= 500 and bool(_XTEXT.match(value)),
    "REQUIRETLS": lambda _value, given: not given,
    "MT-PRIORITY": lambda value, _given: _is_number(value, -9, 9),
}
_RCPT_VALUES: dict[str, Callable[[str, bool], bool]] = {
    "NOTIFY": lambda value, _given: _notify(value),
    "ORCPT": lambda value, _given: len(value) <= 500 and bool(_ORCPT.match(value)),
}


def _notify(value: str) -> bool:
    words = value.upper().split(",")
    return bool(_NOTIFY.match(value)) and len(words) == len(set(words))
