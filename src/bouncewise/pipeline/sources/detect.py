"""Tell by the first octets what a file holds; names are not asked."""

from __future__ import annotations

import re
from enum import StrEnum

from bouncewise.pipeline.sources.mbox import begins_mbox

LOOK = 4096  # octets that are needed to tell


class Kind(StrEnum):
    """What a file holds."""

    EMPTY = "empty"
    MAIL = "mail"
    MBOX = "mbox"
    MSG = "msg"
    ZIP = "zip"
    TAR = "tar"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    ZSTD = "zstd"
    FOREIGN = "foreign"


UNPACKED = frozenset({Kind.GZIP, Kind.BZIP2, Kind.XZ, Kind.ZSTD})
_MAGIC = (
    (b"\x1f\x8b", Kind.GZIP),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"PK\x07\x08", Kind.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.MSG),
)
_PATTERNS = (
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), Kind.BZIP2),
    (re.compile(rb"[\x50-\x5f]\x2a\x4d\x18"), Kind.ZSTD),  # a frame to be skipped
)
# What people take for a mailbox and what to do with it
_FOREIGN = (
    (b"!BDN", "an Outlook data file (PST, OST): unpack it with readpst -e and open the folder"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and open the folder"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it and open the folder"),
    (b"\x1f\x9d", "packed with compress: unpack it with uncompress"),
    (b"\x04\x22\x4d\x18", "packed with lz4: unpack it with lz4 -d"),
    (b"\xcf\xad\x12\xfe", "an Outlook Express mailbox: export its mails as .eml files"),
    (b"%PDF-", "a PDF document, no mail: save the mail itself as .eml"),
    (b"SQLite format 3\x00", "an SQLite database, no mail: export the mails as .eml files"),
)
_HEADER = re.compile(rb"[!-9;-~]{1,76}:[ \t]?[^\r\n]*(?:[\r\n]|\Z)")
_MAIL_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,75}:[ \t][^\r\n]*[\r\n]")
BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def detect(data: bytes) -> Kind:
    """What a file holds.

    Args:
        data: its first ``LOOK`` octets, or all where there are fewer.
    """
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    for pattern, kind in _PATTERNS:
        if pattern.match(data):
            return kind
    if _is_tar(data):
        return Kind.TAR
    if begins_mbox(data.removeprefix(BOM)):
        return Kind.MBOX
    if foreign(data):
        return Kind.FOREIGN
    return Kind.MAIL if data else Kind.EMPTY


def foreign(data: bytes) -> str:
    """What to do with a file that holds no mail; empty where it may hold one.

    Args:
        data: as in ``detect``.
    """
    for magic, words in _FOREIGN:
        if data.startswith(magic):
            return f"this is {words}"
    if b"\x00" in data[:1024] and not data.startswith(UTF16) and not begins_header(data):
        return "this is no mail but binary data; give mails, mailboxes or archives of them"
    return ""


def begins_header(data: bytes, at: int = 0) -> bool:
    """Whether a header field stands at a place (RFC 5322 section 2.2)."""
    return _HEADER.match(data, at) is not None


def begins_mail(data: bytes) -> bool:
    """Whether a file begins with a header field of a name that mails have and logs do not.

    Args:
        data: as in ``detect``.
    """
    return _MAIL_FIELD.match(data.removeprefix(BOM)) is not None


def _is_tar(data: bytes) -> bool:
    """Whether octets begin with the header of a tar member: its checksum is right (POSIX ustar)."""
    header = data[:512]
    if len(header) < 512 or not header[0]:
        return False
    field = header[148:156].strip(b" \x00")
    if not re.fullmatch(rb"[0-7]{1,7}", field):
        return False
    return int(field, 8) == sum(header) - sum(header[148:156]) + 8 * 0x20
