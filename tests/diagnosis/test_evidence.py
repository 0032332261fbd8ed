"""Evidence has its place in the text; entities are what the text names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.entities import find_entities


def test_places_are_places_in_the_text(engine: Engine) -> None:
    for reply in (
        "550-5.7.26 This mail has been blocked 550-5.7.26 because the sender is unauthenticated. 550 5.7.26 gsmtp",
        "550 Der Empfänger „bob“ ist unbekannt",
        "552 对方邮箱已满",
        "550 İleti: kullanıcı bulunamadı",
    ):
        diagnosis = engine.diagnose(reply)
        placed = [e for e in diagnosis.evidence if e.start is not None]
        assert placed
        for item in placed:
            assert diagnosis.reply.text[item.start : item.end] == item.matched
            assert item.matched


def test_entities() -> None:
    found = find_entities(
        "Mail from 192.0.2.1 and 2001:db8::1 for <bob@example.com> refused (S3150), size limit 10 MB; "
        "see https://example.net/help?x=1. try again in 10 minutes, limit 50 recipients mx.example.org"
    )
    assert found.ips == ("192.0.2.1", "2001:db8::1")
    assert found.addresses == ("bob@example.com",)
    assert found.urls == ("https://example.net/help?x=1",)
    assert found.domains == ("mx.example.org",)
    assert (found.wait, found.size_limit) == (600, 10 * 1024 * 1024)
    assert found.tokens == ("S3150",)


def test_a_time_of_day_is_no_wait() -> None:
    assert find_entities("450 refused at 2024-01-02 10:11:12").wait is None


@given(st.text(max_size=500))
def test_any_text_has_entities(text: str) -> None:
    found = find_entities(text)
    assert len(found.ips) <= 20


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_anything_is_diagnosed(engine: Engine, data: str | bytes) -> None:
    record = engine.diagnose(data).as_dict()
    assert 0 <= record["confidence"] <= 1
    assert record["action"] in ("deliver", "continue", "retry", "bounce", "none")
