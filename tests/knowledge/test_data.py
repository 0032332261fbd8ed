"""The shipped facts: complete, and with the names that others rely on."""

from __future__ import annotations

import pytest

from bouncewise.diagnosis.engine import Engine
from bouncewise.knowledge.lint import CHECKS

CAUSES = """accepted forwarded unverified authenticated continue delayed relayed recipient-unknown recipient-syntax
recipient-moved recipient-disabled mailbox-unavailable mailbox-full recipient-refuses already-suppressed
recipient-rate-limited domain-unknown domain-accepts-no-mail dns-failure unroutable mail-loop relay-denied
connection-failed connection-lost delivery-expired system-unavailable system-full system-error greylisted rate-limited
too-many-connections too-many-recipients too-many-invalid-recipients sender-quota sender-suspended spf-failed
dkim-failed dmarc-failed sender-unauthenticated ptr-missing helo-rejected sender-invalid sender-blocked
sender-not-owned spoofing-suspected ip-blocklisted domain-blocklisted ip-reputation dynamic-ip domain-reputation
user-complaints spam-content virus attachment-blocked message-too-large message-malformed content-unsupported
policy-rejected auth-required auth-failed tls-required tls-failed command-unrecognized command-syntax bad-sequence
auto-reply complaint challenge not-a-bounce unknown""".split()
LANGUAGES = "cs da de el en es fi fr hu it ja ko nl no pl pt ro ru sv tr uk zh-hans zh-hant".split()


def test_the_vocabulary_is_whole(engine: Engine) -> None:
    assert sorted(engine.knowledge.causes) == sorted(CAUSES)


def test_every_language_is_there(engine: Engine) -> None:
    assert sorted(engine.knowledge.lexicon) == LANGUAGES


def test_every_cause_explains_itself(engine: Engine) -> None:
    for slug, cause in engine.knowledge.causes.items():
        assert cause.title, slug
        assert len(cause.title) <= 50
        assert cause.explanation.endswith(".")
        assert set(cause.checks) <= CHECKS


def test_what_somebody_has_to_do_has_steps(engine: Engine) -> None:
    with_steps = {r.cause for r in engine.knowledge.remedies}
    idle = {
        "accepted",
        "forwarded",
        "unverified",
        "authenticated",
        "continue",
        "relayed",
        "auto-reply",
        "not-a-bounce",
    }
    assert set(engine.knowledge.causes) - with_steps == idle


@pytest.mark.parametrize(
    ("zone", "slug"),
    [
        ("zen.spamhaus.org", "spamhaus-zen"),
        ("dbl.spamhaus.org", "spamhaus-dbl"),
        ("bl.spamcop.net", "spamcop"),
        ("b.barracudacentral.org", "barracuda"),
        ("dnsbl.sorbs.net", "sorbs"),
        ("multi.uribl.com", "uribl"),
        ("dnsbl-1.uceprotect.net", "uceprotect-1"),
        ("psbl.surriel.com", "psbl"),
        ("ix.dnsbl.manitu.net", "nixspam"),
    ],
)
def test_lists_are_known_by_zone(engine: Engine, zone: str, slug: str) -> None:
    assert zone in engine.knowledge.blocklists[slug].zones
    listed = engine.diagnose(f"554 5.7.1 Client host [192.0.2.1] blocked using {zone}").entities.blocklist
    assert listed is not None
    assert listed.id == slug


def test_retired_lists_say_since_when(engine: Engine) -> None:
    retired = [b for b in engine.knowledge.blocklists.values() if b.status == "retired"]
    assert len(retired) >= 10
    assert all(b.note for b in retired)


@pytest.mark.parametrize(
    ("tool", "cause", "word"),
    [
        ("sisimai", "mailbox-full", "mailboxfull"),
        ("kumomta", "domain-unknown", "BadDomain"),
        ("sparkpost", "spam-content", {"code": "52", "name": "Spam Content"}),
        ("amazon-ses", "mailbox-full", {"bounceType": "Transient", "bounceSubType": "MailboxFull"}),
        ("postmark", "dns-failure", "DnsError"),
        ("sendgrid", "rate-limited", "Frequency/Volume"),
    ],
)
def test_causes_in_the_words_of_others(
    engine: Engine, tool: str, cause: str, word: str | dict[str, str]
) -> None:
    assert engine.knowledge.mappings[tool].causes[cause] == word
