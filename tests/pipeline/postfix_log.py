"""A log of Postfix of any size, made for tests: retries, failures, refusals, used-again queue ids, other programs."""

from __future__ import annotations

import random

HOSTS = ("mx1.example.net", "mx2.example.org", "gmail-smtp-in.l.google.com", "mta5.am0.yahoodns.net")
FAILURES = (
    ("bounced", "5.1.1", "550 5.1.1 <{to}>: Recipient address rejected: User unknown", "RCPT TO"),
    ("bounced", "5.7.1", "554 5.7.1 Message rejected as spam", "end of DATA"),
    ("deferred", "4.7.1", "451 4.7.1 Greylisted, please try again later", "RCPT TO"),
    ("deferred", "4.2.2", "452-4.2.2 The mailbox is full 452 4.2.2 try again later", "RCPT TO"),
)
OTHERS = (
    "dovecot: imap-login: Login: user=<bob@example.com>, method=PLAIN, rip=192.0.2.7",
    "CRON[4242]: (root) CMD (run-parts /etc/cron.hourly)",
    "postfix/smtpd[4506]: connect from client.example.com[192.0.2.99]",
    "postfix/anvil[4507]: statistics: max connection rate 1/60s for (smtp:192.0.2.99) at Nov 23 17:40:00",
)


class Writer:
    """Writes the lines of one server.

    Args:
        seed: the same gives the same log.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._second = 0
        self.lines: list[str] = []

    def _line(self, text: str) -> None:
        self._second += self._random.randrange(3)
        minutes, seconds = divmod(self._second, 60)
        hours, minutes = divmod(minutes, 60)
        self.lines.append(f"Nov {23 + hours // 24} {hours % 24:02}:{minutes:02}:{seconds:02} mail1 {text}")

    def message(self, number: int) -> None:
        """One message from its coming to its end."""
        pick = self._random
        queue_id = f"4A{number % 700:05X}"  # so that ids come again
        sender = pick.choice(("", "shop@example.com", f"bounce+{number}@news.example.com"))
        if sender:
            self._line(f"postfix/smtpd[4506]: {queue_id}: client=app{number % 3}.example.com[192.0.2.10]")
        self._line(f"postfix/cleanup[4508]: {queue_id}: message-id=<m{number}@example.com>")
        recipients = [f"user{pick.randrange(50)}@example.{pick.choice(('net', 'org'))}" for _ in range(2)]
        waiting = list(dict.fromkeys(recipients))
        for attempt in range(3):
            self._line(
                f"postfix/qmgr[4464]: {queue_id}: from=<{sender}>, size={number}, nrcpt=2 (queue active)"
            )
            waiting = [to for to in waiting if self._attempt(queue_id, to, attempt)]
            if pick.random() < 0.3:
                self._line(pick.choice(OTHERS))
            if not waiting:
                break
        if waiting:
            self._line(f"postfix/qmgr[4464]: {queue_id}: from=<{sender}>, status=expired, returned to sender")
        self._line(f"postfix/qmgr[4464]: {queue_id}: removed")

    def _attempt(self, queue_id: str, to: str, attempt: int) -> bool:
        """Whether the recipient waits on."""
        pick = self._random
        host = pick.choice(HOSTS)
        head = f"postfix/smtp[4510]: {queue_id}: to=<{to}>, relay={host}[192.0.2.25]:25, delay={attempt * 300 + 1}.2, delays=0/0/0.5/0.7, "
        if pick.random() < 0.7:
            self._line(f"{head}dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {pick.randrange(10**6)})")
            return False
        status, dsn, reply, command = pick.choice(FAILURES)
        said = reply.format(to=to)
        self._line(
            f"{head}dsn={dsn}, status={status} (host {host}[192.0.2.25] said: {said} (in reply to {command} command))"
        )
        return status == "deferred"

    def refusal(self, number: int) -> None:
        """A client that is refused."""
        self._line(
            f"postfix/smtpd[4506]: NOQUEUE: reject: RCPT from unknown[192.0.2.{number % 250}]: 554 5.7.1 Service "
            f"unavailable; Client host [192.0.2.{number % 250}] blocked using zen.spamhaus.org; "
            f"from=<x{number}@example.net> to=<bob@example.com> proto=ESMTP helo=<x>"
        )


def postfix_log(messages: int, seed: int = 1) -> bytes:
    """A log of so many messages.

    Args:
        messages: how many.
        seed: the same gives the same log.
    """
    writer = Writer(seed)
    for number in range(messages):
        writer.message(number)
        if number % 5 == 0:
            writer.refusal(number)
    return "".join(f"{line}\n" for line in writer.lines).encode()
