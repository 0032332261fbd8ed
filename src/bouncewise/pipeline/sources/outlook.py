"""Turn an Outlook .msg file into a mail as RFC 5322 has it.

Outlook takes mails apart. Of a bounce it often keeps no delivery status but writes what it said to
properties of the recipients (MS-OXOMSG section 2.2.3): from these a delivery status is written
again (RFC 3464), with the words of the server in ``Diagnostic-Code``.
"""

from __future__ import annotations

import email.utils
import hashlib
import re
from email.header import Header

from bouncewise.pipeline.sources.model import SourceError, plain
from bouncewise.pipeline.sources.msgfile import Folder, open_msg

_MAX_DEPTH = 8
_HEADERS, _CLASS, _SUBJECT, _BODY, _REPORT_TEXT, _HTML = 0x007D, 0x001A, 0x0037, 0x1000, 0x1001, 0x1013
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_NAME, _ADDRESS, _SMTP, _ROLE = 0x3001, 0x3003, 0x39FE, 0x0C15
_MESSAGE_ID, _SUBMITTED, _DELIVERED = 0x1035, 0x0039, 0x0E06
_NDR_STATUS, _NDR_WORDS, _NDR_DIAGNOSTIC, _REMOTE_MTA, _REPORTING_MTA = 0x0C20, 0x0C1B, 0x0C05, 0x0C21, 0x6820
_ATTACHED, _FILE_NAME, _LONG_NAME, _MIME_TYPE = 0x3701, 0x3704, 0x3707, 0x370E
_DELIVERY_STATUS = re.compile(
    rb"\s*(?:reporting-mta|final-recipient|original-envelope-id|arrival-date):", re.I
)
_MIME_FIELD = re.compile(
    rb"(?im)^(?:content-[\w-]+|mime-version):[^\r\n]*(?:\r\n|\n|\Z)(?:[ \t][^\r\n]*(?:\r\n|\n|\Z))*"
)
_REPORT = re.compile(r"(?im)^content-type:\s*multipart/report")
_NOT_DELIVERED = 0xFFFFFFFF


def convert(data: bytes) -> bytes:
    """A .msg file as a mail: its header, its texts, and the attachments that are mails or reports.

    Args:
        data: the file.

    Raises:
        SourceError: it can't be read.
    """
    try:
        return _message(open_msg(data), 0)
    except SourceError:
        raise
    # olefile walks structures that a damaged file makes up; it fails in many ways and names none
    except Exception as error:
        raise SourceError(
            f"this .msg file is damaged ({plain(error)}); save the mail again, as .eml"
        ) from error


