"""What a session takes of a peer before it says no.

Sources: RFC 5321 section 4.5.3.1 (sizes), RFC 4954 section 4 (lines of an authentication exchange).
"""

from __future__ import annotations

import msgspec

KEEP = "keep"
REFUSE = "refuse"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of a server session. A peer may not be refused below what RFC 5321 grants it.

    Attributes:
        command_line: octets of a command with its line end; 512 and what extensions add is the least.
        auth_line: octets of a line of an authentication exchange (RFC 4954 grants 12,288).
        text_line: octets of a line of content with its line end (998 and CRLF); None asks nothing.
        message: octets of a message, told as SIZE; 0 for no limit of its own.
        recipients: of one message (RFC 5321 section 4.5.3.1.8: 100 at least).
        commands: of a session without a message taken; a peer that goes on is shown the door.
        errors: 5yz replies to commands before the session ends.
        bare: what becomes of a CR or LF that stands alone in content: ``refuse`` or ``keep``.
    """

    command_line: int = 2048
    auth_line: int = 12_288
    text_line: int | None = None
    message: int = 52_428_800
    recipients: int = 1000
    commands: int = 10_000
    errors: int = 20
    bare: str = REFUSE
