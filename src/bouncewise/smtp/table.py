"""Which command may come in which state, and where it leads.

Sources: RFC 5321 section 4.1.4 (order of commands), 3.1 (a greeting of 554), RFC 3030 section 2 (BDAT),
RFC 3207 section 4 (STARTTLS), RFC 4954 section 4 (AUTH: once, and not inside a transaction).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bouncewise.smtp.command import Verb


class State(StrEnum):
    """Where a session stands between two commands."""

    GREETED = "greeted"  # greeted, no EHLO yet
    READY = "ready"  # EHLO was taken, no transaction
    SENDER = "sender"  # MAIL was taken
    RECIPIENTS = "recipients"  # at least one RCPT was taken
    CHUNKS = "chunks"  # a chunk was taken that was not the last
    SPOILT = "spoilt"  # a chunk was refused: only RSET leads on (RFC 3030 section 2)
    SHUT = "shut"  # greeted with 5yz: only QUIT is taken
    ENDED = "ended"


class Refusal(msgspec.Struct, frozen=True):
    """A command that may not come now, and the reply to it."""

    code: int
    enhanced: str
    says: str


_HELLO_FIRST = Refusal(503, "5.5.1", "send EHLO first")
_MAIL_FIRST = Refusal(503, "5.5.1", "send MAIL first")
_NESTED = Refusal(503, "5.5.1", "a transaction is open; RSET ends it")
_NO_RECIPIENTS = Refusal(554, "5.5.1", "no valid recipients")
_CHUNKS_BEGUN = Refusal(503, "5.5.1", "BDAT has begun; only BDAT or RSET may follow")
_SPOILT = Refusal(503, "5.5.1", "a chunk was refused; RSET first")
_SHUT = Refusal(503, "5.5.1", "no service here; QUIT")

S, V = State, Verb
_ANYTIME = (V.NOOP, V.RSET, V.HELP, V.QUIT, V.EHLO, V.HELO)
_OPEN = (S.GREETED, S.READY, S.SENDER, S.RECIPIENTS, S.CHUNKS, S.SPOILT)
_LOOKUPS = (V.VRFY, V.EXPN)
_TRANSACTION = (V.MAIL, V.RCPT, V.DATA, V.BDAT)

# Every state and verb has its place: None means that the command is carried out.
TABLE: dict[tuple[State, Verb], Refusal | None] = {
    **{(state, verb): None for state in _OPEN for verb in (*_ANYTIME, *_LOOKUPS)},
    **{(S.GREETED, verb): _HELLO_FIRST for verb in (*_TRANSACTION, V.AUTH)},
    **{(state, V.STARTTLS): _NESTED for state in _OPEN},
    (S.GREETED, V.STARTTLS): _HELLO_FIRST,
    (S.READY, V.STARTTLS): None,
    **{(state, V.AUTH): _NESTED for state in _OPEN[2:]},
    (S.READY, V.AUTH): None,
    (S.READY, V.MAIL): None,
    **{(S.READY, verb): _MAIL_FIRST for verb in (V.RCPT, V.DATA, V.BDAT)},
    (S.SENDER, V.MAIL): _NESTED,
    (S.SENDER, V.RCPT): None,
    (S.SENDER, V.DATA): _NO_RECIPIENTS,
    (S.SENDER, V.BDAT): _NO_RECIPIENTS,
    (S.RECIPIENTS, V.MAIL): _NESTED,
    **{(S.RECIPIENTS, verb): None for verb in (V.RCPT, V.DATA, V.BDAT)},
    **{(S.CHUNKS, verb): _CHUNKS_BEGUN for verb in (V.MAIL, V.RCPT, V.DATA)},
    (S.CHUNKS, V.BDAT): None,
    **{(S.SPOILT, verb): _SPOILT for verb in _TRANSACTION},
    **{(S.SHUT, verb): _SHUT for verb in Verb},
    (S.SHUT, V.QUIT): None,
    **{(S.ENDED, verb): _SHUT for verb in Verb},
}
