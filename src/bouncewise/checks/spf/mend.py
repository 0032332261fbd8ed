"""Records to publish in the place of what stands there. Every one of them is a sound record."""

from __future__ import annotations

from collections.abc import Sequence

from bouncewise.checks.finding import Mend
from bouncewise.checks.names import IPAddress, shown
from bouncewise.checks.spf import terms
from bouncewise.checks.spf.asking import MAX_LOOKUPS
from bouncewise.checks.spf.record import Record, Term, is_record, parse
from bouncewise.checks.spf.result import clipped
from bouncewise.checks.spf.review import Part, Review
from bouncewise.checks.spf.spelling import meant, sound

_LONGEST = 2000  # octets of a record that is worth proposing
_FLAT_LONGEST = 450
_STRICT = "-~?+"


def with_address(review: Review, ip: IPAddress, term: str = "", decided: str = "") -> Mend | None:
    """The record with an address that does not pass yet.

    Args:
        review: the review of the record.
        ip: the address.
        term: ``a`` or ``mx`` where that names the address already.
        decided: the term of this record that kept the address out; the new one stands before it.
    """
    record = review.record
    if record is None or record.faults:
        return None
    listed = f"ip{ip.version}:{ip}"
    new = term if term and review.lookups < MAX_LOOKUPS else listed
    why = f"{ip} may send then"
    if new == term:
        why = (
            f"{ip} may send then: it is named by the domain's {'MX' if term == 'mx' else 'addresses'} already"
        )
    made = _put(record, new, decided)
    return _mend(review, made, why)


def _put(record: Record, new: str, decided: str) -> str:
    """The record with a term before ``all``, or before the term that decided."""
    out = []
    done = False
    last = record.mechanisms[-1] if record.mechanisms else None
    for term in sorted((*record.mechanisms, *record.modifiers), key=lambda t: t.start):
        before = term.name == "all" or (decided and term.text == decided and term.qualifier not in {"+", ""})
        if before and not done:
            out.append(new)
            done = True
        out.append(term.text)
        if term is last and not done:
            out.append(new)
            done = True
    if not done:
        out.insert(0, new)
    return " ".join(("v=spf1", *out))


def _mend(review: Review, publish: str, why: str, *, guess: bool = False) -> Mend | None:
    now = tuple(clipped(r.decode("latin-1"), _LONGEST) for r in review.records)
    if not sound(publish) or len(publish) > _LONGEST or now == (publish,):
        return None
    return Mend(review.domain, "TXT", now, (publish,), why, guess)


def first_record(review: Review, ip: IPAddress | None, *, receives: bool) -> Mend | None:
    """A record for a domain without one.

    Args:
        review: the review, which found none.
        ip: an address that sends for the domain, where one is known.
        receives: the domain has MX records.
    """
    answer = review.tree.answer
    like = [t for t in answer.texts if terms.looks_like(t)] if answer is not None else []
    for text in like:
        made = meant(text)
        if made:
            now = (clipped(text.decode("latin-1"), _LONGEST),)
            return Mend(review.domain, "TXT", now, (made,), "SPF finds the record then")
    if ip is not None:
        listed = f"ip{ip.version}:{ip}"
        why = (
            f"{ip} may send then; add what else sends for {shown(review.domain)}, and -all once all is listed"
        )
        return _mend(review, f"v=spf1 {listed} ~all", why, guess=True)
    if receives:
        why = (
            "the hosts that receive its mail may send then; add what else sends, and -all once all is listed"
        )
        return _mend(review, "v=spf1 mx ~all", why, guess=True)
    return _mend(review, "v=spf1 -all", "nobody may send then, for a domain that sends no mail", guess=True)


def joined(review: Review) -> Mend | None:
    """One record out of several: every term once, the strictest ``all`` last."""
    held = []
    for raw in review.records:
        record = parse(raw)
        if record.faults:
            text = meant(raw)
            if not text:
                return None
            record = parse(text.encode("ascii"))
        held.append(record)
    mechanisms: dict[tuple[object, ...], str] = {}
    modifiers: dict[str, str] = {}
    endings = []
    for record in held:
        for term in record.live:
            if term.name == "all":
                endings.append(term.qualifier)
            else:
                mechanisms.setdefault(terms.sense(term), term.text)
        for term in record.modifiers:
            modifiers.setdefault(term.name, term.text)
    if endings:
        modifiers.pop("redirect", None)
        mechanisms["all",] = min(endings, key=_STRICT.index) + "all"
    made = " ".join(("v=spf1", *mechanisms.values(), *modifiers.values()))
    guess = len(set(endings)) > 1 or len(held) != len(endings)
    why = "one record holds the terms of all then"
    if guess:
        why += "; choose how it ends, the records differ in that"
    return _mend(review, made, why, guess=guess)


