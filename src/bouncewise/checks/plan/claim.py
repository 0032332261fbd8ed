"""What a reply claims, in plain words."""

from __future__ import annotations

from bouncewise.checks.subject import Subject

_CLAIMS = {
    "spf-failed": "SPF did not pass for {domain} from {ip}",
    "dkim-failed": "no DKIM signature of {domain} passed",
    "dmarc-failed": "the message of {domain} from {ip} did not pass DMARC",
    "sender-unauthenticated": "{domain} from {ip} did not prove who it is",
    "ptr-missing": "{ip} has no name, or one that does not lead back to it",
    "helo-rejected": "the name {helo} given with EHLO is not acceptable",
    "ip-blocklisted": "{ip} is on {zone}",
    "domain-blocklisted": "{listed} is on {zone}",
    "ip-reputation": "{ip} has a bad reputation",
    "domain-reputation": "{domain} has a bad reputation",
    "dynamic-ip": "{ip} is an address of a customer's machine",
    "sender-invalid": "the domain of the sender {domain} can't be used",
    "domain-unknown": "{recipient} does not exist",
    "domain-accepts-no-mail": "{recipient} takes no mail",
    "dns-failure": "{recipient} could not be looked up",
    "unroutable": "there is no way to {recipient}",
    "tls-failed": "TLS with the servers of {recipient} failed",
    "tls-required": "TLS is wanted",
    "spoofing-suspected": "the sender {domain} is forged",
}


def claim(cause: str, checks: tuple[str, ...], subject: Subject, lists: str) -> str:
    """What a reply claims.

    Args:
        cause: its cause.
        checks: what it asks for.
        subject: whom it is about.
        lists: what it calls the blocklists that it names.
    """
    words = _CLAIMS.get(cause)
    if words is None:
        return ""
    domain = subject.spf_domain if checks == ("spf",) and subject.spf_domain else subject.domain
    return words.format(
        domain=domain or "the sender's domain",
        ip=subject.ip or "the sending address",
        helo=subject.helo or "that was",
        zone=lists or "a blocklist",
        listed=", ".join(subject.listed) or subject.domain or "the domain",
        recipient=subject.recipient_domain or (domain or "the domain"),
    )
