"""Read a folder of an IMAP server, without changing anything there.

The URL is ``imaps://user@host/FOLDER`` (TLS from the start, port 993) or ``imap://`` (STARTTLS, port
143); a server that offers no TLS is refused unless the URL ends in ``?insecure=1``. The password
comes from the environment or a file, never from the URL. The folder is opened with EXAMINE and
mails are fetched with BODY.PEEK, so that none is marked as read.

A UID means a mail only together with the folder's UIDVALIDITY, so the key to go on is
``imaps://user@host/FOLDER;uidvalidity=N`` (RFC 5092 writes it so) and its value the first UID to read.

Sources: RFC 3501 sections 2.3.1.1, 6.2, 6.3.2, 6.4.5, 6.4.8; RFC 5092 (URLs).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from bouncewise.pipeline.sources.imaplogin import (
    ERRORS,
    PASSWORD,
    PASSWORD_FILE,
    SPARE,
    Connection,
    Target,
    connect,
    leave,
    password,
    quoted,
)
from bouncewise.pipeline.sources.model import Found, Limits, SourceError, Unreadable, plain

_WINDOW = 2000  # mails whose UIDs are asked for at once; imaplib holds the answer
_BATCH = 50  # mails fetched with one command
_BATCH_OCTETS = 1 << 20
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b")
_BODY = re.compile(rb"\bBODY\[\]")


class _Listed(NamedTuple):
    uid: int
    octets: int


def open_folder(url: str, *, resume: Mapping[str, int], limits: Limits) -> Iterator[Found | Unreadable]:
    """The mails of a folder by ascending UID, and what can't be read; never an error.

    Args:
        url: as above.
        resume: ``Found.resume_key`` -> the first UID to read.
        limits: a longer mail is cut to ``Limits.mail`` by the server.
    """
    shown = _without_password(url)
    uid: int | None = None
    connection: Connection | None = None
    try:
        target = _parse(url)
        shown = target.shown
        connection = connect(target, password())
        for event in _read(connection, target, resume, limits):
            uid = event.offset
            yield event
    except SourceError as error:
        yield Unreadable(shown, str(error), uid)
    except ERRORS as error:
        yield Unreadable(
            shown, f"the mail server: {plain(error)}. Read again later; it goes on from here", uid
        )
    finally:
        if connection is not None:
            leave(connection)


def _without_password(url: str) -> str:
    # up to the last @, as a password that is not escaped may hold any sign; before the options are cut off
    return re.sub(r"(://[^/@:]*):.*@", r"\1@", url, flags=re.DOTALL).partition("?")[0]


def _parse(url: str) -> Target:
    """Take a URL apart.

    Raises:
        SourceError: a part is missing, or the password stands in it.
    """
    try:
        parts = urlsplit(url)
        port, user, secret, host = parts.port, parts.username, parts.password, parts.hostname
    except ValueError:
        # the error may hold a part of a password
        raise SourceError("this URL can't be read; write imaps://user@host/FOLDER") from None
    if secret is not None:
        raise SourceError(
            f"a password stands in this URL, where others can see it; put it in {PASSWORD} or in a file that "
            f"{PASSWORD_FILE} names, and change it if the command was kept"
        )
    if not user or not host:
        raise SourceError("this URL names no user or no host; write imaps://user@host/FOLDER")
    user, folder = unquote(user), unquote(parts.path.lstrip("/")) or "INBOX"
    if re.search(r"[\x00-\x1f\x7f]", user + folder):
        raise SourceError("this URL has control characters in the user or the folder; take them out")
    scheme = parts.scheme.lower()
    tls = scheme == "imaps"
    where = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    shown = f"{scheme}://{quote(user, safe='')}@{where}/{quote(folder)}"
    insecure = "insecure=1" in parts.query.split("&")
    return Target(tls, host, port or (993 if tls else 143), user, folder, insecure, shown)


def _read(
    connection: Connection, target: Target, resume: Mapping[str, int], limits: Limits
) -> Iterator[Found | Unreadable]:
    answer, data = connection.select(quoted(_utf7(target.folder), always=True), readonly=True)
    if answer != "OK":
        raise SourceError(
            f"this folder can't be opened: {_said(data)}. Folders are named as the server has them"
        )
    validity = connection.response("UIDVALIDITY")[1]
    number = int(validity[0]) if validity and validity[0] else 0
    key = f"{target.shown};uidvalidity={number}"
    first = resume.get(key, 0)
    if not first and any(k.startswith(f"{target.shown};uidvalidity=") for k in resume):
        reason = "this folder was made anew since it was last read (UIDVALIDITY); it is read from its start"
        yield Unreadable(target.shown, reason)
    count = int(data[0]) if data and data[0] else 0
    for batch in _batches(_list(connection, count, first), limits.mail):
        connection.allowance = limits.mail + SPARE
        for uid, mail in _fetch(connection, batch, limits.mail):
            cut = len(mail) > limits.mail
            yield Found(target.shown, "imap", mail[: limits.mail], uid, "", cut, key, uid + 1)


def _list(connection: Connection, count: int, first: int) -> list[_Listed]:
    """UIDs and sizes from a UID on, ascending; asked from the end, so that old mails cost nothing."""
    found: list[_Listed] = []
    last = count
    while last > 0:
        start = max(1, last - _WINDOW + 1)
        connection.allowance = SPARE
        answer, data = connection.fetch(f"{start}:{last}", "(UID RFC822.SIZE)")
        if answer != "OK":
            raise SourceError(f"the mail server does not list this folder: {_said(data)}")
        lines = [item for item in data if isinstance(item, bytes)]
        window = [
            _Listed(int(uid[1]), int(octets[1]) if (octets := _SIZE.search(line)) else _BATCH_OCTETS)
            for line in lines
            if (uid := _UID.search(line))
        ]
        found += [mail for mail in window if mail.uid >= first]
        if any(mail.uid < first for mail in window):
            break
        last = start - 1
    return sorted(set(found))


def _batches(mails: list[_Listed], limit: int) -> Iterator[list[int]]:
    """UIDs that are fetched together: many small mails or one large one."""
    batch: list[int] = []
    octets = 0
    for mail in mails:
        wanted = min(mail.octets, limit)
        if batch and (len(batch) >= _BATCH or octets + wanted > _BATCH_OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(mail.uid)
        octets += wanted
    if batch:
        yield batch


def _fetch(connection: Connection, uids: list[int], limit: int) -> list[tuple[int, bytes]]:
    """The mails of some UIDs, ascending; those that are gone by now are left out."""
    answer, data = connection.uid("FETCH", ",".join(map(str, uids)), f"(UID BODY.PEEK[]<0.{limit + 1}>)")
    if answer != "OK":
        raise SourceError(f"the mail server does not give mails {uids[0]} to {uids[-1]}: {_said(data)}")
    found: dict[int, bytes] = {}
    items = list(data)
    for place, item in enumerate(items):
        if not isinstance(item, tuple) or len(item) < 2 or not _BODY.search(item[0]):
            continue
        # the UID may stand before the mail or behind it
        behind = items[place + 1] if place + 1 < len(items) else b""
        uid = _UID.search(item[0]) or (_UID.search(behind) if isinstance(behind, bytes) else None)
        if uid and int(uid[1]) in uids:
            found[int(uid[1])] = item[1]
    return sorted(found.items())


def _said(data: Any) -> str:
    words = data[0] if isinstance(data, list) and data else b""
    return (
        plain(ValueError(words.decode("utf-8", "replace"))) if isinstance(words, bytes) else "no reason given"
    )


def _utf7(name: str) -> str:
    """The name of a folder in modified UTF-7 (RFC 3501 section 5.1.3)."""

    def shifted(match: re.Match[str]) -> str:
        if match[0] == "&":
            return "&-"
        coded = (
            base64.b64encode(match[0].encode("utf-16-be", "surrogatepass")).rstrip(b"=").replace(b"/", b",")
        )
        return f"&{coded.decode()}-"

    return re.sub(r"&|[^\x20-\x7e]+", shifted, name)