def _message(folder: Folder, depth: int) -> bytes:
    parts = _texts(folder)
    report = (
        folder.text(_CLASS).upper().startswith("REPORT.") or _REPORT.search(folder.text(_HEADERS)) is not None
    )
    attached = _attached(folder, depth)
    if report and not any(kind.startswith("message/delivery-status") for kind, _ in attached):
        status = _delivery_status(folder)
        if status:
            parts.append(("message/delivery-status", status))
    parts.extend(attached)
    parts = parts or [("text/plain; charset=utf-8", b"")]
    header = _header(folder)
    if len(parts) == 1 and not attached and not report:
        return header + _part(*parts[0])
    kind = "multipart/report; report-type=delivery-status" if report else "multipart/mixed"
    # no clock and no chance: the same file gives the same mail
    boundary = "=_bouncewise_" + hashlib.sha256(b"".join(body for _, body in parts)).hexdigest()[:32]
    mail = [header, f'Content-Type: {kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        mail += [f"--{boundary}\r\n".encode(), _part(*part), b"\r\n"]
    return b"".join([*mail, f"--{boundary}--\r\n".encode()])


def _part(kind: str, body: bytes) -> bytes:
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + body


def _texts(folder: Folder) -> list[tuple[str, bytes]]:
    """The body as plain text, else as HTML."""
    body = folder.text(_BODY) or folder.text(_REPORT_TEXT)
    if body.strip():
        return [("text/plain; charset=utf-8", body.encode("utf-8", "replace"))]
    octets = folder.octets(_HTML)
    if octets:
        found = re.search(rb"charset\s*=\s*[\"']?([\w-]{1,40})", octets[:4096])
        return [(f"text/html; charset={found[1].decode() if found else 'utf-8'}", octets)]
    html = folder.text(_HTML)
    return [("text/html; charset=utf-8", html.encode("utf-8", "replace"))] if html.strip() else []


def _header(folder: Folder) -> bytes:
    """The header as it came, without the fields on the body, which is written anew; else made up."""
    came = folder.text(_HEADERS)
    if came.strip():
        # Outlook may put a line on the version before the fields
        came = re.sub(r"\A(?:Microsoft Mail Internet Headers[^\r\n]*)?\s+", "", came)
        came = came if came.endswith("\n") else came + "\r\n"
        raw = re.sub(r"\r\n?|\n", "\r\n", came.rstrip("\r\n")).encode("utf-8", "replace") + b"\r\n"
        raw = re.sub(rb"(?:\r\n)(?:[ \t]*\r\n)+", b"\r\n", raw)
        return _MIME_FIELD.sub(b"", raw) + b"MIME-Version: 1.0\r\n"
    sender = folder.text(_SENDER_SMTP) or folder.text(_SENDER_ADDRESS)
    time = folder.time(_SUBMITTED) or folder.time(_DELIVERED)
    to = ", ".join(
        _mailbox(r.text(_NAME), _address(r)) for r in folder.recipients() if r.number(_ROLE) in (1, None)
    )
    fields = {
        "From": _mailbox(folder.text(_SENDER_NAME), sender),
        "To": to,
        "Subject": _words(folder.text(_SUBJECT)),
        "Date": email.utils.format_datetime(time) if time else "",
        "Message-ID": _one_line(folder.text(_MESSAGE_ID)),
        "MIME-Version": "1.0",
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value).encode(
        "utf-8", "replace"
    )


def _delivery_status(folder: Folder) -> bytes:
    """The delivery status that the properties of the recipients keep (RFC 3464 section 2)."""
    mta = _one_line(folder.text(_REPORTING_MTA))
    groups = [f"Reporting-MTA: dns; {mta}\r\n" if mta else "Reporting-MTA: dns; unknown\r\n"]
    failed = "NDR" in folder.text(_CLASS).upper()
    for recipient in folder.recipients():
        words = _one_line(recipient.text(_NDR_WORDS))
        status = recipient.number(_NDR_STATUS)
        if not failed or (not words and status is None and recipient.number(_NDR_DIAGNOSTIC) is None):
            continue
        lines = [f"Final-Recipient: rfc822; {_one_line(_address(recipient))}", "Action: failed"]
        code = _enhanced(status, words)
        remote = _one_line(recipient.text(_REMOTE_MTA))
        lines += [f"Status: {code}"] if code else []
        lines += [f"Remote-MTA: dns; {remote}"] if remote else []
        lines += [f"Diagnostic-Code: smtp; {_reply(words)}"] if words else []
        groups.append("".join(f"{line}\r\n" for line in lines))
    return "\r\n".join(groups).encode("utf-8", "replace") if len(groups) > 1 else b""


def _enhanced(status: int | None, words: str) -> str:
    """The enhanced status code: of the words, else of PidTagNonDeliveryReportStatusCode (511 for 5.1.1)."""
    found = re.search(r"#?\b([245]\.\d{1,3}\.\d{1,3})\b", words)
    if found:
        return found[1]
    digits = str(status) if status not in (None, _NOT_DELIVERED) else ""
    return ".".join(digits) if re.fullmatch(r"[245]\d\d", digits) else ""


def _reply(words: str) -> str:
    """The server's words out of ``<host #5.1.1 smtp; 550 ...>``, the form that Exchange keeps them in."""
    found = re.fullmatch(r"<[^<>;]{0,300}?\b(?:smtp|SMTP)\s?;\s?(.*?)>?", words)
    return found[1] if found and found[1] else words.lstrip("#")


def _attached(folder: Folder, depth: int) -> list[tuple[str, bytes]]:
    """The attachments that are mails, reports or texts."""
    found: list[tuple[str, bytes]] = []
    for attachment in folder.attachments():
        inner = attachment.message()
        if inner is not None:
            if depth < _MAX_DEPTH:
                found.append(("message/rfc822", _message(inner, depth + 1)))
            continue
        body = attachment.octets(_ATTACHED)
        if body:
            kind = _kind(attachment, body)
            found += [(kind, body)] if kind else []
    return found


def _kind(attachment: Folder, body: bytes) -> str:
    """The media type of an attachment that matters; empty for all others."""
    name = (attachment.text(_LONG_NAME) or attachment.text(_FILE_NAME)).lower()
    kind = attachment.text(_MIME_TYPE).lower()
    if kind in (
        "message/delivery-status",
        "message/rfc822",
        "text/rfc822-headers",
        "message/feedback-report",
    ):
        return kind
    if _DELIVERY_STATUS.match(body):
        return "message/delivery-status"
    if name.endswith(".eml"):
        return "message/rfc822"
    return "text/plain; charset=utf-8" if kind == "text/plain" or name.endswith(".txt") else ""


def _address(folder: Folder) -> str:
    return folder.text(_SMTP) or folder.text(_ADDRESS) or folder.text(_NAME)


def _mailbox(name: str, address: str) -> str:
    name, address = _one_line(name), _one_line(address)
    if not address or name == address:
        return address or _words(name)
    return f"{_words(name)} <{address}>" if not name.isascii() else email.utils.formataddr((name, address))


def _words(text: str) -> str:
    text = _one_line(text)
    return text if text.isascii() else Header(text, "utf-8", maxlinelen=10_000).encode()


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x20\x7f]+", " ", text).strip()
