"""Command lines.

Sources: RFC 5321 section 4.1.1 (commands), 2.4 (verbs in any case), 4.1.1.1 to 4.1.1.10.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from bouncewise.smtp.path import Path, PathError, parse_path

MAX_PARAMETERS = 20
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\x80-\U0010ffff=]*))?\Z")


class Verb(StrEnum):
    """The commands that are known."""

    EHLO = "EHLO"
    HELO = "HELO"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BDAT = "BDAT"
    RSET = "RSET"
    NOOP = "NOOP"
    HELP = "HELP"
    VRFY = "VRFY"
    EXPN = "EXPN"
    AUTH = "AUTH"
    STARTTLS = "STARTTLS"
    QUIT = "QUIT"


VERBS = {verb.value: verb for verb in Verb}


class CommandError(ValueError):
    """A command line that can't be taken.

    Attributes:
        code: the reply code that answers it.
        enhanced: the enhanced code.
    """

    def __init__(self, code: int, enhanced: str, says: str) -> None:
        super().__init__(says)
        self.code = code
        self.enhanced = enhanced


class Command(msgspec.Struct, frozen=True):
    """A verb and what stands behind it, without the line end."""

    verb: Verb
    argument: str = ""


def parse_command(line: bytes) -> Command:
    """A command out of its line.

    Args:
        line: without its CRLF.

    Raises:
        CommandError: it is none.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise CommandError(500, "5.5.2", "the command is not UTF-8") from None
    text = text.rstrip(" \t")
    if not text.isprintable():
        raise CommandError(500, "5.5.2", "a control character in a command")
    head, _, rest = text.partition(" ")
    verb = VERBS.get(head.upper())
    if verb is None:
        if head[:4].upper() in ("MAIL", "RCPT") and ":" in head:  # ``MAIL:<a@b>`` and the like
            raise CommandError(501, "5.5.4", f"a blank stands behind {head[:4].upper()}")
        raise CommandError(500, "5.5.1", "no such command")
    return Command(verb, rest.strip(" "))


def parse_mail(argument: str) -> tuple[Path, dict[str, str | None]]:
    """The reverse-path and the parameters of MAIL.

    Raises:
        CommandError: they can't be read (501 5.1.7, 501 5.5.4).
    """
    return _path(argument, "FROM:", "5.1.7", null=True)


def parse_rcpt(argument: str) -> tuple[Path, dict[str, str | None]]:
    """The forward-path and the parameters of RCPT.

    Raises:
        CommandError: they can't be read (501 5.1.3, 501 5.5.4).
    """
    return _path(argument, "TO:", "5.1.3", null=False)


def _path(argument: str, word: str, enhanced: str, *, null: bool) -> tuple[Path, dict[str, str | None]]:
    if argument[: len(word)].upper() != word:
        verb = "MAIL" if word == "FROM:" else "RCPT"
        raise CommandError(501, "5.5.4", f"the form is {verb} {word}<address>")
    rest = argument[len(word) :].lstrip(" ")  # many clients put a blank here
    end = _end_of_path(rest)
    try:
        path = parse_path(rest[:end], null=null)
    except PathError as error:
        raise CommandError(501, enhanced, str(error)) from None
    return path, _parameters(rest[end:])


def _end_of_path(text: str) -> int:
    """Where the path ends: behind the ``>`` that stands in no quotation marks."""
    quoted = escaped = False
    for place, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == ">" and not quoted:
            return place + 1
    return len(text)


def _parameters(text: str) -> dict[str, str | None]:
    if text and not text.startswith(" "):
        raise CommandError(501, "5.5.4", "a blank stands behind the address")
    found: dict[str, str | None] = {}
    for word in text.split():
        match = _PARAMETER.match(word)
        if not match or len(found) >= MAX_PARAMETERS:
            raise CommandError(501, "5.5.4", "a parameter can't be read")
        name = match[1].upper()
        if name in found:
            raise CommandError(501, "5.5.4", f"{name} is given twice")
        found[name] = match[2]
    return found


def parse_bdat(argument: str) -> tuple[int, bool]:
    """The size of a chunk in octets and whether it is the last (RFC 3030 section 2).

    Raises:
        CommandError: it is of another form.
    """
    size, _, last = argument.partition(" ")
    if not (size.isascii() and size.isdigit() and len(size) <= 20) or last.upper() not in ("", "LAST"):
        raise CommandError(501, "5.5.4", "the form is BDAT and a size, then LAST for the last chunk")
    return int(size), bool(last)


def shown(line: bytes, *, secret: bool) -> str:
    """A line of the client for a transcript, secrets left out."""
    if secret:
        return "(secret)"
    text = line[:2048].decode("utf-8", "replace")
    if text[:5].upper() == "AUTH ":
        words = text.split(" ", 2)
        return " ".join(words[:2]) + (" (secret)" if len(words) > 2 else "")
    return text
