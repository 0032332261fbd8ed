"""A small log of Postfix, written for the tests."""

from __future__ import annotations

from collections.abc import Iterator

_REPLIES = (
    ("sent", "250 2.0.0 OK", "2.0.0"),
    ("sent", "250 2.0.0 OK", "2.0.0"),
    (
        "bounced",
        "host mx.example.com[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
        "5.1.1",
    ),
    (
        "deferred",
        "host mx.example.com[192.0.2.1] said: 450 4.2.0 Greylisted (in reply to RCPT TO command)",
        "4.2.0",
    ),
    (
        "bounced",
        "host mx.example.com[192.0.2.1] said: 552 5.2.2 Mailbox full (in reply to RCPT TO command)",
        "5.2.2",
    ),
    ("bounced", "host mx.example.com[192.0.2.1] said: 554 5.7.1 Blocked using zen.spamhaus.org", "5.7.1"),
)
DOMAINS = 14


def _lines(hours: range) -> Iterator[str]:
    for hour in hours:
        for number in range(40):
            time = f"2026-11-{23 + hour // 24:02d}T{hour % 24:02d}:{number:02d}:00.000000+00:00 mail"
            queue = f"4Bc{hour:02d}x{number:02d}zRtY"
            status, said, code = _REPLIES[(number * 7 + hour) % len(_REPLIES)]
            domain = f"d{number % DOMAINS}.example.org"
            yield f"{time} postfix/qmgr[12]: {queue}: from=<news@example.net>, size=900, nrcpt=1 (queue active)"
            yield (
                f"{time} postfix/smtp[13]: {queue}: to=<user{number}@{domain}>, relay=mx.example.com[192.0.2.1]:25, "
                f"delay=1, delays=0/0/0/1, dsn={code}, status={status} ({said})"
            )


LOG = "\n".join(_lines(range(4))) + "\n"
LATER = "\n".join(_lines(range(4, 30))) + "\n"
