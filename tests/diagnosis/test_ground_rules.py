"""What must hold when the reply alone is given."""

from __future__ import annotations

import pytest

from bouncewise.diagnosis.engine import Engine
from bouncewise.reply import Context, Phase

RULES = [
    # reply, cause, action
    ("220 mx.example.com ESMTP", "accepted", "deliver"),
    ("221 bye", "accepted", "deliver"),
    ("250 ok", "accepted", "deliver"),
    ("251 User not local; will forward", "forwarded", "deliver"),
    ("252 cannot verify", "unverified", "deliver"),
    ("235 2.7.0 ok", "authenticated", "deliver"),
    ("334 VXNlcm5hbWU6", "continue", "continue"),
    ("354 go ahead", "continue", "continue"),
    ("421", "system-unavailable", "retry"),
    ("450", "mailbox-unavailable", "retry"),
    ("451", "system-error", "retry"),
    ("452", "system-full", "retry"),
    ("454", "tls-failed", "retry"),
    ("500", "command-unrecognized", "bounce"),
    ("501", "command-syntax", "bounce"),
    ("502", "command-unrecognized", "bounce"),
    ("503", "bad-sequence", "bounce"),
    ("530", "auth-required", "bounce"),
    ("535", "auth-failed", "bounce"),
    ("550", "recipient-unknown", "bounce"),
    ("551", "recipient-moved", "bounce"),
    ("552", "mailbox-full", "bounce"),
    ("553", "recipient-syntax", "bounce"),
    ("554", "policy-rejected", "bounce"),
    ("550 5.1.1 ...", "recipient-unknown", "bounce"),
    ("550 5.1.2 ...", "domain-unknown", "bounce"),
    ("550 5.1.8 ...", "sender-invalid", "bounce"),
    ("550 5.2.1 ...", "recipient-disabled", "bounce"),
    ("550 5.2.2 ...", "mailbox-full", "bounce"),
    ("450 4.4.1 ...", "connection-failed", "retry"),
    ("550 5.4.4 ...", "unroutable", "bounce"),
    ("550 5.7.1 ...", "policy-rejected", "bounce"),
    ("550 5.7.1 SPF check failed", "spf-failed", "bounce"),
    ("550 5.7.1 rejected by DMARC policy", "dmarc-failed", "bounce"),
    ("550 5.7.1 192.0.2.1 listed at zen.spamhaus.org", "ip-blocklisted", "bounce"),
    ("421 4.7.0 Try again later", "greylisted", "retry"),
    ("451 4.7.1 Greylisting in action", "greylisted", "retry"),
    ("550 5.7.26 ...", "sender-unauthenticated", "bounce"),
]


@pytest.mark.parametrize(("reply", "cause", "action"), RULES)
def test_verdict(engine: Engine, reply: str, cause: str, action: str) -> None:
    diagnosis = engine.diagnose(reply)
    assert (diagnosis.cause, diagnosis.action) == (cause, action)


def test_unknown_user_is_suppressed(engine: Engine) -> None:
    assert engine.diagnose("550 5.1.1 no such user").advice.suppress


@pytest.mark.parametrize(
    "reply", ["550 5.7.23 SPF failed", "550 5.7.1 listed at zen.spamhaus.org", "450 4.1.1 no such user"]
)
def test_suppress_never_follows_from_the_sender_or_a_transient_reply(engine: Engine, reply: str) -> None:
    assert not engine.diagnose(reply).advice.suppress


def test_try_again_later_may_also_be_a_rate_limit(engine: Engine) -> None:
    diagnosis = engine.diagnose("421 4.7.0 Try again later")
    assert diagnosis.alternatives[0].cause == "rate-limited"
    assert 300 <= (diagnosis.advice.retry_after or 0) <= 1800


def test_authentication_names_its_checks(engine: Engine) -> None:
    assert set(engine.diagnose("550 5.7.26 unauthenticated").advice.checks) == {"spf", "dkim", "dmarc"}
    assert engine.diagnose("550 5.7.1 SPF check failed").advice.checks == ("spf",)


def test_a_listing_names_the_list_and_its_page(engine: Engine) -> None:
    listed = engine.diagnose("550 5.7.1 192.0.2.1 listed at zen.spamhaus.org").entities.blocklist
    assert listed is not None
    assert (listed.zone, listed.operator) == ("zen.spamhaus.org", "Spamhaus")
    assert "192.0.2.1" in listed.lookup


def test_a_retired_list_says_so(engine: Engine) -> None:
    listed = engine.diagnose(
        "554 5.7.1 Client host [192.0.2.1] blocked using dnsbl.sorbs.net"
    ).entities.blocklist
    assert listed is not None
    assert listed.status == "retired"


def test_code_rules_the_action_and_disagreement_is_shown(engine: Engine) -> None:
    diagnosis = engine.diagnose("450 5.1.1 no such user")
    assert diagnosis.action == "retry"
    assert "450" in diagnosis.disagreement
    assert "5.1.1" in diagnosis.disagreement


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        ("451 4.7.1 Greylisted for 5 minutes", 300),
        ("450 greylisted, try again in 60 seconds", 60),
        ("451 4.7.1 Greylisting, please come back in 00:04:30", 270),
    ],
)
def test_the_wait_that_the_words_ask_for(engine: Engine, reply: str, seconds: int) -> None:
    assert engine.diagnose(reply).advice.retry_after == seconds


def test_552_for_too_many_recipients_is_transient(engine: Engine) -> None:
    assert engine.diagnose("552 too many recipients").action == "retry"


def test_retry_grows_with_the_attempts(engine: Engine) -> None:
    waits = [
        engine.diagnose("451 4.3.0 local error", Context(attempts=n)).advice.retry_after for n in (1, 2, 9)
    ]
    assert waits == sorted(waits, key=lambda w: w or 0)
    assert waits[0] != waits[2]


def test_the_phase_counts(engine: Engine) -> None:
    assert engine.diagnose("550", Context(phase=Phase.MAIL)).cause == "sender-blocked"


def test_nothing_known_is_unknown(engine: Engine) -> None:
    diagnosis = engine.diagnose("the quick brown fox")
    assert (diagnosis.cause, diagnosis.action) == ("unknown", "bounce")
    assert diagnosis.confidence <= 0.3
