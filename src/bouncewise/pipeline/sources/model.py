"""What opening gives: mails and logs that were found, places that could not be read, and the limits."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import msgspec

from bouncewise.reading.logs.detect import Form

_MIB = 1 << 20
_GIB = 1 << 30


class Found(msgspec.Struct, frozen=True, gc=False):
    """One raw mail.

    Attributes:
        path: the path that was opened (``-`` is standard input), or the URL of an IMAP folder.
        format: ``eml``, ``mbox``, ``maildir``, ``mh``, ``msg`` or ``imap``.
        data: the mail as octets (RFC 5322), with the line ends it was stored with.
        offset: octets from the start of the unpacked mailbox to the separator; the UID for IMAP.
        member: the name inside an archive; ``outer.zip!inner.eml`` for an archive in an archive.
        truncated: the mail is longer than ``Limits.mail``, or what holds it is cut off or damaged.
        resume_key: the key under which ``open_sources`` takes ``resume_at`` again; empty where
            reading can't be taken up in the middle.
        resume_at: where to go on behind this mail: an octet of the mailbox or a UID.
    """

    path: str
    format: str
    data: bytes
    offset: int | None = None
    member: str = ""
    truncated: bool = False
    resume_key: str = ""
    resume_at: int | None = None


class Logged(msgspec.Struct, frozen=True):
    """A log or webhooks, to be read from ``blocks`` before the next event is asked for.

    Attributes:
        path: as in ``Found``.
        blocks: its octets, unpacked, cut anywhere; a ``SourceError`` ends them where the rest is lost.
        form: how it is laid out; lines can be parted anywhere between two of them.
        written: year, month and day when it was last written to.
        member: as in ``Found``.
        follows: whether it goes on where the log before it ended: the two are of one rotated set.
    """

    path: str
    blocks: Iterator[bytes]
    form: Form
    written: tuple[int, int, int]
    member: str = ""
    follows: bool = False


class Unreadable(msgspec.Struct, frozen=True):
    """A place that could not be read.

    Attributes:
        path: as in ``Found``.
        reason: what is wrong and what to do, for people.
        offset: octets into the unpacked mailbox, or a UID, where that is known.
        member: as in ``Found``.
    """

    path: str
    reason: str
    offset: int | None = None
    member: str = ""


class Limits(msgspec.Struct, frozen=True):
    """What opening may take; all but ``members`` are octets.

    Attributes:
        mail: a longer mail is cut to this.
        unpacked: what one path may unpack to, all its members and layers together.
        member: what one member of a zip archive may unpack to.
        members: how many members are read of the archives of one path.
    """

    mail: int = 64 * _MIB
    unpacked: int = 32 * _GIB
    member: int = 2 * _GIB
    members: int = 1_000_000


DEFAULT_LIMITS = Limits()


class SourceError(Exception):
    """A place can't be read further; the text says why and what to do, for people."""


Event = Found | Logged | Unreadable
Events = Iterator[Event]


def plain(error: BaseException) -> str:
    """An error in one short line: the words of the system, without numbers and file names."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return re.sub(r"\s+", " ", str(text))[:200].strip()


def shown(path: str) -> str:
    """A path or member name that every encoding can write: octets that are no UTF-8 are escaped."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(path.encode("utf-8", "surrogateescape")).decode("utf-8", "backslashreplace")
    return path


def size(octets: int) -> str:
    """A number of octets for people: ``64 MiB``."""
    for unit, name in ((_GIB, "GiB"), (_MIB, "MiB"), (1 << 10, "KiB")):
        if octets >= unit:
            return f"{octets / unit:.3g} {name}"
    return f"{octets} octets"
