"""Open paths, standard input and mail servers; the one entrance to this package."""

from __future__ import annotations

import dataclasses
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO

from bouncewise.pipeline.sources import mbox
from bouncewise.pipeline.sources.contents import Place, open_contents, open_mbox
from bouncewise.pipeline.sources.detect import BOM
from bouncewise.pipeline.sources.folders import no_file, walk
from bouncewise.pipeline.sources.model import (
    DEFAULT_LIMITS,
    Event,
    Found,
    Limits,
    Logged,
    Unreadable,
    plain,
    shown,
)
from bouncewise.pipeline.sources.reader import Reader
from bouncewise.pipeline.sources.rotated import in_order, is_next

STDIN = "-"
# Nobody may put a pipe in the place of a file between the look and the opening and hold us up
_DO_NOT_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_sources(
    paths: Sequence[str],
    *,
    resume: Mapping[str, int] | None = None,
    stdin: BinaryIO | None = None,
    limits: Limits = DEFAULT_LIMITS,
    wanted: str = "",
) -> Iterator[Found | Logged | Unreadable]:
    """The raw mails and logs of all paths, in order, and what can't be read; never an error.

    A path is a mail, a mailbox, a Maildir, an MH folder, a log, a file of webhooks, any other
    directory, an archive or compressed data of these, ``-`` for standard input, or
    ``imaps://user@host/FOLDER``. What a file holds is told by its content.

    Args:
        paths: what to open. A pipe that is named is read; pipes in directories are left out.
        resume: ``Found.resume_key`` -> ``Found.resume_at`` of the last mail that was read; this
            mail and those before it are not given again. Applies to mailboxes in mbox form that
            are not compressed, and to IMAP. Where the mailbox has changed, that is said and it
            is read from its start.
        stdin: what ``-`` stands for; standard input where it is missing.
        limits: what may be taken; octets.
        wanted: name of a log format; files are then logs of it, whatever they look like.
    """
    marks = resume or {}
    for path, follows in in_order(paths):
        if path == STDIN:
            source = stdin if stdin is not None else sys.stdin.buffer
            yield from open_contents(Reader(source, "standard input"), Place.of(STDIN, limits, wanted))
        elif path[:8].lower().startswith(("imap://", "imaps://")):
            # TLS takes a while to load, and few need it
            from bouncewise.pipeline.sources import imap  # noqa: PLC0415

            yield from imap.open_folder(path, resume=marks, limits=limits)
        else:
            place = dataclasses.replace(Place.of(shown(path), limits, wanted), follows=follows)
            yield from _open_path(path, marks, place)


def open_octets(
    data: bytes, path: str, written: tuple[int, int, int] | None = None, wanted: str = ""
) -> Iterator[Found | Logged | Unreadable]:
    """The raw mails and logs of a file that somebody else has read; never an error.

    Args:
        data: what the file holds.
        path: where it was, for the records.
        written: year, month and day when it was last written to; None takes today.
        wanted: as for ``open_sources``.
    """
    yield from open_file(BytesIO(data), path, written, wanted)


def open_file(
    file: BinaryIO, path: str, written: tuple[int, int, int] | None = None, wanted: str = ""
) -> Iterator[Found | Logged | Unreadable]:
    """The same of a file that is open, which is read as it is needed.

    Args:
        file: at its beginning.
        path: where it was, for the records.
        written: as for ``open_octets``.
        wanted: as for ``open_sources``.
    """
    place = Place.of(shown(path), DEFAULT_LIMITS, wanted)
    if written is not None:
        place = dataclasses.replace(place, written=written)
    yield from open_contents(Reader(file), dataclasses.replace(place, file=file))


def _open_path(path: str, marks: Mapping[str, int], place: Place) -> Iterator[Event]:
    if not path:  # which pathlib takes for the directory we are in
        yield Unreadable(path, "this path is empty; name a file, a directory or - for standard input")
        return
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        reason = "there is no such file or directory" if missing else f"this can't be read: {plain(error)}"
        yield Unreadable(shown(path), reason)
        return
    if stat.S_ISDIR(mode):
        yield from _open_directory(path, marks, place)
    elif stat.S_ISREG(mode) or stat.S_ISFIFO(mode):
        yield from _open_file(path, marks, place, wait=stat.S_ISFIFO(mode))
    else:
        yield Unreadable(shown(path), no_file(mode))


def _open_directory(path: str, marks: Mapping[str, int], place: Place) -> Iterator[Event]:
    nothing = True
    last = ""
    for entry in walk(path):
        nothing = False
        if isinstance(entry, str):
            inner = Place.of(shown(entry), place.limits, place.wanted)
            inner = dataclasses.replace(inner, follows=is_next(last, entry))
            yield from _open_file(entry, marks, inner, wait=False)
            last = entry
        else:
            yield entry
    if nothing:
        yield Unreadable(shown(path), "this directory is empty: it holds no file that may be a mail or a log")


def _open_file(path: str, marks: Mapping[str, int], place: Place, *, wait: bool) -> Iterator[Event]:
    """Open a file, or a pipe that may be waited for."""
    try:
        flags = os.O_RDONLY | (_DO_NOT_WAIT & ~getattr(os, "O_NONBLOCK", 0) if wait else _DO_NOT_WAIT)
        file = os.fdopen(os.open(path, flags), "rb", buffering=0)
    except (OSError, ValueError) as error:
        yield Unreadable(shown(path), f"this can't be opened: {plain(error)}")
        return
    with file:
        about = os.fstat(file.fileno())
        if stat.S_ISREG(about.st_mode):
            written = datetime.fromtimestamp(about.st_mtime).astimezone()
            day = (written.year, written.month, written.day)
            place = dataclasses.replace(place, file=file, resume_key=place.path, written=day)
            yield from _open_regular(file, marks, place)
        elif wait:
            yield from open_contents(Reader(file), place)
        else:
            yield Unreadable(shown(path), no_file(about.st_mode))


def _open_regular(file: IO[bytes], marks: Mapping[str, int], place: Place) -> Iterator[Event]:
    name = place.path
    mark = marks.get(name, 0)
    if mark > 0:
        try:
            resumed = _reader_at(file, mark)
            if resumed is not None:
                yield from open_mbox(resumed, place)
                return
            file.seek(0)
        except OSError as error:
            yield Unreadable(name, f"this can't be read: {plain(error)}", mark)
            return
        reason = (
            "this mailbox has changed since it was last read: no mail begins here; it is read from its start"
        )
        yield Unreadable(name, reason, mark)
    yield from open_contents(Reader(file), place)


def _reader_at(file: IO[bytes], mark: int) -> Reader | None:
    """A reader from a place in a mailbox on; None where no mail begins there."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = Reader(file).peek(mbox.MAX_LINE * 2)
    if mark > length or not mbox.begins_mbox(start.removeprefix(BOM)):
        return None
    file.seek(mark)
    reader = Reader(file, offset=mark)
    head = reader.peek(mbox.MAX_LINE * 2)
    # at its end nothing has come since
    return reader if mbox.begins_mbox(head) or not head.strip(b"\r\n") else None
