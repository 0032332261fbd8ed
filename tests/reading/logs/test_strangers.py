"""What somebody who means harm, or a broken disk, puts into the lines of a log."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from bouncewise.cli import cli
from bouncewise.diagnosis.engine import Engine
from bouncewise.pipeline.reported import ReportSink
from bouncewise.reading.delivery import Delivery, Kind
from bouncewise.reading.logs import stream
from bouncewise.reading.logs.formats.postfix import Reader
from bouncewise.reading.logs.log import Log, read_log
from bouncewise.reading.logs.model import Line
from bouncewise.reading.logs.registry import line_formats, names
from bouncewise.report.summary import summarise

WRITTEN = (2026, 11, 24)
HEAD = "Nov 20 06:00:00 mx1 postfix"
RELAY = "mx.example.com[192.0.2.1]:25"


def _sent(to: str = "a@example.com", queue_id: str = "A0001", stamp: str = "Nov 20 06:00:00") -> str:
    return (
        f"{stamp} mx1 postfix/smtp[1]: {queue_id}: to=<{to}>, relay={RELAY}, "
        "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 ok)"
    )


def _bounced(to: str, words: str = "550 5.1.1 no such user", relay: str = RELAY) -> str:
    return (
        f"{HEAD}/smtp[1]: A0002: to=<{to}>, relay={relay}, delay=1, delays=0/0/0/1, dsn=5.1.1, "
        f"status=bounced (host {relay.removesuffix(':25')} said: {words} (in reply to RCPT TO command))"
    )


def _queued(sender: str, queue_id: str = "A0001") -> str:
    return f"{HEAD}/qmgr[1]: {queue_id}: from=<{sender}>, size=5, nrcpt=1 (queue active)"


def _log(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_binary_in_the_midst_costs_its_own_lines_only() -> None:
    for garbage in (bytes(range(256)) * 40 + b"\n", b"\0" * 4096 + b"\n"):
        kinds = [delivery.kind for delivery in read_log(_log(_sent()) + garbage + _log(_sent()), WRITTEN)]
        assert kinds.count(Kind.DELIVERED) == 2
        assert set(kinds) <= {Kind.DELIVERED, Kind.UNREADABLE}


@pytest.mark.parametrize("length", range(60, len(_sent()) - 1, 7))
def test_a_cut_line_is_never_another_delivery(length: int) -> None:
    cut = _sent("b@example.com")[:length]
    found = read_log(_log(_sent(), cut, _sent("c@example.com")), WRITTEN)
    delivered = [delivery.recipient for delivery in found if delivery.kind is Kind.DELIVERED]
    whole = "status=sent" in cut
    assert delivered == ["a@example.com", *(["b@example.com"] if whole else []), "c@example.com"]


@pytest.mark.parametrize("stamp", ["9999-99-99T99:99:99+01:00", "0000-00-00T00:00:00Z", "Foo 12 06:00:00"])
def test_times_that_there_are_not_are_no_times(stamp: str) -> None:
    for delivery in read_log(_log(_sent(), _sent(stamp=stamp), _sent()), WRITTEN):
        assert not delivery.time or delivery.time[:10] == "2026-11-20", delivery.time


def test_the_leap_day_has_a_year_that_has_it() -> None:
    (found,) = read_log(_log(_sent(stamp="Feb 29 06:00:00")), WRITTEN)
    assert found.time == "2024-02-29T06:00:00"


@pytest.mark.parametrize("one_block", [True, False])
def test_a_reused_queue_id_is_the_younger_message_in_blocks_too(one_block: bool, engine: Engine) -> None:
    learnt = [_sent(queue_id=f"B{number:04}") for number in range(300)]
    for other in ("two@example.org", "one@example.com"):
        first = [f"{HEAD}/smtpd[1]: A0001: client=one[192.0.2.1]", _queued("one@example.com"), _sent()]
        second = [f"{HEAD}/smtpd[1]: A0001: client=two[192.0.2.2]", _queued(other), _sent()]
        blocks = [_log(*learnt, *first), _log(*learnt, *second)]
        sink = ReportSink(engine)
        for delivery in Log(written=WRITTEN).read_bulk([b"".join(blocks)] if one_block else blocks):
            sink.take(delivery)
        summary = summarise(sink.given(), engine)
        clients = {row["name"]: row["delivered"] for row in summary["clients"]}
        assert clients == {"one[192.0.2.1]": 1, "two[192.0.2.2]": 1}
        domains = {row["name"]: row["delivered"] for row in summary["sender_domains"]}
        assert sum(domains.values()) == 2 and domains["example.com"] == 1 + (other == "one@example.com")


@pytest.mark.parametrize("one_block", [True, False])
def test_a_bounce_has_not_the_client_of_the_message_before_by_its_id(one_block: bool, engine: Engine) -> None:
    learnt = [_sent(queue_id=f"B{number:04}") for number in range(300)]
    first = [f"{HEAD}/smtpd[1]: A0001: client=one[192.0.2.1]", _queued("one@example.com"), _sent()]
    second = [f"{HEAD}/cleanup[1]: A0001: message-id=<2@example.org>", _queued(""), _sent()]
    third = [f"{HEAD}/cleanup[1]: A0001: message-id=<3@example.org>", _queued("c@example.org"), _sent()]
    blocks = [_log(*learnt, *first), _log(*second), _log(*third)]
    sink = ReportSink(engine)
    for delivery in Log(written=WRITTEN).read_bulk([b"".join(blocks)] if one_block else blocks):
        sink.take(delivery)
    summary = summarise(sink.given(), engine)
    assert {row["name"]: row["delivered"] for row in summary["clients"]} == {"one[192.0.2.1]": 1}
    domains = {row["name"]: row["delivered"] for row in summary["sender_domains"]}
    assert domains == {"example.com": 1, "<>": 1, "example.org": 1}


def test_a_message_that_expired_is_told_of_those_before_it_only(engine: Engine) -> None:
    def deferred(to: str) -> str:
        return _bounced(to).replace("bounced", "deferred")

    learnt = [_sent(queue_id=f"B{number:04}") for number in range(300)]
    end = f"{HEAD}/qmgr[1]: A0002: from=<s@example.com>, status=expired, returned to sender"
    late = _sent("late@example.com", "A0002").replace("delay=1,", "delay=900,")
    data = _log(
        *learnt, deferred("late@example.com"), deferred("x@example.com"), late, end, deferred("y@example.com")
    )
    found = [d for d in Log(written=WRITTEN).read_bulk([data]) if isinstance(d, Delivery)]
    assert [d.recipient for d in found if d.kind is Kind.EXPIRED] == ["x@example.com"]


def test_recipients_that_wait_are_bounded() -> None:
    reader = Reader()
    for number in range(3000):
        line = _bounced(f"u{number}@example.com").partition("]: ")[2].replace("bounced", "deferred")
        assert len(list(reader.read(Line(line)))) == 1
        line = _sent(f"v{number}@example.com", "A0002").partition("]: ")[2].replace("delay=1,", "delay=1000,")
        assert len(list(reader.read(Line(line)))) == 1
    (message,) = reader.messages.young.values()
    assert len(message.waiting or ()) <= 1000 and len(message.ended or ()) <= 1000


ESCAPE = "\x1b]0;owned\x07\x1b[2J"
EVIL = (
    _queued(f"s{ESCAPE}@example.org", "A0002"),
    f"{HEAD}/smtpd[1]: A0002: client=evil{ESCAPE}.example[192.0.2.9]",
    _bounced(
        f"x{ESCAPE}\u202e@exa{ESCAPE}mple.com",
        f"550 5.1.1 {ESCAPE}no \x9b31m user",
        f"mx{ESCAPE}.example[192.0.2.1]:25",
    ),
    _bounced(f"x{ESCAPE}@example.com", f"599 {ESCAPE} wibble").replace("bounced", "deferred"),
    f"{HEAD}/smtpd[1]: NOQUEUE: reject: RCPT from h{ESCAPE}[192.0.2.{ESCAPE}]: 554 5.7.1 {ESCAPE}; from=<a{ESCAPE}@b> to=<c{ESCAPE}@d>",
    f"{HEAD}/smtp[1]: A0002: to=<a{ESCAPE}@b>, relay=x, status=sen{ESCAPE}",
    f"Nov 20 06:00:00 mx{ESCAPE} postfix{ESCAPE}/smtp[1]: A0003: to=<a@example.com>, relay=m[1], delay=1, dsn=2.0.0, status=sent (ok)",
    f"{ESCAPE} no log line at all",
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("read", "--unread"),
        ("report",),
        ("report", "--by", "recipient"),
        ("report", "--by", "file", "--compare", "7d"),
    ],
)
@pytest.mark.parametrize("name", ["mail.log", "mail\x1b[2J.log"])
def test_no_escape_of_a_log_reaches_the_terminal(
    name: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(_log(_sent(), *EVIL, *EVIL))
    result = _run(*arguments, str(path))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    for output in (result.stdout, result.stderr):
        assert not set(output) & {"\x1b", "\x07", "\x9b", "\u202e", "\x00", "\r"}
    assert result.stdout.strip()


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1+1", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"])
def test_names_in_tables_are_no_formulas(name: str, tmp_path: Path) -> None:
    log, table, gone = tmp_path / "mail.log", tmp_path / "t.csv", tmp_path / "s.csv"
    client = f"{HEAD}/smtpd[1]: A0002: client=x[192.0.2.1], sasl_method=PLAIN, sasl_username={name}"
    log.write_bytes(
        _log(client, _queued(f"s@{name}", "A0002"), _bounced(f"{name}@{name}"), _bounced(f"b@{name}"))
    )
    result = _run("report", "--csv", str(table), "--suppress", str(gone), "--by", "recipient", "-q", str(log))
    assert result.exit_code == 0, result.output
    texts = [path.read_text("utf-8") for path in (table, gone)]
    cells = [cell for text in texts for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert any(name.strip() in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_each_line_that_is_not_read_is_shown_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "mail.log"
    cut = f"{HEAD}/smtp[1]: A0001: to=<cut@example.com>, relay=x, status=sen"
    odd = _sent("odd@example.com").replace("status=sent", "status=vanished")
    path.write_bytes(_log(_sent(), cut, _sent(), odd, "what is this", _sent()))
    result = _run("read", "--unread", str(path))
    shown = [line for line in result.stdout.splitlines() if line.startswith("unreadable")]
    assert [line.partition(", line ")[2].partition(":")[0] for line in shown] == ["2", "4", "5"]
    assert "3  lines that could not be read" in result.stderr


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(names()))
def test_any_octets_read_as_any_format_raise_nothing(data: bytes, only: str) -> None:
    assert all(isinstance(delivery, Delivery) for delivery in read_log(data, WRITTEN, only))


WORDS = st.sampled_from(
    [
        *(
            "to=<",
            ">",
            "from=<",
            "a@example.com",
            ", ",
            "relay=",
            "mx[192.0.2.1]:25",
            "delay=",
            "1.2.3",
            ".",
            "9" * 14,
        ),
        *(
            "dsn=",
            "5.1.1",
            "status=",
            "sent",
            "bounced",
            "deferred",
            "expired",
            " (",
            ")",
            "host x[1] said: 550 no",
        ),
        *(
            "NOQUEUE: ",
            "reject: ",
            "RCPT from ",
            "client=",
            "message-id=<",
            "size=",
            "A0001: ",
            "returned to sender",
        ),
        *(
            "sasl_username=",
            "{",
            "[",
            "=> ",
            "** ",
            "== ",
            "stat=",
            "\t",
            "\x1b",
            "\0",
            "ü",
            "\ud800",
            "\u2028",
            "٣",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=14).map("".join), min_size=1, max_size=6))
def test_any_words_of_logs_raise_in_no_reader(lines: list[str]) -> None:
    for form in line_formats():
        reader = form.reader()
        for number, words in enumerate(lines, 1):
            form.recognise(words)
            for delivery in reader.read(Line(words, number, "2026-11-20T06:00:00", "mx1", "x", "1")):
                assert isinstance(delivery, Delivery)


QUEUE_IDS = ("A0001", "A0002", "3fKq2m1ZxYz9")
SENDERS = ("s@example.com", "", "S@Example.NET")
# each message keeps its sender and client; ids that are used again have tests of their own
KNOWN = tuple(
    line
    for number, queue_id in enumerate(QUEUE_IDS)
    for line in (
        f"{HEAD}/smtpd[1]: {queue_id}: client=x[192.0.2.{number}]",
        _queued(SENDERS[number], queue_id),
    )
)
ADDRESSES = (
    "a@example.com",
    "B@Example.ORG",
    "",
    "no-domain",
    '"x> y"@example.net',
    "ü@example.com",
    "a,b@x",
)
STAMPS = ("Nov 20 06:00:00", "Nov 20 06:00:01", "Nov 20 07:59:59", "Nov 19 23:00:00", "Dec 31 23:59:59")
RELAYS = (RELAY, "none", "local", "dovecot", "mx[2001:db8::1]:25", "private/lmtp", "", "a b")
STATUSES = ("sent", "bounced", "deferred", "deliverable", "odd", "sent (250 ok) status=sent")
REPLIES = ("250 ok", "host x[1] said: 550 5.1.1 no", "reject: no", "status=sent (x)", ", status=sent (x)", "")


@st.composite
def _lines(draw: st.DrawFn) -> str:
    def one(choices: tuple[str, ...]) -> str:
        return draw(st.sampled_from(choices))

    queue_id, address = one(QUEUE_IDS), one(ADDRESSES)
    sender = SENDERS[QUEUE_IDS.index(queue_id)]
    attempt = (
        f"{queue_id}: to=<{address}>, relay={one(RELAYS)}, delay={one(('0.5', '31', '400', '90000.1', '1.2.3', ''))}, "
        f"dsn=2.0.0, status={one(STATUSES)} ({one(REPLIES)})"
    )
    words = one(
        (
            *[attempt] * 6,
            _queued(sender, queue_id).partition("]: ")[2],
            f"{queue_id}: from=<{sender}>, status=expired, returned to sender",
            f"{queue_id}: removed",
            f"{queue_id}: message-id=<{address}>",
            f"NOQUEUE: reject: RCPT from x[192.0.2.3]: 554 5.7.1 no; from=<{address}> to=<{address}>",
        )
    )
    cut = draw(st.integers(0, 12))
    shown = words[: len(words) * cut // 8] if cut < 8 else words
    return f"{one(STAMPS)} {one(('mx1', 'mx1', 'mx2'))} {one(('postfix', 'postfix', 'dovecot', 'cron'))}/x[7]: {shown}"


def _counts(data: bytes, engine: Engine, *, bulk: bool) -> tuple[object, ...]:
    log, sink = Log(written=WRITTEN), ReportSink(engine)
    blocks = [data[at : at + 700] for at in range(0, len(data), 700)]
    for delivery in log.read_bulk(blocks) if bulk else log.read(blocks):
        sink.take(delivery)
    rollup = sink.given()
    tallies = {name: [(n, c) for n, c in tally.rows() if any(c)] for name, tally in rollup.names.items()}
    causes = {cause: tally.outcomes for cause, tally in rollup.causes.items()}
    return rollup.outcomes, tallies, causes, rollup.first, rollup.last, log.counts.lines


ENGINE: list[Engine] = []


@pytest.fixture(autouse=True, scope="module")
def _learning_fast(engine: Engine) -> Iterator[None]:
    """A few lines are enough to read blocks at once."""
    ENGINE[:] = [engine]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "LEARNT", 3)
        yield


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(_lines(), min_size=1, max_size=12))
def test_blocks_and_lines_count_the_same_by_every_dimension(lines: list[str]) -> None:
    data = _log(*KNOWN, *[_sent(queue_id="A0001")] * 5, *lines)
    assert _counts(data, ENGINE[0], bulk=True) == _counts(data, ENGINE[0], bulk=False)


def test_senders_outlast_the_lines_of_other_programs_in_blocks(engine: Engine) -> None:
    learnt = [*[_sent(queue_id="B0001")] * 5, _queued("s@example.com", "A0002"), _sent(queue_id="B0001")]
    other = (
        "Nov 20 06:00:00 mx1 postgrey/x[7]: y",
        "Nov 20 06:00:00 mx1 dovecot/x[7]: status=z",
        "Nov 20 06:00:00 mx1 amavis/x[7]: (1) Passed",
    )
    for line in (*other, "\n".join(other)):
        sink = ReportSink(engine)
        for delivery in Log(written=WRITTEN).read_bulk(
            [_log(*learnt), _log(_sent(), line, _bounced("x@example.org"))]
        ):
            sink.take(delivery)
        (row,) = summarise(sink.given(), engine)["sender_domains"]
        assert (row["name"], row["bounced"]) == ("example.com", 1)
