"""A server session: every command in every state, and content that must not end where it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.reply.model import EnhancedCode, Reply
from bouncewise.reply.parse import parse_reply
from bouncewise.smtp import sasl
from bouncewise.smtp.command import Verb
from bouncewise.smtp.events import Content, Event, Hello, Proven, Recipient, Sender, TlsWanted
from bouncewise.smtp.limits import KEEP, Limits
from bouncewise.smtp.offer import Offer
from bouncewise.smtp.server import ServerSession
from bouncewise.smtp.table import TABLE, State

OFFER = Offer(host="mx.example.com", starttls=True)
PASSWORDS = {"ann": "secret"}


def _exchange(mechanism: str) -> sasl.Exchange:
    makers = {
        "PLAIN": sasl.plain,
        "LOGIN": sasl.login,
        "CRAM-MD5": lambda: sasl.cram_md5(b"<1@mx.example.com>"),
        "SCRAM-SHA-256": lambda: sasl.scram_sha_256("server", sasl.Scram(b"salt", 64), PASSWORDS.get),
        "OAUTHBEARER": sasl.bearer,
        "XOAUTH2": sasl.bearer,
    }
    return makers[mechanism]()


def run(
    session: ServerSession, data: bytes, *, step: int = 0, refuse: type[Event] | None = None
) -> list[Reply]:
    """Feed octets, whole or in steps, and take every event but of one kind."""
    out = b""
    pieces = [data] if not step else [data[at : at + step] for at in range(0, len(data), step)]
    for piece in [b"", *pieces]:
        session.feed(piece)
        while (event := session.next()) is not None:
            if refuse and isinstance(event, refuse):
                session.answer(Reply(550, EnhancedCode(5, 7, 1), ("no",)))
            elif isinstance(event, Proven):
                right = event.claim.proves(PASSWORDS.get(event.claim.user, "?"))
                session.answer(None if right else Reply(535, EnhancedCode(5, 7, 8), ("no",)))
            else:
                session.answer()
        out += session.take()
    return _replies(out)


def _replies(out: bytes) -> list[Reply]:
    found, lines = [], []
    for line in out.split(b"\r\n")[:-1]:
        lines.append(line)
        if line[3:4] != b"-":
            found.append(parse_reply(b"\r\n".join(lines)))
            lines = []
    return found


def codes(replies: list[Reply]) -> list[int | None]:
    return [reply.code for reply in replies]


HELLO = b"EHLO client.example.com\r\n"
MAIL = b"MAIL FROM:<a@example.com>\r\n"
RCPT = b"RCPT TO:<b@example.net>\r\n"
REACH = {
    State.GREETED: b"",
    State.READY: HELLO,
    State.SENDER: HELLO + MAIL,
    State.RECIPIENTS: HELLO + MAIL + RCPT,
    State.CHUNKS: HELLO + MAIL + RCPT + b"BDAT 2\r\nhi",
}
SAMPLES = {
    Verb.EHLO: b"EHLO x.example\r\n",
    Verb.HELO: b"HELO x.example\r\n",
    Verb.MAIL: MAIL,
    Verb.RCPT: RCPT,
    Verb.DATA: b"DATA\r\n",
    Verb.BDAT: b"BDAT 3 LAST\r\nabc",
    Verb.RSET: b"RSET\r\n",
    Verb.NOOP: b"NOOP\r\n",
    Verb.HELP: b"HELP\r\n",
    Verb.VRFY: b"VRFY bob\r\n",
    Verb.EXPN: b"EXPN list\r\n",
    Verb.AUTH: b"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n",
    Verb.STARTTLS: b"STARTTLS\r\n",
    Verb.QUIT: b"QUIT\r\n",
}
# RFC 5321 section 4.3.2 and what the extensions add
LEGAL = {
    Verb.EHLO: {250, 501, 502, 504, 550},
    Verb.HELO: {250, 501, 502, 504, 550},
    Verb.MAIL: {250, 451, 452, 455, 501, 503, 530, 550, 552, 553, 555},
    Verb.RCPT: {250, 251, 450, 451, 452, 455, 501, 503, 530, 550, 551, 552, 553, 555},
    Verb.DATA: {354, 451, 452, 503, 530, 550, 554},
    Verb.BDAT: {250, 451, 452, 501, 502, 503, 530, 552, 554},
    Verb.RSET: {250, 501},
    Verb.NOOP: {250},
    Verb.HELP: {211, 214, 502},
    Verb.VRFY: {250, 251, 252, 501, 502, 550, 551, 553},
    Verb.EXPN: {250, 252, 501, 502, 550},
    Verb.AUTH: {235, 334, 501, 502, 503, 504, 535, 538},
    Verb.STARTTLS: {220, 454, 501, 502, 503},
    Verb.QUIT: {221},
}


def test_the_table_has_a_place_for_every_state_and_verb() -> None:
    assert set(TABLE) == {(state, verb) for state in State for verb in Verb}


@pytest.mark.parametrize("state", REACH)
@pytest.mark.parametrize("verb", SAMPLES)
def test_every_command_in_every_state_gets_one_legal_reply(state: State, verb: Verb) -> None:
    session = ServerSession(OFFER)
    run(session, REACH[state])
    assert session.state is state
    replies = run(session, SAMPLES[verb])
    assert len(replies) == 1
    assert replies[0].code in LEGAL[verb]
    if (refusal := TABLE[state, verb]) is not None:
        assert replies[0].code == refusal.code
        assert session.state is state


def test_enhanced_codes_stand_where_rfc_2034_lets_them() -> None:
    replies = run(ServerSession(OFFER), HELLO + MAIL + RCPT + b"DATA\r\nhi\r\n.\r\nQUIT\r\n")
    assert [str(reply.enhanced) for reply in replies] == [
        "None", "None", "2.1.0", "2.1.5", "None", "2.0.0", "2.0.0",
    ]  # fmt: skip
    plain = run(ServerSession(Offer(enhanced=False)), HELLO + MAIL)
    assert plain[-1].enhanced is None


WHOLE = (
    HELLO + MAIL + RCPT + b"RCPT TO:<>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nNOOP\r\nXYZ\r\n"
    b"MAIL FROM:<> BODY=BINARYMIME\r\n" + RCPT + b"BDAT 3\r\na\nbBDAT 0 LAST\r\nRSET\r\nQUIT\r\n"
)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64])
def test_whole_and_in_steps_gives_the_same_replies(step: int) -> None:
    assert run(ServerSession(OFFER), WHOLE, step=step) == run(ServerSession(OFFER), WHOLE)


ENDINGS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r.\r\n",
    b"\r\n\0.\r\n",
    b"\n.\r\r\n",
    b"\r\n.\0\r\n",
]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("bare", [KEEP, "refuse"])
def test_only_crlf_dot_crlf_ends_content(ending: bytes, bare: str) -> None:
    session = ServerSession(OFFER, Limits(bare=bare))
    replies = run(session, HELLO + MAIL + RCPT + b"DATA\r\nhi" + ending + b"RSET\r\n", step=1)
    assert codes(replies)[-1] == 354  # still content
    replies = run(session, b"\r\n.\r\n")
    has_bare = ending not in (b"\r\n\0.\r\n", b"\r\n.\0\r\n")
    assert codes(replies) == ([554] if has_bare and bare == "refuse" else [250])


def test_a_message_as_it_was() -> None:
    session = ServerSession(OFFER)
    got: list[bytes] = []
    session.feed(HELLO + MAIL + RCPT + b"DATA\r\n.\r\n" + MAIL + RCPT + b"DATA\r\n..\r\n...a\r\nb\r\n.\r\n")
    while (event := session.next()) is not None:
        if isinstance(event, Content):
            got.append(event.octets)
        session.answer()
    assert got == [b"", b".\r\n..a\r\nb\r\n"]


def test_what_is_said_before_tls_counts_for_nothing_behind_it() -> None:
    session = ServerSession(OFFER)
    replies = run(session, HELLO + b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
    assert codes(replies) == [220, 250, 220]
    assert session.handshake
    session.secured()
    assert codes(run(session, MAIL)) == [503]  # EHLO is asked for anew
    hello = run(session, HELLO)[0]
    assert not any("STARTTLS" in line for line in hello.lines)


def _scram() -> list[bytes]:
    first = "n=ann,r=client"
    told = f"r=clientserver,s={base64.b64encode(b'salt').decode()},i=64"
    last = f"c={base64.b64encode(b'n,,').decode()},r=clientserver"
    salted = hashlib.pbkdf2_hmac("sha256", b"secret", b"salt", 64)
    key = hmac.digest(salted, b"Client Key", "sha256")
    signed = hmac.digest(hashlib.sha256(key).digest(), f"{first},{told},{last}".encode(), "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signed, strict=True))).decode()
    return [f"n,,{first}".encode(), f"{last},p={proof}".encode(), b""]


def _cram() -> bytes:
    return b"ann " + hmac.new(b"secret", b"<1@mx.example.com>", "md5").hexdigest().encode()


AUTHS = [
    ("PLAIN", [b"\0ann\0secret"], 235),
    ("PLAIN", [b"\0ann\0wrong"], 535),
    ("PLAIN", [b"ann"], 501),
    ("LOGIN", [b"ann", b"secret"], 235),
    ("LOGIN", [b"ann", b"wrong"], 535),
    ("CRAM-MD5", [_cram()], 235),
    ("CRAM-MD5", [b"ann " + b"0" * 32], 535),
    ("SCRAM-SHA-256", _scram(), 235),
    ("OAUTHBEARER", [b"n,a=ann,\x01auth=Bearer secret\x01\x01"], 235),
    ("XOAUTH2", [b"user=ann\x01auth=Bearer nope\x01\x01"], 535),
    ("XOAUTH2", [b"user=ann"], 501),
]


@pytest.mark.parametrize(("mechanism", "lines", "code"), AUTHS)
def test_authentication(mechanism: str, lines: list[bytes], code: int) -> None:
    offer = Offer(auth=("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "OAUTHBEARER", "XOAUTH2"))
    session = ServerSession(offer, tls=True, exchanges=_exchange)
    sent = b"".join(base64.b64encode(line) + b"\r\n" for line in lines)
    replies = run(session, HELLO + f"AUTH {mechanism}\r\n".encode() + sent, step=1)
    assert codes(replies)[-1] == code
    assert session.user == ("ann" if code == 235 else "")


def test_authentication_needs_tls_and_can_be_given_up() -> None:
    offer = Offer(auth=("PLAIN",), must_auth=True)
    session = ServerSession(offer, exchanges=_exchange)
    assert codes(run(session, HELLO + b"AUTH PLAIN\r\n" + MAIL)) == [220, 250, 538, 530]
    safe = ServerSession(offer, tls=True, exchanges=_exchange)
    assert codes(run(safe, HELLO + b"AUTH PLAIN\r\n*\r\nAUTH X\r\n"))[2:] == [334, 501, 504]


def test_limits() -> None:
    limits = Limits(command_line=512, recipients=1, message=5, errors=4)
    session = ServerSession(OFFER, limits)
    replies = run(
        session,
        HELLO
        + b"NOOP "
        + b"x" * 4000
        + b"\r\n"
        + MAIL
        + RCPT
        + RCPT
        + b"DATA\r\n123456\r\n.\r\nX\r\nNOOP\r\n",
    )
    assert codes(replies) == [220, 250, 500, 250, 250, 452, 354, 552, 500, 421]
    assert session.ended
    session.feed(b"NOOP\r\n")
    assert session.next() is None


def test_memory_is_bounded_by_what_is_taken() -> None:
    session = ServerSession(OFFER, Limits(message=1000))
    run(session, HELLO + MAIL + RCPT + b"DATA\r\n")
    for _ in range(100):
        run(session, b"x" * 10_000)
    assert session._content is not None
    assert sum(map(len, session._content._kept)) < 20_000
    assert codes(run(session, b"\r\n.\r\n")) == [552]


@pytest.mark.parametrize(
    ("begin", "rest"),
    [(b"DATA\r\n" + b"x" * 5000, b"y\r\n.\r\n"), (b"BDAT 6000 LAST\r\n" + b"x" * 5000, b"y" * 1000)],
)
def test_a_message_without_room_is_read_to_its_end_and_refused_for_now(begin: bytes, rest: bytes) -> None:
    session = ServerSession(OFFER)
    run(session, HELLO + MAIL + RCPT + begin)
    assert session.held >= 4990
    session.drop_content()
    assert session.held == 0
    assert codes(run(session, rest[:1]))[-1:] in ([], [354])
    assert session.held == 0
    assert codes(run(session, rest[1:] + b"RSET\r\n" + MAIL + RCPT))[-4:] == [452, 250, 250, 250]


def test_a_refused_chunk_is_not_read_as_commands() -> None:
    session = ServerSession(OFFER)
    replies = run(session, HELLO + b"BDAT 10 LAST\r\nQUIT\r\nXYZ\r\nNOOP\r\n", step=1)
    assert codes(replies) == [220, 250, 503, 500, 250] or codes(replies)[:3] == [220, 250, 503]
    assert not session.ended


def test_a_refusal_changes_nothing() -> None:
    session = ServerSession(OFFER)
    run(session, HELLO + MAIL)
    assert codes(run(session, RCPT, refuse=Recipient)) == [550]
    assert session.state is State.SENDER
    assert codes(run(session, b"DATA\r\n")) == [554]
    assert codes(run(session, b"RSET\r\n" + MAIL, refuse=Sender)) == [250, 550]
    assert session.state is State.READY
    assert codes(run(session, b"STARTTLS\r\n", refuse=TlsWanted)) == [550]
    assert not session.handshake


def test_a_greeting_of_554_takes_nothing_but_quit() -> None:
    session = ServerSession(OFFER)
    session.next()
    session.answer(Reply(554, None, ("no service here",)))
    session.take()
    assert codes(run(session, HELLO + b"NOOP\r\nQUIT\r\n")) == [503, 503, 221]


_WORDS = st.sampled_from(
    [
        *SAMPLES.values(),
        b"DATA\r\nx\r\n.\r\n",
        b"x\r\n",
        b"\r\n",
        b"AUTH\r\n",
        b"BDAT x\r\n",
        b"MAIL FROM:a\r\n",
    ]
)


@given(st.lists(_WORDS | st.binary(max_size=30), max_size=30), st.integers(1, 40))
def test_any_walk_whole_and_in_steps(walk: list[bytes], step: int) -> None:
    data = b"".join(walk)
    whole, steps = ServerSession(OFFER), ServerSession(OFFER)
    assert run(whole, data) == run(steps, data, step=step)
    assert whole.state is steps.state


@given(st.binary(max_size=400))
def test_any_octets_give_replies_and_no_exception(data: bytes) -> None:
    for reply in run(ServerSession(OFFER), HELLO + data):
        assert reply.code


def test_hello_tells_the_name() -> None:
    session = ServerSession(OFFER)
    session.feed(HELLO)
    session.next()
    session.answer()
    event = session.next()
    assert event == Hello("client.example.com", True)
