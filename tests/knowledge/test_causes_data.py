"""The vocabulary and the tables that hang on it: causes, providers, remedies, policy, mappings.

The files are read with tomllib alone, so that a fault in the loader can't hide a fault in the data.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "src" / "bouncewise" / "knowledge" / "data"

# Public API: a cause may be added with its reason, none is renamed or dropped.
SLUGS = """
accepted forwarded unverified authenticated continue delayed relayed
recipient-unknown recipient-syntax recipient-moved recipient-disabled mailbox-unavailable mailbox-full
recipient-refuses already-suppressed recipient-rate-limited
domain-unknown domain-accepts-no-mail dns-failure unroutable mail-loop relay-denied
connection-failed connection-lost delivery-expired system-unavailable system-full system-error
greylisted rate-limited too-many-connections too-many-recipients too-many-invalid-recipients
sender-quota sender-suspended
spf-failed dkim-failed dmarc-failed sender-unauthenticated ptr-missing helo-rejected
sender-invalid sender-blocked sender-not-owned spoofing-suspected
ip-blocklisted domain-blocklisted ip-reputation dynamic-ip domain-reputation user-complaints
spam-content virus attachment-blocked message-too-large message-malformed content-unsupported
policy-rejected auth-required auth-failed tls-required tls-failed
command-unrecognized command-syntax bad-sequence
auto-reply complaint challenge not-a-bounce unknown
""".split()
GROUPS = set(
    "success intermediate recipient routing network system rate authentication sender reputation content "
    "policy submission protocol not-a-bounce unknown".split()
)
SCOPES = set("recipient message sender sender-domain ip host domain session".split())
OUTCOMES = set("delivered continue retry slow-down suppress bounce fix ignore by-code".split())
WHO = set("nobody sender-user sender-admin recipient recipient-admin".split())
CHECKS = set(
    "spf dkim dmarc arc blocklist reverse-dns helo sender-domain recipient-domain name-servers".split()
)
ACTIONS = {"deliver", "continue", "retry", "bounce", "none"}
PLACEHOLDERS = set(
    "ip domain sender recipient host lookup delist operator wait limit url provider postmaster".split()
)
CODE = re.compile(r"[2-6]\d\d|[245X]\.\d{1,3}\.\d{1,3}")
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
# Where the address itself is at fault, or its owner said no: the only causes that may suppress it.
MAY_SUPPRESS = set(
    "recipient-unknown recipient-syntax recipient-moved recipient-disabled domain-unknown "
    "domain-accepts-no-mail already-suppressed complaint".split()
)


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


CAUSES: dict[str, dict[str, Any]] = read("causes.toml")["cause"]
PROVIDERS: dict[str, dict[str, Any]] = read("providers.toml")["provider"]
SOURCES: dict[str, dict[str, Any]] = read("sources.toml")["source"]
REMEDIES: list[dict[str, Any]] = [
    remedy
    for path in sorted((DATA / "remedies").glob("*.toml"))
    for remedy in read(f"remedies/{path.name}")["remedy"]
]
POLICY: list[dict[str, Any]] = read("policy.toml")["policy"]
DEFAULTS: dict[str, dict[str, Any]] = read("policy.toml")["defaults"]
MAPPINGS: dict[str, dict[str, Any]] = read("mappings.toml")["mapping"]


def test_the_vocabulary_is_complete() -> None:
    assert len(SLUGS) == len(set(SLUGS)) == 70
    assert set(SLUGS) <= set(CAUSES)


@pytest.mark.parametrize("slug", CAUSES)
def test_each_cause_is_well_formed(slug: str) -> None:
    cause = CAUSES[slug]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", slug)
    assert cause["group"] in GROUPS
    assert cause["scope"] in SCOPES
    assert cause["outcome"] in OUTCOMES
    assert cause["who"] in WHO
    assert 0 < len(cause["title"]) <= 50
    assert cause["explanation"].endswith(".")
    assert set(cause.get("checks", ())) <= CHECKS
    assert [c for c in cause.get("codes", ()) if not CODE.fullmatch(c)] == []


def test_every_group_and_scope_is_used() -> None:
    assert {c["group"] for c in CAUSES.values()} == GROUPS
    assert {c["scope"] for c in CAUSES.values()} == SCOPES


def test_titles_and_explanations_tell_the_causes_apart() -> None:
    for field in ("title", "explanation"):
        twice = [text for text, n in Counter(c[field] for c in CAUSES.values()).items() if n > 1]
        assert twice == []


@pytest.mark.parametrize(
    ("slug", "check"),
    [
        ("spf-failed", "spf"),
        ("dkim-failed", "dkim"),
        ("dmarc-failed", "dmarc"),
        ("ptr-missing", "reverse-dns"),
        ("helo-rejected", "helo"),
        ("ip-blocklisted", "blocklist"),
        ("domain-blocklisted", "blocklist"),
        ("domain-unknown", "recipient-domain"),
        ("sender-invalid", "sender-domain"),
    ],
)
def test_what_dns_can_prove_names_its_check(slug: str, check: str) -> None:
    assert check in CAUSES[slug]["checks"]


@pytest.mark.parametrize("slug", ["mailbox-full", "greylisted", "virus", "auth-failed", "unknown"])
def test_what_dns_can_not_prove_names_none(slug: str) -> None:
    assert "checks" not in CAUSES[slug]


@pytest.mark.parametrize("slug", PROVIDERS)
def test_each_provider_is_well_formed(slug: str) -> None:
    provider = PROVIDERS[slug]
    assert provider["name"]
    assert provider["kind"] in {"mailbox", "gateway", "mta", "host", "sender"}
    assert [h for h in provider.get("hosts", ()) if not HOST.fullmatch(h)] == []
    assert [m for m in provider.get("marks", ()) if len(m) < 4 or m != m.lower()] == []
    assert provider.get("postmaster", "https://").startswith("https://")
    assert set(provider.get("sources", ())) <= set(SOURCES)


def test_no_provider_is_named_by_a_bare_number() -> None:
    # An id counts as a host suffix too: a number would be taken for the end of an IP address.
    assert [slug for slug in PROVIDERS if slug.isdigit()] == []


def test_a_host_suffix_and_a_mark_belong_to_one_provider() -> None:
    for field in ("hosts", "marks"):
        count = Counter(value for p in PROVIDERS.values() for value in p.get(field, ()))
        assert [value for value, n in count.items() if n > 1] == []


def test_remedies_name_known_causes_providers_and_sources() -> None:
    for remedy in REMEDIES:
        assert remedy["cause"] in CAUSES
        assert remedy.get("provider", "google") in PROVIDERS
        assert set(remedy.get("sources", ())) <= set(SOURCES)
        assert 1 <= len(remedy["steps"]) <= 5


def test_a_cause_and_speaker_have_one_remedy() -> None:
    count = Counter((r["cause"], r.get("provider")) for r in REMEDIES)
    assert [key for key, n in count.items() if n > 1] == []


def test_what_somebody_can_mend_has_a_remedy_for_every_speaker() -> None:
    told = {r["cause"] for r in REMEDIES if "provider" not in r}
    lacking = [s for s, c in CAUSES.items() if c["who"] != "nobody" and s not in told]
    assert lacking == []


def test_placeholders_of_steps_are_known_and_have_a_fallback() -> None:
    for remedy in REMEDIES:
        for step in remedy["steps"]:
            for inside in re.findall(r"\{([^{}]*)\}", step):
                name, bar, words = inside.partition("|")
                assert name in PLACEHOLDERS, step
                assert bar, step
                assert words or name in {"url"}, step
            rest = re.sub(r"\{[^{}]*\}", "", step)
            assert "{" not in rest, step
            assert "}" not in rest, step


@pytest.mark.parametrize("cause", ["domain-unknown", "dns-failure", "unroutable", "domain-accepts-no-mail"])
def test_remedies_about_the_recipients_domain_do_not_name_the_senders(cause: str) -> None:
    # {domain} is the sender's: a look-up of it would prove nothing here.
    steps = [step for r in REMEDIES if r["cause"] == cause for step in r["steps"]]
    assert steps
    assert [step for step in steps if "{domain" in step] == []


def test_a_record_for_spf_fits_either_kind_of_address() -> None:
    for remedy in REMEDIES:
        for step in remedy["steps"]:
            assert "ip4:{ip" not in step, "the IP of a reply may be one of IPv6"


def rising(times: list[int]) -> bool:
    return bool(times) and times[0] > 0 and times == sorted(set(times))


@pytest.mark.parametrize("row", POLICY, ids=lambda r: f"{r.get('cause')}-{r.get('provider', 'any')}")
def test_each_policy_row_is_well_formed(row: dict[str, Any]) -> None:
    assert row.get("cause") or row.get("code")
    assert row.get("cause", "unknown") in CAUSES
    assert row.get("provider", "google") in PROVIDERS
    assert row.get("action", "none") in ACTIONS
    assert row.get("without_code", "none") in ACTIONS
    assert rising(row.get("retry_after", [1]))
    assert 3600 <= row.get("give_up_after", 3600) <= 432_000
    assert row.get("retry_after", [1])[0] < row.get("give_up_after", 432_000)
    assert row.get("throttle", "ip") in {"ip", "domain", "sender", "host", "recipient"}
    assert row.get("who", "nobody") in WHO
    assert row.get("source", "rfc5321") in SOURCES
    assert not row.get("suppress") or row["cause"] in MAY_SUPPRESS


def test_a_policy_row_says_something_new() -> None:
    keys = [
        (r.get("cause"), r.get("provider"), str(r.get("code")), str(r.get("enhanced")), str(r.get("phase")))
        for r in POLICY
    ]
    assert len(keys) == len(set(keys))
    scope = {"cause", "provider", "code", "enhanced", "phase", "note", "source"}
    assert [r for r in POLICY if not set(r) - scope] == []


def test_defaults_keep_to_the_queue_life_of_rfc_5321() -> None:
    # Section 4.5.4.1: the give-up time generally needs to be at least 4-5 days.
    assert set(DEFAULTS) == {"transient", "permanent"}
    for default in DEFAULTS.values():
        assert rising(default["retry_after"])
        assert 4 * 86400 <= default["give_up_after"] <= 5 * 86400


def policy(cause: str) -> dict[str, Any]:
    return next(r for r in POLICY if r["cause"] == cause and "provider" not in r)


@pytest.mark.parametrize("cause", sorted(MAY_SUPPRESS))
def test_an_address_at_fault_is_suppressed(cause: str) -> None:
    assert policy(cause)["suppress"] is True


@pytest.mark.parametrize(
    "cause", ["greylisted", "rate-limited", "too-many-recipients", "too-many-connections"]
)
def test_a_limit_is_retried_whatever_the_first_digit(cause: str) -> None:
    assert policy(cause)["action"] == "retry"


@pytest.mark.parametrize("cause", ["recipient-unknown", "domain-unknown", "recipient-syntax"])
def test_an_unknown_address_is_not_retried_for_days(cause: str) -> None:
    assert policy(cause)["give_up_after"] <= 86400


@pytest.mark.parametrize("cause", ["auto-reply", "complaint", "challenge", "not-a-bounce"])
def test_what_is_no_bounce_asks_for_no_delivery(cause: str) -> None:
    assert policy(cause)["action"] == "none"


def test_greylisting_is_tried_within_minutes_and_a_full_mailbox_within_hours() -> None:
    assert policy("greylisted")["retry_after"][0] <= 600
    assert policy("mailbox-full")["retry_after"][0] >= 3600


@pytest.mark.parametrize("slug", MAPPINGS)
def test_mappings_name_known_causes(slug: str) -> None:
    mapping = MAPPINGS[slug]
    assert mapping["title"]
    assert mapping["source"] in SOURCES or mapping["source"].startswith("https://")
    assert [cause for cause in mapping["causes"] if cause not in CAUSES] == []
    for word in mapping["causes"].values():
        words = word.values() if isinstance(word, dict) else [word]
        assert all(isinstance(w, str) and w for w in words)


@pytest.mark.parametrize("slug", ["sisimai", "kumomta", "sparkpost", "amazon-ses", "postmark", "sendgrid"])
def test_what_fails_has_a_counterpart_elsewhere(slug: str) -> None:
    mapped = set(MAPPINGS[slug]["causes"])
    assert {"recipient-unknown", "mailbox-full", "spam-content", "dns-failure", "unknown"} <= mapped
    assert len(mapped) >= 30


@pytest.mark.parametrize(
    ("tool", "cause", "word"),
    [
        ("sisimai", "recipient-unknown", "userunknown"),
        ("kumomta", "recipient-disabled", "InactiveMailbox"),
        ("kumomta", "greylisted", "TransientFailure"),
        ("kumomta", "virus", "VirusRelated"),
        ("sparkpost", "message-too-large", {"code": "23", "name": "Too Large"}),
        ("postmark", "complaint", "SpamComplaint"),
        (
            "amazon-ses",
            "attachment-blocked",
            {"bounceType": "Transient", "bounceSubType": "AttachmentRejected"},
        ),
        ("sendgrid", "recipient-unknown", "Invalid Address"),
    ],
)
def test_the_words_of_others(tool: str, cause: str, word: object) -> None:
    assert MAPPINGS[tool]["causes"][cause] == word


KUMOMTA = set(
    "InvalidRecipient DNSFailure SpamBlock SpamContent ProhibitedAttachment RelayDenied AutoReply TransientFailure "
    "Subscribe Unsubscribe ChallengeResponse BadConfiguration BadConnection BadDomain ContentRelated "
    "InactiveMailbox InvalidSender MessageExpired NoAnswerFromHost PolicyRelated ProtocolErrors QuotaIssues "
    "RelayingIssues RoutingErrors SpamRelated VirusRelated AuthenticationFailed Uncategorized".split()
)
POSTMARK = set(
    "HardBounce Transient Unsubscribe Subscribe AutoResponder AddressChange DnsError SpamNotification "
    "OpenRelayTest Unknown SoftBounce VirusNotification ChallengeVerification BadEmailAddress SpamComplaint "
    "ManuallyDeactivated Unconfirmed Blocked SMTPApiError InboundError DMARCPolicy".split()
)


@pytest.mark.parametrize(("tool", "words"), [("kumomta", KUMOMTA), ("postmark", POSTMARK)])
def test_no_word_is_invented(tool: str, words: set[str]) -> None:
    assert set(MAPPINGS[tool]["causes"].values()) <= words


def test_a_code_of_sparkpost_has_one_name() -> None:
    pairs = {(w["code"], w["name"]) for w in MAPPINGS["sparkpost"]["causes"].values()}
    assert len(pairs) == len({code for code, _ in pairs}) == len({name for _, name in pairs})
