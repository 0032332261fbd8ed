"""The check ``blocklist``: an address or a domain asked of every live list, or of those named."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from bouncewise.checks.blocklist.query import ListResult, ListState, ask_list, health, is_address
from bouncewise.checks.dmarc.discover import suffix_org_domain
from bouncewise.checks.dns import Resolver
from bouncewise.checks.finding import Finding, Outcome, Step
from bouncewise.checks.names import name_or_none
from bouncewise.checks.subject import Subject
from bouncewise.knowledge.model import Blocklist

MAX_SUBJECTS = 5
MAX_NAMED = 10  # zones that a reply may name
Asked = tuple[Blocklist, str]


async def check_blocklists(
    subject: Subject,
    resolver: Resolver,
    lists: Mapping[str, Blocklist],
    *,
    zones: Sequence[str] = (),
    test: bool = True,
) -> tuple[Finding, ...]:
    """Ask blocklists about an address and about domains.

    Args:
        subject: whom it is about: ``ip``, and ``listed`` or else ``domain``.
        resolver: is asked, all lists at the same time.
        lists: the knowledge base's lists by id.
        zones: ask these only.
        test: a list that says "listed" is asked for its test points too.

    Returns:
        A finding for each address and domain.
    """
    names = list(subject.listed) or _domains(subject.domain)
    if zones and subject.ip and not subject.listed and not _for_domains(lists, zones):
        names = []  # the reply names lists of addresses, and the address is known
    subjects = list(dict.fromkeys([*([subject.ip] if subject.ip else []), *names]))[:MAX_SUBJECTS]
    if not subjects:
        return (_nothing_to_ask(lists, zones),)
    found = await asyncio.gather(*(_one(item, resolver, lists, zones, test) for item in subjects))
    return tuple(finding for several in found for finding in several) or (_nothing_to_ask(lists, zones),)


def _domains(domain: str) -> list[str]:
    """A domain and the one that was registered, since lists have either."""
    return list(dict.fromkeys([domain, suffix_org_domain(domain)])) if domain else []


async def _one(
    item: str, resolver: Resolver, lists: Mapping[str, Blocklist], zones: Sequence[str], test: bool
) -> tuple[Finding, ...]:
    ip = is_address(item)
    if ip is not None and (ip.is_private or ip.is_loopback or ip.is_multicast) and not _documented(str(ip)):
        return (_private(item),)
    named = _named(lists, zones)
    asked = [pair for pair in named if not _can_not_be_asked(pair[0])]
    if asked or not named:
        found = await _asked(item, asked or _default(lists, item), resolver, test)
        return (_finding(item, found, named=bool(asked)),) if found else ()
    closed = next((entry for entry, _ in named if entry.status != "retired"), None)
    if closed is None:
        return (_retired(item, named[0][0]),)
    public = _finding(item, await _asked(item, _default(lists, item), resolver, test), named=False)
    if public.outcome is Outcome.FAIL:  # a hint, and no proof that the list that was named has it
        public = msgspec.structs.replace(public, outcome=Outcome.WARN)
    return (_closed(item, closed), public)


async def _asked(item: str, asked: Sequence[Asked], resolver: Resolver, test: bool) -> list[ListResult]:
    results = await asyncio.gather(*(ask_list(entry, zone, item, resolver) for entry, zone in asked))
    if test:
        results = await asyncio.gather(*(_tested(result, item, resolver) for result in results))
    return list(results)


async def _tested(result: ListResult, item: str, resolver: Resolver) -> ListResult:
    """A listing counts from a list that works only."""
    if result.state is not ListState.LISTED:
        return result
    told = await health(result.entry, result.zone, resolver, domains=is_address(item) is None)
    return told if told.state is ListState.BROKEN else result


def _default(lists: Mapping[str, Blocklist], item: str) -> list[Asked]:
    """The live lists that take such a subject."""
    ip = is_address(item)
    kind = "domain" if ip is None else "ip"
    chosen = []
    for entry in lists.values():
        if entry.status != "live" or entry.asked != "always" or kind not in entry.kind:
            continue
        if ip is not None and ip.version == 6 and not entry.ipv6:
            continue
        chosen += [(entry, zone) for zone in entry.zones]
    return chosen


def _named(lists: Mapping[str, Blocklist], zones: Sequence[str]) -> list[Asked]:
    """Lists that a reply names by zone or by id, with what is known of them."""
    known = {zone: entry for entry in lists.values() for zone in entry.zones}
    found: list[Asked] = []
    for zone in list(dict.fromkeys(zones))[:MAX_NAMED]:
        if zone in lists:
            found += [(lists[zone], own) for own in lists[zone].zones or ("",)]
            continue
        name = name_or_none(zone)
        if not name:
            continue
        unknown = Blocklist(id=name, operator="", name=name, zones=(name,), kind=("ip", "domain"))
        found.append((known.get(name, unknown), name))
    return found


def _for_domains(lists: Mapping[str, Blocklist], zones: Sequence[str]) -> bool:
    return any("domain" in entry.kind for entry, _ in _named(lists, zones))


_RANK = (
    ListState.LISTED,
    ListState.BROKEN,
    ListState.REFUSED,
    ListState.UNKNOWN,
    ListState.DEAD,
    ListState.NOT_LISTED,
)


def _finding(item: str, results: Sequence[ListResult], *, named: bool) -> Finding:
    by_state = {state: [r for r in results if r.state is state] for state in ListState}
    listed, refused = by_state[ListState.LISTED], by_state[ListState.REFUSED]
    unknown = by_state[ListState.UNKNOWN] + by_state[ListState.BROKEN] + by_state[ListState.DEAD]
    answered = listed + by_state[ListState.NOT_LISTED]
    if listed:
        heeded = named or any(result.entry.heeded for result in listed)
        outcome, word = (Outcome.FAIL if heeded else Outcome.WARN), "listed"
    elif not answered or (named and (refused or unknown)):
        outcome, word = Outcome.UNKNOWN, "refused" if refused else "unknown"
    else:
        outcome, word = Outcome.PASS, "not-listed"
    ordered = sorted(results, key=lambda result: (_RANK.index(result.state), not result.entry.heeded))
    return Finding(
        check="blocklist",
        subject=item,
        outcome=outcome,
        result=word,
        says=_says(item, listed, refused, unknown, len(results))
        if len(results) != 1 or word != "not-listed"
        else f"{item} is not listed by {results[0].entry.name}",
        steps=tuple(_step(result) for result in ordered),
        links=tuple(dict.fromkeys(link for result in listed for link in links(result.entry, item))),
        facts={
            "listed": [result.zone for result in listed],
            "refused": [result.zone for result in refused],
            "unknown": [result.zone for result in unknown],
            "asked": len(results),
        },
    )


def _says(
    item: str,
    listed: Sequence[ListResult],
    refused: Sequence[ListResult],
    unknown: Sequence[ListResult],
    asked: int,
) -> str:
    lists = f"{asked} list{'s' if asked > 1 else ''}"
    if listed:
        first = sorted(listed, key=lambda result: not result.entry.heeded)[0]
        says = f"{item} is listed by {first.entry.name} ({'; '.join(first.words)})"
        if len(listed) > 1:
            says += f" and {len(listed) - 1} more of {lists} asked"
    elif len(refused) + len(unknown) == asked:
        says = f"none of the {lists} asked can tell about {item}" if asked > 1 else ""
        if asked == 1:
            one = (refused or unknown)[0]
            says = f"{one.entry.name} can't tell about {item}: {'; '.join(one.words)}"
        return says
    else:
        says = f"{item} is on none of the {lists} asked"
    if refused:
        names = ", ".join(dict.fromkeys(result.entry.name for result in refused))
        plural = "refuses" if len(refused) == 1 else "refuse"
        says += f"; {names[:120]} {plural} this resolver, which says nothing"
    if unknown:
        says += f"; {len(unknown)} gave no answer that can be used"
    return says


def _step(result: ListResult) -> Step:
    words = "; ".join(result.words)
    told = {
        ListState.LISTED: f"listed: {words}",
        ListState.NOT_LISTED: f"not listed{f' ({words})' if words else ''}",
        ListState.REFUSED: f"refuses this resolver: {words}",
        ListState.BROKEN: f"broken: {words}",
        ListState.DEAD: f"dead: {words}",
        ListState.UNKNOWN: f"no answer: {words}",
    }[result.state]
    said = " ".join([*result.codes, f"“{result.reason}”" if result.reason else ""]).strip()
    minor = result.state is ListState.NOT_LISTED
    return Step(f"{result.entry.name} ({result.zone})", said, told, minor=minor)


def links(entry: Blocklist, item: str) -> tuple[str, ...]:
    """Where to look a subject up and to have it taken off."""
    filled = (link.replace("{ip}", item).replace("{domain}", item) for link in (entry.delist, entry.lookup))
    return tuple(link for link in filled if link)


def _can_not_be_asked(entry: Blocklist) -> bool:
    return entry.asked == "never" or entry.status == "retired" or not entry.zones


def _retired(item: str, entry: Blocklist) -> Finding:
    note = f": {entry.note}" if entry.note else ""
    says = f"{entry.name} was shut down{note}; the receiver's configuration is out of date"
    return _unknown(item, "retired", says, entry)


def _closed(item: str, entry: Blocklist) -> Finding:
    says = (
        f"{entry.name} can't be asked by DNS: it is private or needs a key; public lists were asked instead"
    )
    return _unknown(item, "private", says, entry)


def _unknown(item: str, word: str, says: str, entry: Blocklist) -> Finding:
    return Finding(
        check="blocklist",
        subject=item,
        outcome=Outcome.UNKNOWN,
        result=word,
        says=says,
        links=links(entry, item),
    )


def _private(item: str) -> Finding:
    return Finding(
        check="blocklist",
        subject=item,
        outcome=Outcome.UNKNOWN,
        result="private-address",
        says=f"{item} is a private address: no list has it; the address that the receiver saw is another",
        needs=("ip",),
    )


def _nothing_to_ask(lists: Mapping[str, Blocklist], zones: Sequence[str]) -> Finding:
    asked = _named(lists, zones)
    named = ", ".join(entry.name for entry, _ in asked)
    of_domains = bool(asked) and all("domain" in entry.kind and "ip" not in entry.kind for entry, _ in asked)
    return Finding(
        check="blocklist",
        subject="",
        outcome=Outcome.UNKNOWN,
        result="unknown",
        says=f"no {'domain' if of_domains else 'address'} is known to ask {named or 'blocklists'} about",
        needs=("domain",) if of_domains else ("ip",),
    )


def _documented(text: str) -> bool:
    """Addresses of documentation count as private in Python, and are asked for all the same."""
    return text.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"))
