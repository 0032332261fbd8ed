"""Open what a file holds, layer by layer: compressed data, archives, mailboxes, mails, logs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from bouncewise.pipeline.sources import archives, compressed, detect, mbox
from bouncewise.pipeline.sources.detect import Kind
from bouncewise.pipeline.sources.folders import is_skipped, mail_format
from bouncewise.pipeline.sources.model import (
    Events,
    Found,
    Limits,
    Logged,
    SourceError,
    Unreadable,
    shown,
    size,
)
from bouncewise.pipeline.sources.outlook import convert
from bouncewise.pipeline.sources.reader import Budget, Reader, read_mail
from bouncewise.reading.logs.detect import LOOK as LOOK_AT_LOGS
from bouncewise.reading.logs.detect import Form, form_of

_MAX_ARCHIVES = 2  # an archive, and one in it
_MAX_LAYERS = 4  # of compression, over and in archives
LOG_BLOCK = 1 << 20  # octets of a log that are read at once


class Count:
    """How many members of archives may still be read for one path."""

    def __init__(self, members: int) -> None:
        self._limit = members
        self._left = members

    def take(self) -> None:
        """Count one.

        Raises:
            SourceError: there are too many.
        """
        self._left -= 1
        if self._left < 0:
            raise SourceError(
                f"this archive has more than {self._limit} members; the rest is left out. "
                "Unpack it and open the folder"
            )


@dataclass(frozen=True)
class Place:
    """Where octets come from, and what may still be taken there.

    Attributes:
        path: as it is shown.
        limits: of the run.
        budget: what this path may still unpack to.
        count: the members that may still be read.
        form: the format of a single mail here.
        member: the name inside an archive.
        archives: how many archives stand around.
        layers: how many layers of compression stand around.
        resume_key: where reading can be taken up again, its key.
        file: the file itself, where octets are read straight from one that can be sought in.
        written: year, month and day when the file was last written to.
        wanted: name of the log format that is asked for, so that nothing is taken for a mail.
        follows: whether the file goes on where the one before it ended.
    """

    path: str
    limits: Limits
    budget: Budget
    count: Count
    form: str = "eml"
    member: str = ""
    archives: int = 0
    layers: int = 0
    resume_key: str = ""
    file: IO[bytes] | None = None
    written: tuple[int, int, int] = (1970, 1, 1)
    wanted: str = ""
    follows: bool = False

    @classmethod
    def of(cls, path: str, limits: Limits, wanted: str = "") -> Place:
        """The place of a path that is opened now."""
        today = datetime.now().astimezone()
        return cls(
            path,
            limits,
            Budget(limits.unpacked, "this path"),
            Count(limits.members),
            mail_format(path),
            written=(today.year, today.month, today.day),
            wanted=wanted,
        )

    def unreadable(self, error: SourceError, offset: int | None = None) -> Unreadable:
        """Say that this place can't be read further."""
        return Unreadable(self.path, str(error), offset, self.member)


def open_contents(reader: Reader, place: Place) -> Events:
    """The mails or the log of a file, and what of it can't be read; never an error.

    Args:
        reader: stands at its beginning.
        place: where it comes from.
    """
    try:
        head = reader.peek(detect.LOOK)
        kind = detect.detect(head)
        if kind == Kind.EMPTY:
            raise SourceError("this is empty")
        if kind in (Kind.MAIL, Kind.FOREIGN) or (place.wanted and kind is Kind.MBOX):
            form = _form(reader, head, place)
            if form is not None:
                yield Logged(place.path, _blocks(reader), form, place.written, place.member, place.follows)
                return
        if kind == Kind.FOREIGN:
            raise SourceError(detect.foreign(head))
        if kind == Kind.MBOX:
            yield from open_mbox(reader, place)
        elif kind == Kind.MAIL:
            yield from _mail(reader, place)
        elif kind == Kind.MSG:
            yield from _outlook(reader, place)
        elif kind in detect.UNPACKED:
            yield from _unpacked(reader, place, kind)
        else:
            yield from _archive(reader, place, kind)
    except SourceError as error:
        yield place.unreadable(error)


