"""Policies with a state: mailboxes, quotas, greylisting, rates, accounts, and checks of the client by DNS.

Settings are TOML; every part may be left out::

    domains = ["example.com"]            # others are refused: this server relays nothing
    unknown = "reject"                   # recipients without a mailbox; or "accept"
    recipients = 10                      # of one message
    connections = 5                      # of one address at the same time
    storage = 1000000                    # octets of all messages
    blocked = ["192.0.2.9"]              # addresses on a blocklist
    require = ["tls", "auth", "ptr", "spf", "dkim", "dmarc"]

    [greylist]
    wait = 60                            # seconds until a sender and recipient are taken
    expire = 14400                       # seconds until the first attempt is forgotten

    [rate]
    messages = 10                        # of one address
    per = 60                             # seconds

    [accounts]
    ann = "secret"

    [mailbox."bob@example.com"]
    quota = 2000                         # octets
    state = "disabled"                   # or "moved" or "forward", with to = "new@example.net"
"""

from __future__ import annotations

import tomllib
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from bouncewise.checks.dns import Resolver
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.subject import Subject
from bouncewise.reply.model import EnhancedCode, Reply
from bouncewise.sandbox.answer import Answer
from bouncewise.sandbox.peer import Asked
from bouncewise.sandbox.words import Words
from bouncewise.smtp.events import Connected, Content, Event, Proven, Recipient, Sender

MAX_REMEMBERED = 10_000
Clock = Callable[[], float]
Decision = Answer | Awaitable[Answer | None] | None


class PolicyError(ValueError):
    """Settings that can't be used; its words name the place."""


class Mailbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mailbox."""

    quota: int = 0
    state: Literal["open", "disabled", "moved", "forward"] = "open"
    to: str = ""


class Greylist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a new sender and recipient have to wait."""

    wait: float = 60.0
    expire: float = 14_400.0


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many messages of one address in so many seconds."""

    messages: int
    per: float = 60.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sandbox demands; the module says what each field means."""

    domains: tuple[str, ...] = ()
    unknown: Literal["accept", "reject"] = "accept"
    recipients: int = 0
    connections: int = 0
    storage: int = 0
    blocked: tuple[str, ...] = ()
    require: tuple[Literal["tls", "auth", "ptr", "spf", "dkim", "dmarc"], ...] = ()
    greylist: Greylist | None = None
    rate: Rate | None = None
    accounts: dict[str, str] = {}
    mailbox: dict[str, Mailbox] = {}

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read settings.

        Raises:
            PolicyError: they can't be used.
        """
        try:
            return cls.of(tomllib.loads(path.read_text(encoding="utf-8")), f"{path}: ")
        except OSError as error:
            raise PolicyError(f"{path}: can't be read: {error.strerror}") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise PolicyError(f"{path}: {error}") from None

    @classmethod
    def of(cls, data: dict[str, Any], place: str = "") -> Settings:
        """Settings out of their data.

        Args:
            data: as TOML gives it.
            place: what an error begins with.

        Raises:
            PolicyError: they can't be used.
        """
        try:
            return msgspec.convert(data, cls)
        except msgspec.ValidationError as error:
            raise PolicyError(f"{place}{error}") from None


class Policies:
    """Decides by settings and by what came before.

    Args:
        settings: the demands.
        words: has the replies.
        provider: in whose words.
        clock: seconds that only rise.
        resolver: for checks of the client, or None.
    """

    def __init__(
        self,
        settings: Settings,
        words: Words,
        provider: str = "",
        *,
        clock: Clock,
        resolver: Resolver | None = None,
    ) -> None:
        self.settings = settings
        self._words = words
        self._provider = provider
        self._clock = clock
        self._resolver = resolver
        self._first_seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()
        self._used: dict[str, int] = {}
        self._stored = 0
        self._connections: dict[str, int] = {}

    def opened(self, ip: str) -> None:
        """A connection was made."""
        self._connections[ip] = self._connections.get(ip, 0) + 1

    def closed(self, ip: str) -> None:
        """A connection is gone."""
        left = self._connections.get(ip, 1) - 1
        if left > 0:
            self._connections[ip] = left
        else:
            self._connections.pop(ip, None)

    def kept(self, recipients: list[str], size: int) -> None:
        """A message was taken."""
        self._stored += size
        for recipient in recipients:
            self._used[recipient.lower()] = self._used.get(recipient.lower(), 0) + size

    def decide(self, asked: Asked) -> Decision:
        """The answer, or None where nothing speaks against it; a coroutine where DNS has to be asked."""
        decide = _DECIDE.get(type(asked.event))
        return decide(self, asked) if decide else None

    def waits(self, asked: Asked, wait: float, expire: float) -> bool:
        """Whether sender and recipient have to wait still, from their first attempt on."""
        key = (asked.peer.ip, asked.sender.lower(), asked.to.lower())
        now = self._clock()
        first = self._first_seen.get(key)
        if first is None or now - first > expire:
            self._first_seen[key] = now
            self._first_seen.move_to_end(key)
            while len(self._first_seen) > MAX_REMEMBERED:
                self._first_seen.popitem(last=False)
            return True
        return now - first < wait

    def _say(self, cause: str, asked: Asked, by: str) -> Answer:
        reply = self._words.reply(cause, self._provider, ip=asked.peer.ip, sender=asked.sender)
        return Answer(reply=reply, by=f"policy {by}")

    def _connected(self, asked: Asked) -> Decision:
        limit = self.settings.connections
        if limit and self._connections.get(asked.peer.ip, 0) > limit:
            return self._say("too-many-connections", asked, "connections")
        return None

    def _proven(self, asked: Asked) -> Decision:
        event = asked.event
        assert isinstance(event, Proven)
        password = self.settings.accounts.get(event.claim.user)
        right = event.claim.proves(password if password is not None else "")
        return None if right and password is not None else self._say("auth-failed", asked, "accounts")

    def _sender(self, asked: Asked) -> Decision:
        rate = self.settings.rate
        if rate and len(self._recent(asked.peer.ip, rate.per)) >= rate.messages:
            return self._say("rate-limited", asked, "rate")
        if {"spf", "ptr"} & set(self.settings.require):
            return self._checked_sender(asked)
        return None

    def _recipient(self, asked: Asked) -> Decision:
        return self._of_session(asked) or self._of_address(asked)

    def _of_session(self, asked: Asked) -> Answer | None:
        """Whether the client may give this recipient at all."""
        settings, peer = self.settings, asked.peer
        domain = asked.to.rpartition("@")[2].lower()
        if peer.ip in settings.blocked:
            return self._say("ip-blocklisted", asked, "blocked")
        if settings.domains and domain not in settings.domains and not peer.session.user:
            return self._say("relay-denied", asked, "domains")
        if settings.recipients and len(peer.recipients) >= settings.recipients:
            return self._say("too-many-recipients", asked, "recipients")
        return None

    def _of_address(self, asked: Asked) -> Answer | None:
        box = self.settings.mailbox.get(asked.to.lower())
        if box is None and self.settings.unknown == "reject":
            return self._say("recipient-unknown", asked, "mailbox")
        if box is not None and (answer := self._of_mailbox(box, asked)):
            return answer
        grey = self.settings.greylist
        if grey and self.waits(asked, grey.wait, grey.expire):
            return self._say("greylisted", asked, "greylist")
        return None

    def _of_mailbox(self, box: Mailbox, asked: Asked) -> Answer | None:
        if box.state == "disabled":
            return self._say("recipient-disabled", asked, "mailbox")
        if box.state == "moved":
            words = f"user has moved; please try <{box.to}>"
            return Answer(reply=Reply(551, EnhancedCode(5, 1, 6), (words,)), by="policy mailbox")
        if box.quota and self._used.get(asked.to.lower(), 0) >= box.quota:
            return self._say("mailbox-full", asked, "quota")
        if box.state == "forward":
            words = f"user not local; will forward to <{box.to}>"
            return Answer(reply=Reply(251, EnhancedCode(2, 1, 6), (words,)), by="policy mailbox")
        return None

    def _content(self, asked: Asked) -> Decision:
        size = len(asked.octets)
        if self.settings.storage and self._stored + size > self.settings.storage:
            return self._say("system-full", asked, "storage")
        for recipient in asked.peer.recipients:
            box = self.settings.mailbox.get(recipient.lower())
            if box and box.quota and self._used.get(recipient.lower(), 0) + size > box.quota:
                return self._say("mailbox-full", asked, "quota")
        if {"dkim", "dmarc"} & set(self.settings.require):
            return self._checked_content(asked)
        self._note(asked.peer.ip)
        return None

    def _recent(self, ip: str, per: float) -> deque[float]:
        times = self._taken.setdefault(ip, deque())
        while times and times[0] <= self._clock() - per:
            times.popleft()
        while len(self._taken) > MAX_REMEMBERED:
            self._taken.popitem(last=False)
        return times

    def _note(self, ip: str) -> None:
        if self.settings.rate:
            self._recent(ip, self.settings.rate.per).append(self._clock())

    # -- by DNS -------------------------------------------------------------------------------------------

    async def _checked_sender(self, asked: Asked) -> Answer | None:
        from bouncewise.checks.reverse.ptr import check_reverse_dns  # noqa: PLC0415 - where asked for only
        from bouncewise.checks.spf.check import check_spf  # noqa: PLC0415

        assert self._resolver is not None
        subject = _subject(asked)
        if "ptr" in self.settings.require and _failed(await check_reverse_dns(subject, self._resolver)):
            return self._say("ptr-missing", asked, "ptr")
        if "spf" in self.settings.require and _failed(await check_spf(subject, self._resolver)):
            return self._say("spf-failed", asked, "spf")
        return None

    async def _checked_content(self, asked: Asked) -> Answer | None:
        from bouncewise.checks.run import Means, run_checks  # noqa: PLC0415 - where asked for only

        assert self._resolver is not None
        subject = msgspec.structs.replace(_subject(asked), domain=_author(asked), message=asked.octets)
        found = await run_checks(("dkim", "dmarc"), subject, Means(self._resolver, self._clock(), {}))
        by_name = {finding.check: finding for finding in found}
        if "dkim" in self.settings.require and _failed(by_name["dkim"]):
            return self._say("dkim-failed", asked, "dkim")
        if "dmarc" in self.settings.require and _failed(by_name["dmarc"]) and _refuses(by_name["dmarc"]):
            return self._say("dmarc-failed", asked, "dmarc")
        self._note(asked.peer.ip)
        return None


def _subject(asked: Asked) -> Subject:
    sender = asked.sender
    return Subject(
        domain=sender.rpartition("@")[2].lower(), ip=asked.peer.ip, mail_from=sender, helo=asked.peer.helo
    )


def _author(asked: Asked) -> str:
    return asked.headers.get("from", "").rpartition("@")[2].strip(" >\r\n").lower()


def _failed(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL


def _refuses(finding: Finding) -> bool:
    return finding.facts.get("policy") in ("reject", "quarantine")


_DECIDE: dict[type[Event], Callable[[Policies, Asked], Decision]] = {
    Connected: Policies._connected,
    Proven: Policies._proven,
    Sender: Policies._sender,
    Recipient: Policies._recipient,
    Content: Policies._content,
}
