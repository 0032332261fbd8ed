"""The check ``dkim``: the signatures of a message, or the keys of a domain."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from bouncewise.checks.dkim.key import LEAST_BITS, DkimKeyError, Key, ask_key, key_of, parse_key
from bouncewise.checks.dkim.selectors import common_selectors
from bouncewise.checks.dkim.verify import SignatureResult, verify_message
from bouncewise.checks.dns import Answer, Resolver, Status
from bouncewise.checks.finding import Finding, Mend, Outcome, Problem, Step, lacking
from bouncewise.checks.subject import Subject

GOOD_BITS = 2048
MAX_SELECTORS = 20
_UNLIKELY = "no-such-selector-7f3a"  # a zone that answers this answers everything


class KeyResult(msgspec.Struct, frozen=True):
    """A key that was looked for.

    Attributes:
        selector: its selector.
        answer: what DNS said.
        key: the key, or None.
        reason: a slug of why there is none.
        says: the same in words.
        temporary: DNS failed.
    """

    selector: str
    answer: Answer
    key: Key | None = None
    reason: str = ""
    says: str = ""
    temporary: bool = False


async def check_key(domain: str, selector: str, resolver: Resolver) -> KeyResult:
    """Look for the key of a selector.

    Args:
        domain: the signing domain.
        selector: the selector.
        resolver: is asked.
    """
    answer = await ask_key(selector, domain, resolver)
    try:
        return KeyResult(selector, answer, key_of(answer))
    except DkimKeyError as error:
        return KeyResult(selector, answer, None, error.code, str(error), error.temporary)


async def check_dkim(subject: Subject, resolver: Resolver, *, now: float) -> Finding:
    """Check signatures where a message is at hand, else keys.

    Args:
        subject: whom it is about.
        resolver: is asked.
        now: Unix seconds.
    """
    if subject.message:
        return await _of_message(subject, resolver, now)
    if not subject.domain:
        return lacking("dkim", "the signing domain is not known", "message")
    if subject.selectors:
        found = await asyncio.gather(
            *(check_key(subject.domain, name, resolver) for name in subject.selectors[:MAX_SELECTORS])
        )
        return _of_keys(subject, found)
    return await _of_common(subject, resolver)


# -- a message --------------------------------------------------------------------------------------


async def _of_message(subject: Subject, resolver: Resolver, now: float) -> Finding:
    results = await verify_message(subject.message, resolver, now=now, whole=subject.whole)
    if not results:
        says = "the message is not signed"
        return _finding(subject, Outcome.FAIL, "none", says, facts={"passed": [], "signatures": 0})
    passed = [result for result in results if result.result == "pass"]
    best = (
        passed
        or [r for r in results if r.result == "neutral"]
        or [r for r in results if r.result == "temperror"]
        or list(results)
    )
    first = best[0]
    outcome = {"pass": Outcome.PASS, "neutral": Outcome.UNKNOWN, "temperror": Outcome.UNKNOWN}.get(
        first.result, Outcome.FAIL
    )
    problems = tuple(p for result in results for p in _problems(result))
    if outcome is Outcome.PASS and any(problem.serious for problem in problems):
        outcome = Outcome.WARN
    facts: dict[str, str | int | bool | list[str]] = {
        "passed": [result.domain for result in passed],
        "signatures": len(results),
    }
    if first.key:
        facts["bits"] = first.key.bits
    if first.reason:
        facts["reason"] = first.reason
    return _finding(
        subject,
        outcome,
        first.result if first.result == "pass" else first.reason,
        _says(first, len(results)),
        steps=tuple(_step(result) for result in results),
        problems=problems,
        mends=tuple(m for r in results if r.result != "pass" for m in _mend_of(r)),
        needs=("message",) if first.reason == "body-missing" else (),
        facts=facts,
    )


def _says(first: SignatureResult, count: int) -> str:
    who = f"{first.domain} (selector {first.signature.selector})" if first.signature else "a signer"
    more = f" of {count} signatures" if count > 1 else ""
    if first.result == "pass":
        return f"the signature of {who} is right{', one' + more if more else ''}"
    return (
        f"the signature of {who} is not right: {first.says}"
        if first.result == "fail"
        else (
            f"the signature of {who} can't be told: {first.says}"
            if first.result in ("neutral", "temperror")
            else f"the signature of {who} can't be used: {first.says}"
        )
    )


def _step(result: SignatureResult) -> Step:
    signature = result.signature
    if signature is None:
        return Step("a DKIM-Signature", "", f"{result.result}: {result.says}")
    form = f"{signature.header}/{signature.body}"
    what = f"d={signature.domain} s={signature.selector} a={signature.algorithm} c={form}"
    said = result.key.text[:300] if result.key else ""
    return Step(what, said, f"{result.result}{f' ({result.reason})' if result.reason else ''}: {result.says}")


def _problems(result: SignatureResult) -> list[Problem]:
    found = _key_problems(result.key) if result.key else []
    if result.signature and result.signature.length is not None and result.result == "pass":
        says = "l= leaves the end of the body unsigned: anybody may put more there"
        found.append(Problem("body-length", says, True, "RFC 6376 section 8.2"))
    return found


def _mend_of(result: SignatureResult) -> tuple[Mend, ...]:
    if result.signature is None or result.reason not in ("no-key", "key-revoked", "key-syntax"):
        return ()
    name = f"{result.signature.selector}._domainkey.{result.signature.domain}"
    return _publish(name, ())


# -- keys -------------------------------------------------------------------------------------------


def _of_keys(subject: Subject, found: Sequence[KeyResult]) -> Finding:
    bad = [result for result in found if result.key is None]
    unsure = [result for result in bad if result.temporary]
    problems = [problem for result in found if result.key for problem in _key_problems(result.key)]
    facts: dict[str, str | int | bool | list[str]] = {"selectors": [r.selector for r in found if r.key]}
    if bits := [result.key.bits for result in found if result.key and result.key.kind == "rsa"]:
        facts["bits"] = min(bits)
    if len(bad) > len(unsure):
        first = next(result for result in bad if not result.temporary)
        outcome, word, says = Outcome.FAIL, first.reason, first.says
    elif unsure:
        outcome, word, says = Outcome.UNKNOWN, unsure[0].reason, unsure[0].says
    else:
        serious = any(problem.serious for problem in problems)
        outcome, word = (Outcome.FAIL if serious else Outcome.WARN if problems else Outcome.PASS), "key"
        says = f"there is a key for {' and '.join(r.selector for r in found)} ({_bits(found)})"
        if problems:
            says += f"; but {problems[0].says}"
    return _finding(
        subject,
        outcome,
        word,
        says,
        steps=tuple(_key_step(result) for result in found),
        problems=tuple(problems),
        mends=tuple(mend for result in bad for mend in _mends(result)),
        facts=facts,
    )


async def _of_common(subject: Subject, resolver: Resolver) -> Finding:
    names = common_selectors()
    found = await asyncio.gather(
        *(check_key(subject.domain, name, resolver) for name in (_UNLIKELY, *names)),
        resolver.ask(f"_domainkey.{subject.domain}", "TXT"),
    )
    wild, *results = found[:-1]
    below = found[-1]
    assert isinstance(wild, KeyResult)
    assert isinstance(below, Answer)
    keys = [result for result in results if isinstance(result, KeyResult)]
    there = [result for result in keys if result.key is not None]
    needs = ("selector", "message")
    if wild.answer.status is Status.OK and there:
        says = f"{subject.domain} answers every selector, so keys can't be looked for; give the selector"
        return _finding(subject, Outcome.INFO, "wildcard", says, needs=needs)
    if there:
        told = _of_keys(subject, there)
        services = ", ".join(dict.fromkeys(names[r.selector] for r in there))
        says = f"{told.says} (found among {len(names)} common selectors: {services})"
        return msgspec.structs.replace(told, says=says)
    failed = [result for result in keys if result.temporary]
    if len(failed) == len(keys):
        why = failed[0].answer.detail or failed[0].answer.status
        says = f"keys of {subject.domain} can't be asked for: {why}"
        return _finding(subject, Outcome.UNKNOWN, "dns-fault", says)
    some = below.status in (Status.NODATA, Status.OK)
    hint = "; some key is there, since _domainkey exists" if some else ""
    says = f"no key under {len(names)} common selectors{hint}; the selector is the s= of a DKIM-Signature"
    return _finding(subject, Outcome.INFO, "not-found", says, needs=needs)


def _key_problems(key: Key) -> list[Problem]:
    found = []
    if key.kind == "rsa" and key.bits < LEAST_BITS:
        says = f"the key has {key.bits} bits; receivers refuse keys of less than {LEAST_BITS}"
        found.append(Problem("weak-key", says, True, "RFC 8301 section 3.2"))
    elif key.kind == "rsa" and key.bits < GOOD_BITS:
        says = f"the key has {key.bits} bits; {GOOD_BITS} are recommended"
        found.append(Problem("short-key", says, source="RFC 8301 section 3.2"))
    if key.testing:
        says = "t=y says that the domain tries DKIM out: receivers may treat its mail as unsigned"
        found.append(Problem("testing", says, source="RFC 6376 section 3.6.1"))
    if key.hashes and "sha256" not in key.hashes:
        found.append(Problem("hash-algorithm", "h= does not allow sha256, so no signature can pass", True))
    if not {"*", "email"} & set(key.services):
        found.append(Problem("service-type", "s= does not name mail, so no signature can pass", True))
    return found


def _key_step(result: KeyResult) -> Step:
    said = (
        result.key.text
        if result.key
        else "; ".join(t.decode("utf-8", "replace") for t in result.answer.texts)
    )
    told = f"{result.key.kind}, {result.key.bits} bits" if result.key else result.says
    return Step(f"{result.answer.name} TXT", (said or str(result.answer.status).upper())[:500], told)


def _bits(found: Sequence[KeyResult]) -> str:
    return ", ".join(f"{r.key.kind}, {r.key.bits} bits" for r in found if r.key)


def _mends(result: KeyResult) -> tuple[Mend, ...]:
    if result.temporary:
        return ()
    now = tuple(text.decode("utf-8", "replace")[:1000] for text in result.answer.texts)
    if result.reason == "key-syntax" and len(now) == 1 and (clean := _cleaned(now[0])):
        why = "the same key without quotation marks and backslashes"
        return (Mend(result.answer.name, "TXT", now, (clean,), why),)
    return _publish(result.answer.name, now)


def _publish(name: str, now: tuple[str, ...]) -> tuple[Mend, ...]:
    why = "the public key that your mail server or mail service shows for this selector"
    return (Mend(name, "TXT", now, ("v=DKIM1; k=rsa; p=<the public key>",), why, guess=True),)


def _cleaned(text: str) -> str:
    """A record without what panels and zone files leave in it, where it can be read then; else ""."""
    clean = text.replace('" "', "").replace('""', "").replace('"', "").replace("\\", "").strip()
    try:
        parse_key(clean)
    except DkimKeyError:
        return ""
    return clean if clean != text else ""


def _finding(
    subject: Subject,
    outcome: Outcome,
    result: str,
    says: str,
    **more: object,
) -> Finding:
    told = Finding(check="dkim", subject=subject.domain, outcome=outcome, result=result, says=says)
    return msgspec.structs.replace(told, **more)