def _form(reader: Reader, head: bytes, place: Place) -> Form | None:
    """How a log is laid out, or None for what is none; a file that begins as mails do is not looked at."""
    if place.wanted:
        return form_of(reader.peek(LOOK_AT_LOGS)) or Form.LINES
    if detect.begins_mail(head):
        return None
    return form_of(reader.peek(LOOK_AT_LOGS))


def _blocks(reader: Reader) -> Iterator[bytes]:
    while block := reader.read1(LOG_BLOCK):
        yield block


def open_mbox(reader: Reader, place: Place) -> Events:
    """The mails of a mailbox; never an error.

    Args:
        reader: stands at a separator.
        place: where it comes from.
    """
    if reader.peek(3) == detect.BOM:
        reader.read(3)
    last: int | None = None
    try:
        for cut in mbox.split(reader, place.limits.mail):
            last = cut.offset
            yield Found(
                place.path,
                "mbox",
                cut.data,
                cut.offset,
                place.member,
                cut.truncated,
                place.resume_key,
                cut.after if place.resume_key else None,
            )
    except SourceError as error:
        yield place.unreadable(error, last)


def _mail(reader: Reader, place: Place) -> Events:
    data, cut, error = read_mail(reader, place.limits.mail)
    data = data.removeprefix(detect.BOM)
    if data.startswith(detect.UTF16):
        # what Windows editors save as "Unicode"
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")[: place.limits.mail]
    # a separator that is none by its date, or one that a mailbox in a mailbox left
    lines = mbox.left_over(data)
    if lines and detect.begins_header(data, lines):
        data = data[lines:]
    yield Found(place.path, place.form, data, member=place.member, truncated=cut)
    if error is not None:
        yield place.unreadable(error)


def _outlook(reader: Reader, place: Place) -> Events:
    data, cut, error = read_mail(reader, place.limits.mail)
    if error is not None:
        raise error
    if cut:
        raise SourceError(
            f"this .msg file is larger than {size(place.limits.mail)}; raise the limit of a mail"
        )
    mail = convert(data)
    limit = place.limits.mail
    yield Found(place.path, "msg", mail[:limit], member=place.member, truncated=len(mail) > limit)


def _unpacked(reader: Reader, place: Place, kind: Kind) -> Events:
    if place.layers >= _MAX_LAYERS:
        raise SourceError(f"this is compressed more than {_MAX_LAYERS} times over; unpack it first")
    inner = compressed.unpack(reader, kind, (place.budget,))
    yield from open_contents(
        inner, dataclasses.replace(place, layers=place.layers + 1, file=None, resume_key="")
    )


def _archive(reader: Reader, place: Place, kind: Kind) -> Events:
    if place.archives >= _MAX_ARCHIVES:
        raise SourceError("this is an archive in an archive in an archive; unpack it and open the folder")
    if kind == Kind.TAR:
        yield from _members(archives.tar_members(reader), place)
    elif place.file is not None:
        place.file.seek(0)
        yield from _members(archives.zip_members(place.file, place.limits, place.budget), place)
    else:
        with archives.spool(reader, place.limits) as file:
            yield from _members(archives.zip_members(file, place.limits, place.budget), place)


def _members(members: Iterator[archives.Member], place: Place) -> Events:
    nothing = True
    for member in members:
        if is_skipped(member.name):
            continue
        nothing = False
        place.count.take()
        name = shown(member.name)
        inner = dataclasses.replace(
            place,
            form=mail_format(name),
            member=f"{place.member}!{name}" if place.member else name,
            archives=place.archives + 1,
            file=None,
            resume_key="",
        )
        try:
            reader = member.open()
        except SourceError as error:
            yield inner.unreadable(error)
        else:
            yield from open_contents(reader, inner)
    if nothing:
        raise SourceError("this archive is empty: it holds no file that may be a mail")
