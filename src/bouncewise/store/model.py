"""What the store keeps of a delivery, and by what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import msgspec

from bouncewise.report.tally import OUTCOMES, Outcome

HOUR = 3600
DAY = 86_400


class StoreError(Exception):
    """The store can't be used; its words say why and what to do."""


class Dim(IntEnum):
    """What deliveries are counted by. The numbers stand in databases and never change."""

    ALL = 0
    PROVIDER = 1
    DOMAIN = 2
    IP = 3
    SENDER_DOMAIN = 4
    CLIENT = 5
    TEMPLATE = 6
    CODE = 7
    ENHANCED = 8
    BLOCKLIST = 9


COLUMNS = (
    "key", "at", "outcome", "kind", "cause", "provider", "code", "enhanced", "reply", "phase", "recipient",
    "domain", "sender", "ip", "client", "host", "remote_ip", "queue_id", "message_id", "queue_age", "status",
    "feedback_type", "note", "format", "path", "line", "template",
)  # fmt: skip


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A delivery as the store keeps it.

    Attributes:
        values: of ``COLUMNS``.
        dims: the names it is counted by, besides all, each with the number of its dimension.
        template: of a failure's reply, or "".
    """

    values: tuple[Any, ...]
    dims: tuple[tuple[int, str], ...]
    template: str = ""


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which deliveries are meant; "" sets no limit.

    Attributes:
        since: Unix seconds of the first that counts; 0 for no limit.
        until: Unix seconds of the first that counts no more; 0 for no limit.
        outcome: ``delivered``, ``deferred``, ``bounced``, ``expired``, ``rejected`` or ``complaint``.
        cause: slug of a cause.
        provider: id of a provider.
        domain: of the recipient.
        ip: that the mail was sent from.
        sender_domain: of the sender.
        recipient: the whole address.
        template: of the reply.
    """

    since: int = 0
    until: int = 0
    outcome: str = ""
    cause: str = ""
    provider: str = ""
    domain: str = ""
    ip: str = ""
    sender_domain: str = ""
    recipient: str = ""
    template: str = ""

    @property
    def outcome_number(self) -> int | None:
        """The outcome as it is kept, or None.

        Raises:
            StoreError: there is no such outcome.
        """
        if not self.outcome:
            return None
        if self.outcome not in OUTCOMES:
            raise StoreError(f"there is no outcome {self.outcome!r}; {', '.join(OUTCOMES)} are known")
        return int(Outcome(OUTCOMES.index(self.outcome)))

    def before(self) -> Filter:
        """The same for the period before, which is as long."""
        length = self.until - self.since
        return msgspec.structs.replace(self, since=self.since - length, until=self.since)

    def counted_by(self) -> Mapping[Dim, str]:
        """The names that counts are limited to."""
        told = {
            Dim.PROVIDER: self.provider,
            Dim.DOMAIN: self.domain,
            Dim.IP: self.ip,
            Dim.SENDER_DOMAIN: self.sender_domain,
            Dim.TEMPLATE: self.template,
        }
        return {dim: name for dim, name in told.items() if name}
