"""Writes logs of Postfix as they are in the field, from a seed, and says what stands in them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

BEGIN = datetime(2026, 11, 20, 6, 0, 0)
SENDERS = ("shop@example.com", "News@example.net", "alice@example.org", "", "bob@office.example.com")
DOMAINS = ("example.com", "example.org", "mail.example.net", "Example.COM", "gmail.com", "outlook.com")
HOSTS = {
    "gmail.com": "gmail-smtp-in.l.google.com",
    "outlook.com": "outlook-com.olc.protection.outlook.com",
}
BOUNCES = (
    "550 5.1.1 <{to}>: Recipient address rejected: User unknown",
    "552 5.2.2 <{to}>: mailbox full",
    "550-5.7.1 Our system has detected that this message is likely unsolicited mail. 550 5.7.1 sorry",
    "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.example.org",
    "571 wibble wobble {number}",
)
DEFERRALS = (
    "450 4.2.0 <{to}>: Recipient address rejected: Greylisted, see http://postgrey.example.org",
    "421 4.7.0 Try again later, closing connection.",
    "452 4.2.2 The email account that you tried to reach is over quota",
)
OTHERS = (
    ("dovecot", "imap-login: Login: user=<alice>, method=PLAIN, rip=192.0.2.33, lip=192.0.2.1, TLS"),
    ("CRON[4711]", "(root) CMD (test -x /usr/sbin/anacron)"),
    ("opendkim[99]", "ABCDEF: DKIM-Signature field added (s=mail, d=example.com)"),
    ("sshd[8]", "Failed password for root from 192.0.2.66 port 22 ssh2"),
)


@dataclass
class Made:
    """A log and what is in it.

    Attributes:
        lines: in the order of their times.
        outcomes: how many deliveries came to what.
        senders: of what was no refusal, by the sender's domain in small letters.
        domains: the same by the recipient's domain.
        clients: the same by who handed the message over, where somebody did.
        foreign: lines of programs that send no mail.
    """

    lines: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    senders: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    foreign: int = 0

    @property
    def text(self) -> str:
        """The whole log."""
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def data(self) -> bytes:
        """The whole log."""
        return self.text.encode()

    def totals(self) -> dict[str, int]:
        """The counts as a report has them."""
        names = ("delivered", "deferred", "bounced", "expired", "rejected", "complaint")
        return {name: self.outcomes[name] for name in names}


class Writer:
    """Writes one log.

    Args:
        seed: of what is random.
        begin: time of the first line.
        iso: times with a year and an offset in place of syslog's.
        reuse: one message in so many gets the queue id of one that is gone; 0 for none.
    """

    def __init__(self, seed: int, begin: datetime = BEGIN, *, iso: bool = False, reuse: int = 40) -> None:
        self._random = Random(seed)
        self._begin = begin
        self._iso = iso
        self._reuse = reuse
        self._number = 0
        self._gone: list[tuple[datetime, str]] = []
        self._timed: list[tuple[datetime, int, str]] = []
        self.made = Made()

    def write(self, messages: int) -> Made:
        """The log of so many messages."""
        at = self._begin
        for number in range(messages):
            at += timedelta(seconds=self._random.randint(0, 90))
            if number % 7 == 3:
                program, words = self._random.choice(OTHERS)
                self._line(at, program, words)
                self.made.foreign += program != "dovecot"
            if number % 11 == 5:
                self._refuse(at)
            self._message(at)
        # lines of one second stand in the order in which they came about
        self.made.lines = [line for _, _, line in sorted(self._timed)]
        return self.made

    def _line(self, at: datetime, program: str, words: str) -> None:
        stamp = f"{at:%b} {at.day:>2} {at:%H:%M:%S}"
        if self._iso:
            stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}+01:00"
        self._timed.append((at, len(self._timed), f"{stamp} mx1 {program}: {words}"))

    def _postfix(self, at: datetime, daemon: str, words: str) -> None:
        self._line(at, f"postfix/{daemon}[{self._random.randint(100, 32_000)}]", words)

    def _refuse(self, at: datetime) -> None:
        address = f"192.0.2.{self._random.randint(1, 9)}"
        self._postfix(
            at,
            "smtpd",
            f"NOQUEUE: reject: RCPT from unknown[{address}]: 554 5.7.1 <x@example.net>: Relay access denied; "
            f"from=<spam@example.org> to=<x@example.net> proto=ESMTP helo=<x>",
        )
        self.made.outcomes["rejected"] += 1

    def _id(self, at: datetime) -> str:
        if self._reuse and self._number % self._reuse == self._reuse - 1:
            for place, (end, known) in enumerate(self._gone):
                if end < at:
                    self._gone.pop(place)
                    return known
        return f"{0xA0000 + self._random.randint(0, 0xFFFF):05X}{self._number:05X}"

    def _message(self, at: datetime) -> None:
        random = self._random
        self._number += 1
        queue_id = self._id(at)
        sender = random.choice(SENDERS)
        domain = sender.rpartition("@")[2].lower() or "<>"
        recipients = [
            f"user{random.randint(1, 60)}.{place}@{random.choice(DOMAINS)}"
            for place in range(random.choice((1, 1, 1, 2, 5)))
        ]
        client = f"host{random.randint(1, 4)}.example.org[192.0.2.{random.randint(10, 14)}]"
        if not sender:
            client = ""
        elif random.random() < 0.4:
            client += f", sasl_method=PLAIN, sasl_username=user{random.randint(1, 5)}"
        if client:
            self._postfix(at, "smtpd", f"{queue_id}: client={client}")
        self._postfix(at, "cleanup", f"{queue_id}: message-id=<{self._number}.{queue_id}@example.com>")
        queued = f"{queue_id}: from=<{sender}>, size={random.randint(500, 90_000)}, nrcpt={len(recipients)}"
        waiting = recipients
        age = 0.0
        for _ in range(random.choice((1, 2, 3))):
            now = at + timedelta(seconds=age)
            self._postfix(now, "qmgr", f"{queued} (queue active)")
            waiting = [
                recipient
                for recipient in waiting
                if not self._try(now, queue_id, recipient, domain, client, age)
            ]
            if not waiting:
                break
            age += random.choice((300, 1800, 20_000))
        end = at + timedelta(seconds=age)
        if waiting:
            self._postfix(end, "qmgr", f"{queue_id}: from=<{sender}>, status=expired, returned to sender")
            for recipient in waiting:
                self._count("expired", recipient, domain, client)
        self._postfix(end, "qmgr", f"{queue_id}: removed")
        self._gone.append((end + timedelta(seconds=5), queue_id))

    def _try(self, at: datetime, queue_id: str, recipient: str, sender: str, client: str, age: float) -> bool:
        """One attempt; whether it was the last one for this recipient."""
        random = self._random
        host = HOSTS.get(recipient.rpartition("@")[2], "mx.example.org")
        address = f"192.0.2.{random.randint(200, 220)}"
        chance = random.random()
        if chance < 0.6:
            status, dsn, words = "sent", "2.0.0", "250 2.0.0 Ok: queued as 12345"
        elif chance < 0.75:
            status, dsn = "bounced", "5.0.0"
            words = random.choice(BOUNCES).format(to=recipient, number=random.randint(1, 10_000))
        else:
            status, dsn, words = "deferred", "4.0.0", random.choice(DEFERRALS).format(to=recipient)
        if status != "sent":
            words = f"host {host}[{address}] said: {words} (in reply to RCPT TO command)"
            if status == "deferred" and random.random() < 0.3:
                words = f"connect to {host}[{address}]:25: Connection timed out"
        alias = f" orig_to=<all@{recipient.rpartition('@')[2]}>," if random.random() < 0.1 else ""
        use = f"conn_use={random.randint(2, 9)}, " if random.random() < 0.2 else ""
        relay = f"{host}[{address}]:25"
        daemon = "smtp"
        if status == "sent" and random.random() < 0.15:
            daemon, relay, words = "local", "local", "delivered to mailbox"
        seconds = age + random.randint(1, 90) / 10
        self._postfix(
            at,
            daemon,
            f"{queue_id}: to=<{recipient}>,{alias} relay={relay}, {use}delay={seconds:.1f}, "
            f"delays={seconds:.1f}/0.01/0.1/0.2, dsn={dsn}, status={status} ({words})",
        )
        self._count({"sent": "delivered"}.get(status, status), recipient, sender, client)
        return status != "deferred"

    def _count(self, outcome: str, recipient: str, sender: str, client: str) -> None:
        self.made.outcomes[outcome] += 1
        self.made.senders[sender] += 1
        if client:
            peer, user = client.split(",", maxsplit=1)[0], client.rpartition("sasl_username=")
            self.made.clients[user[2] if user[1] else peer] += 1
        self.made.domains[recipient.rpartition("@")[2].lower()] += 1


def make_log(
    seed: int, messages: int = 400, begin: datetime = BEGIN, *, iso: bool = False, reuse: int = 40
) -> Made:
    """A log of so many messages; see ``Writer``."""
    return Writer(seed, begin, iso=iso, reuse=reuse).write(messages)
