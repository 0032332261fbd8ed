"""What holds for the webhooks of all services."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bouncewise.reading.delivery import Kind, Source
from bouncewise.reading.logs.log import read_log
from bouncewise.reading.logs.objects import is_form, read_fields
from bouncewise.reading.logs.registry import object_formats
from bouncewise.reading.webhooks import ORDER
from bouncewise.reading.webhooks import fields as f

SAMPLES = sorted(p for p in (Path(__file__).parent / "samples").glob("*.json") if ".expected" not in p.name)
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1e308,
    "",
    "x" * 9000,
    "\ud800",
    [],
    [None],
    [[]],
    {},
    {"a": []},
)


def values(path: Path) -> Iterator[Any]:
    """The JSON values and forms of a sample."""
    text = path.read_text("utf-8")
    if is_form(text.partition("\n")[0]):
        yield from (read_fields(line) for line in text.splitlines())
        return
    try:
        yield from (json.loads(line) for line in text.splitlines())
    except ValueError:
        yield json.loads(text)


def inside(value: Any) -> Iterator[dict[str, Any]]:
    """All objects in a value."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(one)


def recognised(record: Mapping[str, Any]) -> list[str]:
    """Names of the formats that take an object for theirs."""
    found = []
    for form in object_formats():
        try:
            if form.recognise(record):
                found.append(form.name)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.name)
def test_one_format_at_most_takes_an_object_for_its_own(path: Path) -> None:
    service = next(name for name in ORDER if path.name.startswith(name))
    names = [recognised(record) for value in values(path) for record in inside(value)]
    assert all(found in ([], [service]) for found in names)
    assert [service] in names


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.name)
def test_values_of_another_kind_raise_nothing(path: Path) -> None:
    for value in list(values(path))[:12]:
        for record in inside(value):
            for name, kept in list(record.items()):
                for hostile in HOSTILE:
                    record[name] = hostile
                    read_log(json.dumps(value).encode())
                record[name] = kept


@pytest.mark.parametrize(
    ("told", "code", "status", "want"),
    [
        ("smtp; 550 5.1.1 gone", "", "", (550, "5.1.1", "gone")),
        ("sent (250 2.0.0 OK)", "", "", (250, "2.0.0", "OK")),
        ("5.1.1 gone\n5.1.1 really", "550", "", (550, "5.1.1", "gone really")),
        ("550 5.1.1 gone", "550", "5.1.1", (550, "5.1.1", "gone")),
        ("gone", "605", "", (605, "None", "gone")),
        ("gone", "5.1.1", "", (None, "5.1.1", "gone")),
        ("", "", "5.1.1", (None, "5.1.1", "")),
        ("550 Failed: 550 5.1.1 gone", "", "", (550, "5.1.1", "Failed: 550 5.1.1 gone")),
    ],
)
def test_a_reply_is_taken_out_of_what_is_round_it(
    told: str, code: str, status: str, want: tuple[int | None, str, str]
) -> None:
    reply = f.said(told, code, status).reply
    assert (reply.code, str(reply.enhanced), reply.text) == want


def test_a_quoted_servers_name_and_command_are_kept() -> None:
    told = "host mx.example.com[192.0.2.25] said: 550 5.1.1 gone (in reply to RCPT TO command)"
    found = f.delivery(Source(), Kind.BOUNCED, f.said(told))
    assert (found.remote_mta, found.remote_ip, found.phase) == ("mx.example.com", "192.0.2.25", "rcpt")
