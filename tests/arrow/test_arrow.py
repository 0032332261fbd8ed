"""Record batches in, record batches out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")

from bouncewise import arrow  # noqa: E402 - needs PyArrow
from bouncewise.api import diagnose  # noqa: E402
from bouncewise.arrow.schema import batch_of  # noqa: E402
from bouncewise.pipeline.columns import DELIVERY, DIAGNOSIS  # noqa: E402

Lines = Callable[..., list[str]]
REPLIES = ["550 5.1.1 User unknown", None, "452 4.2.2 Mailbox full, try again in 20 minutes", "250 2.0.0 Ok"]


def _table(batches: object) -> pa.Table:
    return pa.Table.from_batches(batches, arrow.SCHEMA)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(REPLIES),
        pa.array(REPLIES, pa.large_string()),
        pa.array(REPLIES, pa.string_view()),
        pa.array(REPLIES).dictionary_encode(),
        pa.array([r and r.encode() for r in REPLIES]),
        pa.chunked_array([REPLIES[:2], [], REPLIES[2:]]),
    ],
    ids=["string", "large", "view", "dictionary", "binary", "chunks"],
)
def test_replies_of_any_text_type_get_the_columns_of_the_diagnosis(column: pa.Array) -> None:
    given = pa.table({"id": [1, 2, 3, 4], "reply": column})
    found = arrow.diagnose_table(given)
    assert found.column_names == ["id", "reply", *(c.name for c in DIAGNOSIS)]
    assert found.select(["id", "reply"]) == given
    assert found["cause"].to_pylist() == ["recipient-unknown", None, "mailbox-full", "accepted"]
    assert found["suppress"].to_pylist() == [True, None, False, False]
    assert found["retry_after"].to_pylist() == [None, None, 1200, None]
    assert found["code"].to_pylist() == [550, None, 452, 250]


def test_short_advice_is_that_of_the_whole_diagnosis() -> None:
    replies = [r for r in REPLIES if r] + ["421 4.7.0 Try again later", "nothing that is known", ""]
    for row in arrow.diagnose_table(pa.table({"reply": replies})).to_pylist():
        advice = diagnose(row["reply"]).advice
        told = (row["action"], row["retry_after"], row["give_up_after"], row["suppress"], row["who"])
        assert told == (
            advice.action,
            advice.retry_after,
            advice.give_up_after,
            advice.suppress,
            advice.who,
        )
        assert (row["throttle"] or "") == advice.throttle


def test_large_batches_are_sliced_and_empty_ones_keep_their_columns() -> None:
    many = pa.table({"reply": ["550 5.1.1 User unknown"] * 40_000}).combine_chunks()
    batches = list(arrow.diagnose_batches(many))
    assert [b.num_rows for b in batches] == [16_384, 16_384, 7_232]
    empty = arrow.diagnose_table(many.slice(0, 0))
    assert empty.num_rows == 0
    assert empty.schema == arrow.diagnosed_schema(many.schema)
    (batch,) = arrow.diagnose_batches(many.slice(0, 0).to_batches() or [many.to_batches()[0].slice(0, 0)])
    assert batch.schema == empty.schema


def test_a_prefix_keeps_names_apart() -> None:
    given = pa.table({"reply": REPLIES, "text": list("abcd")})
    with pytest.raises(ValueError, match="columns text already; give the new ones a prefix"):
        arrow.diagnose_table(given)
    found = arrow.diagnose_table(given, prefix="smtp_")
    assert found["text"].to_pylist() == list("abcd")
    assert found["smtp_cause"][0].as_py() == "recipient-unknown"


def test_wrong_input_is_told() -> None:
    with pytest.raises(KeyError, match="no column 'reply'; there are words"):
        arrow.diagnose_table(pa.table({"words": ["x"]}))
    with pytest.raises(TypeError, match="int64, and texts are needed"):
        arrow.diagnose_table(pa.table({"reply": [1]}))
    with pytest.raises(TypeError, match="this is a int"):
        list(arrow.diagnose_batches(3))
    with pytest.raises(TypeError, match="this is a str"):
        list(arrow.diagnose_batches(["550 no"]))


def test_lines_are_joined_over_batches(log_lines: Lines, tmp_path: Path) -> None:
    lines = log_lines(40)
    (tmp_path / "mail.log").write_text("\n".join(lines) + "\n")
    batches = [pa.record_batch({"line": lines[at : at + 7]}) for at in range(0, len(lines), 7)]
    found = _table(arrow.read_lines(batches))
    whole = _table(arrow.read(tmp_path / "mail.log"))
    assert found.drop_columns("path") == whole.drop_columns("path")
    assert found.num_rows == 40
    assert found["sender"][5].as_py() == "s5@example.org"
    assert found["recipient_domain"][5].as_py() == "example.net"
    assert found["path"].null_count == 40


def test_lines_of_different_files_are_kept_apart(log_lines: Lines) -> None:
    one, two = log_lines(4, "mx1"), log_lines(4, "mx2")
    # the second file has the deliveries only, with the queue ids of the first
    two = [line for line in two if "postfix/smtp[" in line]
    given = pa.table({"line": one + two, "path": ["a"] * len(one) + ["b"] * len(two)})
    rows = _table(arrow.read_lines(given)).to_pylist()
    assert [(row["path"], row["sender"] is None) for row in rows] == [("a", False)] * 4 + [("b", True)] * 4
    joined = _table(arrow.read_lines(given.select(["line"])))
    assert joined["sender"].null_count == 0


def test_a_column_gives_times_their_year() -> None:
    line = (
        "Nov  2 10:00:00 mx postfix/smtp[1]: A1B2C3D4E5: to=<u@example.net>, relay=none, delay=1, delays=0/0/1/0, "
        "dsn=4.4.1, status=deferred (connect to example.net[192.0.2.1]:25: Connection timed out)"
    )
    given = pa.table({"line": [line], "written": [datetime(2019, 12, 1, tzinfo=UTC)]})
    assert _table(arrow.read_lines(given))["time"].to_pylist() == ["2019-11-02T10:00:00"]


def test_missing_foreign_and_unreadable_lines(log_lines: Lines) -> None:
    given = pa.table({"line": [*log_lines(4), None, "", "no log at all"]})
    rows = _table(arrow.read_lines(given)).to_pylist()
    assert [row["kind"] for row in rows[4:]] == ["unreadable"]
    assert rows[4]["line"] == 23
    assert rows[4]["reason"]


def test_json_lines_are_read() -> None:
    event = (
        '{"event":"bounce","email":"u@example.net","timestamp":1700000000,"sg_event_id":"x","sg_message_id":"y",'
        '"reason":"550 5.1.1 User unknown","status":"5.1.1","type":"bounce"}'
    )
    rows = _table(arrow.read_lines(pa.table({"line": [event, event]}))).to_pylist()
    assert [row["cause"] for row in rows] == ["recipient-unknown"] * 2


def test_contents_in_a_column_are_read_as_files(logs: Path) -> None:
    files = sorted(logs.iterdir())
    given = pa.table({"path": [str(f) for f in files], "content": [f.read_bytes() for f in files]})
    assert _table(arrow.read_files(given)) == _table(arrow.read(files))


def test_processes_give_the_same(logs: Path) -> None:
    assert _table(arrow.read(logs, workers=2)) == _table(arrow.read(logs))


def test_what_can_not_be_read_is_a_record(tmp_path: Path) -> None:
    (row,) = _table(arrow.read(tmp_path / "none")).to_pylist()
    assert row["kind"] == "unreadable"
    assert "no such file" in row["reason"]


def test_hostile_values_become_no_error() -> None:
    row: list[object] = [None] * len(DELIVERY)
    row[0] = "half \ud800 of a pair"
    assert batch_of([tuple(row)])["path"].to_pylist() == ["half ? of a pair"]


def test_without_pyarrow_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['pyarrow'] = None; import bouncewise.arrow"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'bouncewise[arrow]'" in done.stderr


def test_start_up_loads_no_pyarrow() -> None:
    code = "import bouncewise, bouncewise.cli.read, bouncewise.cli.report, sys; sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
