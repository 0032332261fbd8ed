"""The check ``tls-rpt``: who is told of failed TLS.

Source: RFC 8460 section 3.
"""

from __future__ import annotations

import re
from functools import partial

from bouncewise.checks.dns import Resolver
from bouncewise.checks.finding import Finding, Mend, Outcome, Step, lacking
from bouncewise.checks.subject import Subject

_finding = partial(Finding, "tls-rpt")

_RECORD = re.compile(r"v=TLSRPTv1\s*;\s*rua\s*=\s*([^;]{1,2000})", re.IGNORECASE)
_URI = re.compile(r"(?:mailto:[^\s,@]{1,200}@[^\s,@]{1,253}|https://[^\s,]{1,1000})\Z", re.IGNORECASE)


async def check_tls_rpt(subject: Subject, resolver: Resolver) -> Finding:
    """Check the TLS-RPT record of ``subject.domain``.

    Args:
        subject: whom it is about.
        resolver: is asked.
    """
    domain = subject.domain
    if not domain:
        return lacking("tls-rpt", "no domain is known", "domain")
    name = f"_smtp._tls.{domain}"
    answer = await resolver.ask(name, "TXT")
    if answer.failed:
        says = f"{name} can't be asked: {answer.detail or answer.status}"
        return _finding(domain, Outcome.UNKNOWN, "dns-fault", says, ())
    texts = [octets[:2000].decode("latin-1") for octets in answer.texts[:20]]
    records = [text for text in texts if text.startswith("v=TLSRPTv1")]
    steps = (Step(f"{name} TXT", "; ".join(records or texts) or answer.status.upper()),)
    if not records:
        return _finding(domain, Outcome.INFO, "none", f"{domain} has no TLS-RPT, which nobody demands", steps)
    if len(records) > 1:
        says = f"{name} holds {len(records)} records; more than one count as none"
        return _finding(domain, Outcome.FAIL, "several", says, steps)
    match = _RECORD.match(records[0])
    uris = [uri.strip() for uri in match[1].split(",")] if match else []
    bad = [uri for uri in uris if not _URI.match(uri)]
    if not uris or bad:
        says = f"the record at {name} names nobody to report to" + (
            f": {bad[0][:60]} is no URI" if bad else ""
        )
        good = f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}"
        mend = Mend(name, "TXT", (records[0],), (good,), "somebody to report to", True)
        return _finding(domain, Outcome.FAIL, "syntax", says, steps, mends=(mend,))
    says = f"failed TLS to {domain} is reported to {', '.join(uris)[:200]}"
    return _finding(domain, Outcome.PASS, "ok", says, steps)
