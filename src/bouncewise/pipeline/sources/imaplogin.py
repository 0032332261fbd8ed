"""Connect to an IMAP server and log in.

The password comes from the environment or a file. It is sent over TLS only, unless the user has
said that it may go in the clear.

Sources: RFC 3501 sections 6.2, 11.1; RFC 4616 (PLAIN); RFC 8314 (TLS from the start).
"""

from __future__ import annotations

import imaplib
import os
import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bouncewise.pipeline.sources.model import SourceError, plain

TIMEOUT = 60  # seconds for each answer of the server
PASSWORD = "BOUNCEWISE_IMAP_PASSWORD"  # noqa: S105 - the name of the variable
PASSWORD_FILE = "BOUNCEWISE_IMAP_PASSWORD_FILE"  # noqa: S105
SPARE = 4 << 20  # octets that answers may have over what was asked for
ERRORS = (imaplib.IMAP4.error, OSError, EOFError, ValueError, LookupError, ArithmeticError, MemoryError)


class Target(NamedTuple):
    """What a URL names; ``shown`` is the URL without password and options."""

    tls: bool
    host: str
    port: int
    user: str
    folder: str
    insecure: bool
    shown: str


def password() -> str:
    """The password.

    Raises:
        SourceError: there is none.
    """
    name = os.environ.get(PASSWORD_FILE)
    if os.environ.get(PASSWORD):
        return os.environ[PASSWORD]
    if not name:
        raise SourceError(
            f"there is no password: put it in {PASSWORD} or name a file that holds it in {PASSWORD_FILE}"
        )
    try:
        return Path(name).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise SourceError(f"the file that {PASSWORD_FILE} names can't be read: {plain(error)}") from None


class Connection(imaplib.IMAP4):
    """A connection that does not take more at once than was asked for."""

    allowance = SPARE

    def read(self, size: int) -> bytes:
        """A literal of the server.

        Raises:
            abort: it is larger than what was asked for.
        """
        self.allowance -= size
        if self.allowance < 0:
            raise self.abort("it sends more than was asked for")
        return super().read(size)


class _ConnectionTLS(Connection, imaplib.IMAP4_SSL):
    """The same with TLS from the start."""


def connect(target: Target, secret: str) -> Connection:
    """Connect and log in.

    Raises:
        SourceError: the server can't be reached, offers no TLS that is trusted, or refuses the password.
    """
    context = ssl.create_default_context()
    where = (target.host, target.port)
    try:
        if target.tls:
            connection: Connection = _ConnectionTLS(*where, ssl_context=context, timeout=TIMEOUT)
        else:
            connection = Connection(*where, timeout=TIMEOUT)
        try:
            if not target.tls:
                _start_tls(connection, context, target)
            _log_in(connection, target.user, secret)
        except BaseException:
            leave(connection)
            raise
    except ssl.SSLCertVerificationError as error:
        words = f"the certificate of the mail server is not trusted: {error.verify_message}"
        raise SourceError(f"{words}. SSL_CERT_FILE may name a file with those to trust") from None
    except ERRORS as error:
        raise SourceError(
            f"the mail server can't be reached: {plain(error)}. Look at host and port"
        ) from None
    return connection


def _start_tls(connection: imaplib.IMAP4, context: ssl.SSLContext, target: Target) -> None:
    if "STARTTLS" in connection.capabilities:
        connection.starttls(ssl_context=context)
    elif not target.insecure:
        raise SourceError(
            "this server offers no TLS, so the password would be sent in the clear; use imaps://, or add "
            "?insecure=1 where nobody else is on the line"
        )


def _log_in(connection: imaplib.IMAP4, user: str, secret: str) -> None:
    try:
        if "AUTH=PLAIN" in connection.capabilities:
            connection.authenticate("PLAIN", lambda _: f"\0{user}\0{secret}".encode())
        elif "LOGINDISABLED" in connection.capabilities:
            raise SourceError("this server takes no password here; use imaps:// or ask who runs it")
        else:
            connection.login(quoted(user), secret)
    except UnicodeEncodeError:
        raise SourceError("this server takes no user names or passwords beyond ASCII") from None
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise SourceError(f"the mail server refuses user or password: {plain(error)}") from None


def leave(connection: imaplib.IMAP4) -> None:
    """Log out and close the line, in whatever state it is."""
    try:
        connection.logout()
    except ERRORS:
        # the line may be broken in any way by now, and closing it may fail too
        with suppress(*ERRORS):
            connection.shutdown()


def quoted(text: str, *, always: bool = False) -> str:
    """A string that the protocol takes as one; imaplib itself quotes passwords only."""
    if not always and re.fullmatch(r"[\w.@+-]+", text, re.ASCII):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
