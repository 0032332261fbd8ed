"""The zone double answers as a resolver does."""

from __future__ import annotations

from pathlib import Path

import pytest

from bouncewise.checks.dns import Mx, Status, Tlsa
from bouncewise.testing.zone import Zone, ZoneError

TOML = """
["example.com"]
TXT = ["v=spf1 -all", ["one ", "string"]]
MX = [[10, "mx.example.com"], "20 mx2.example.com."]
["mx.example.com"]
A = "192.0.2.1"
["www.example.com"]
CNAME = ["mx.example.com"]
["slow.example.com"]
TXT = "TIMEOUT"
A = ["192.0.2.2"]
["gone.example.com"]
status = "SERVFAIL"
["*.wild.example.com"]
A = ["192.0.2.9"]
["a.wild.example.com"]
TXT = ["here"]
["_25._tcp.mx.example.com"]
TLSA = [[3, 1, 1, "ABCD"]]
["loop.example.com"]
CNAME = ["loop.example.com"]
"""
YAML = """
example.com:
  - SPF: v=spf1 -all
  - MX: [10, mx.example.com]
both.example.com:
  - SPF: v=spf1 +all
  - TXT: v=spf1 -all
slow.example.com:
  - TIMEOUT
none.example.com:
  - TXT: NONE
  - A: 192.0.2.1
"""


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    path = tmp_path / "zone.toml"
    path.write_text(TOML)
    return Zone.load(path)


def test_records(zone: Zone) -> None:
    assert zone.answer("EXAMPLE.com.", "TXT").texts == (b"v=spf1 -all", b"one string")
    assert zone.answer("example.com", "MX").exchanges == (Mx(10, "mx.example.com"), Mx(20, "mx2.example.com"))
    assert zone.answer("mx.example.com", "A").hosts == ("192.0.2.1",)
    assert zone.answer("_25._tcp.mx.example.com", "TLSA").associations == (Tlsa(3, 1, 1, "abcd"),)


def test_aliases_are_followed(zone: Zone) -> None:
    answer = zone.answer("www.example.com", "A")
    assert (answer.hosts, answer.aliases) == (("192.0.2.1",), ("mx.example.com",))
    assert zone.answer("loop.example.com", "A").status is Status.SERVFAIL


def test_what_is_not_there(zone: Zone) -> None:
    assert zone.answer("mx.example.com", "TXT").status is Status.NODATA
    assert zone.answer("_tcp.mx.example.com", "A").status is Status.NODATA  # others stand below it
    assert zone.answer("no.example.com", "A").status is Status.NXDOMAIN


def test_failures(zone: Zone) -> None:
    assert zone.answer("slow.example.com", "TXT").status is Status.TIMEOUT
    assert zone.answer("slow.example.com", "A").status is Status.OK
    assert zone.answer("gone.example.com", "A").status is Status.SERVFAIL


def test_wildcards(zone: Zone) -> None:
    assert zone.answer("b.wild.example.com", "A").hosts == ("192.0.2.9",)
    assert zone.answer("a.wild.example.com", "A").status is Status.NODATA  # a name that is there hides it
    assert zone.answer("b.a.wild.example.com", "A").status is Status.NXDOMAIN


def test_the_form_of_the_suites(tmp_path: Path) -> None:
    path = tmp_path / "zone.yaml"
    path.write_text(YAML)
    zone = Zone.load(path)
    assert zone.answer("example.com", "TXT").texts == (b"v=spf1 -all",)
    assert zone.answer("both.example.com", "TXT").texts == (b"v=spf1 -all",)
    assert zone.answer("slow.example.com", "A").status is Status.TIMEOUT
    assert zone.answer("none.example.com", "TXT").status is Status.NODATA


BAD = [
    '["example.com"]\nMX = ["x"]',
    '["example.com"]\nstatus = "SLEEPY"',
    "x = 1",
    "[[",
    '["a"]\nTLSA = [[1]]',
]


@pytest.mark.parametrize("text", BAD)
def test_a_file_that_can_not_be_used_says_where(text: str, tmp_path: Path) -> None:
    path = tmp_path / "zone.toml"
    path.write_text(text)
    with pytest.raises(ZoneError) as error:
        Zone.load(path)
    assert str(error.value)
    with pytest.raises(ZoneError):
        Zone.load(tmp_path / "none.toml")