def respelled(review: Review) -> Mend | None:
    """The record without its slips of the pen."""
    if len(review.records) != 1 or review.record is None:
        return None
    slips = review.record.faults or any(p.code in _SLIPS for p in review.problems)
    made = meant(review.records[0]) if slips else ""
    return _mend(review, made, "the record can be read as it was meant") if made else None


_SLIPS = frozenset({"missing-blank", "unknown-modifier"})


def tidied(review: Review) -> Mend | None:
    """The record without terms that never matter; nothing that passes today is refused then."""
    record = review.record
    if record is None or record.faults:
        return None
    idle = set(terms.useless(record))
    end = record.ending
    if end is not None:
        idle.update(t.start for t in record.mechanisms if t.start > end.start)
        if record.redirect is not None:
            idle.add(record.redirect.start)
    void = _void_terms(review, record)
    if not idle and not void:
        return None
    made = _without(record, idle | void)
    says = "terms that never match are gone" if void else "terms that never matter are gone"
    return _mend(review, made, f"the same addresses may send, and {says}")


def closed(review: Review) -> Mend | None:
    """The record with an end that keeps others out, where it has none or ends in ``+all`` or ``?all``."""
    record = review.record
    if record is None or record.faults or not any(p.code in _OPEN for p in review.problems):
        return None
    if record.forward is not None:
        return None
    end = record.ending
    if end is not None and end.qualifier in "-~":
        return None  # it is an include that is open
    kept = [t.text for t in record.live if t is not end] + [
        t.text for t in record.modifiers if t.name == "exp"
    ]
    why = "other addresses are kept out then; use -all once all that sends is listed"
    return _mend(review, " ".join(("v=spf1", *kept, "~all")), why, guess=True)


_OPEN = frozenset({"plus-all", "neutral-all", "no-all"})


def _void_terms(review: Review, record: Record) -> set[int]:
    """Where the ``a`` and ``mx`` terms start that lead nowhere at all."""
    found = set()
    for term in record.live:
        hosts = review.tree.hosts.get(term.start)
        if hosts is None or term.name not in {"a", "mx"} or hosts.faults():
            continue
        if not any(True for _ in hosts.networks()):
            found.add(term.start)
    return found


def _without(record: Record, starts: set[int]) -> str:
    kept = sorted((*record.mechanisms, *record.modifiers), key=lambda t: t.start)
    return " ".join(("v=spf1", *(t.text for t in kept if t.start not in starts)))


def flattened(review: Review) -> Mend | None:
    """The record with the addresses of as many includes as bring it below the limit of look-ups."""
    record = review.record
    if record is None or review.lookups <= MAX_LOOKUPS:
        return None
    idle = set(terms.useless(record)) | _void_terms(review, record)
    parts = {p.term: p for p in review.parts}
    replaced: dict[int, tuple[str, ...]] = dict.fromkeys(idle, ())
    lookups = review.lookups - sum(_cost(parts, t) for t in record.live if t.start in idle)
    choice = [t for t in record.live if t.start not in idle and t.text in parts and parts[t.text].flat]
    choice.sort(key=lambda t: sum(map(len, parts[t.text].flat)) / parts[t.text].lookups)
    names = []
    for term in choice:
        if lookups <= MAX_LOOKUPS:
            break
        replaced[term.start] = parts[term.text].flat
        lookups -= parts[term.text].lookups
        names.append(term.text)
    if lookups > MAX_LOOKUPS:
        return None
    made = _replaced(record, replaced)
    if len(made) + len(review.domain) > _FLAT_LONGEST:
        return None
    what = (
        f"the addresses of {', '.join(clipped(n, 60) for n in names[:5])} stand in it"
        if names
        else "it is tidy"
    )
    why = f"{lookups} look-ups are left; {what}, and have to be kept up when they change"
    return _mend(review, made, why, guess=bool(names))


def _cost(parts: dict[str, Part], term: Term) -> int:
    part = parts.get(term.text)
    return part.lookups if part is not None else 0


def _replaced(record: Record, replaced: dict[int, tuple[str, ...]]) -> str:
    out: list[str] = []
    for term in sorted((*record.mechanisms, *record.modifiers), key=lambda t: t.start):
        for text in replaced.get(term.start, (term.text,)):
            if text not in out:
                out.append(text)
    return " ".join(("v=spf1", *out))


def mends(review: Review, ip: IPAddress | None = None, *, receives: bool = False) -> Sequence[Mend]:
    """Mends of what the review found, the most pressing first; of several, only one can be published.

    Args:
        review: the review.
        ip: an address that sends for the domain, where one is known.
        receives: the domain has MX records.
    """
    if review.tree.answer is None or review.tree.answer.failed:
        return ()
    if not review.records:
        made = first_record(review, ip, receives=receives)
    elif len(review.records) > 1:
        made = joined(review)
    else:
        made = respelled(review) or flattened(review) or closed(review) or tidied(review)
    return () if made is None or not is_record(made.publish[0].encode()) else (made,)
