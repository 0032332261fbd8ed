"""A diagnosis for a person: the verdict first, then why, then what to do and who.

Plain text in a pipe; on a terminal the same words in colour, through rich.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bouncewise.cli.safe import safe
from bouncewise.diagnosis.advice import duration
from bouncewise.diagnosis.diagnosis import Diagnosis
from bouncewise.diagnosis.engine import Engine
from bouncewise.diagnosis.model import Evidence
from bouncewise.diagnosis.words import VERDICTS, WHO

WIDTH = 100
_STYLES = {"deliver": "green", "continue": "green", "retry": "yellow", "bounce": "red", "none": "cyan"}
Part = tuple[str, str]  # words and their style, "" for plain


def verdict(diagnosis: Diagnosis) -> tuple[str, str]:
    """The verdict in a few words and its colour."""
    advice = diagnosis.advice
    words, style = VERDICTS[advice.action], _STYLES[advice.action]
    if advice.action == "retry" and advice.retry_after:
        words = f"{words} in {duration(advice.retry_after)}"
        if advice.give_up_after:
            words += f", give up after {duration(advice.give_up_after)}"
    if advice.suppress:
        words += ", and stop mailing to this address"
    return words, style


def paragraphs(diagnosis: Diagnosis, engine: Engine, *, details: bool) -> Iterator[list[Part]]:
    """The lines to print, each a list of words with a style.

    Args:
        diagnosis: what to show.
        engine: the engine that made it.
        details: show alternatives, all evidence, entities and times too.
    """
    words, style = verdict(diagnosis)
    cause = engine.knowledge.causes[diagnosis.cause]
    sure = (
        ""
        if diagnosis.confidence >= 0.9
        else f"   ({_sureness(diagnosis.confidence)}, {diagnosis.confidence:.0%})"
    )
    yield [(words, f"bold {style}")]
    yield [(cause.title, "bold"), (f"  {diagnosis.cause}", "dim"), (sure, "yellow")]
    yield from _wrapped(cause.explanation, "  ")
    said = [*_reply_lines(diagnosis, engine), *_why(diagnosis, details=details)]
    if said:
        yield []
        yield from said
    yield from _steps(diagnosis)
    if not details and diagnosis.confidence < 0.9 and diagnosis.alternatives:
        others = ", ".join(f"{a.cause} ({a.confidence:.0%})" for a in diagnosis.alternatives[:2])
        yield [("It may also be  ", "dim"), (others, "")]
    if details:
        yield from _details(diagnosis, engine)


def _sureness(confidence: float) -> str:
    return "likely" if confidence >= 0.7 else "a guess"


def _wrapped(text: str, indent: str, style: str = "", first: str | None = None) -> Iterator[list[Part]]:
    lines = textwrap.wrap(
        safe(text),
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        yield [(line, style)]


def _reply_lines(diagnosis: Diagnosis, engine: Engine) -> Iterator[list[Part]]:
    """The reply with the words marked that spoke for the cause."""
    reply = diagnosis.reply
    if reply.code is None and not reply.text:
        return
    head = " ".join(str(p) for p in (reply.code, reply.enhanced) if p is not None)
    text = reply.text[:2000]
    spans = sorted(
        (e.start, e.end)
        for e in diagnosis.evidence
        if e.start is not None and e.end is not None and e.cause == diagnosis.cause and e.end <= len(text)
    )
    parts: list[Part] = [(head + (" " if head and text else ""), "bold")]
    place = 0
    for start, end in spans:
        if start < place or start is None or end is None:
            continue
        parts += [(safe(text[place:start]), ""), (safe(text[start:end]), "bold reverse")]
        place = end
    parts.append((safe(text[place:]) + ("…" if len(reply.text) > len(text) else ""), ""))
    provider = engine.knowledge.providers.get(diagnosis.provider or "")
    speaker = diagnosis.context.remote_host or (provider.name if provider else "")
    yield [(f"  {safe(speaker)} said: " if speaker else "  Reply: ", "dim"), *parts]


def _why(diagnosis: Diagnosis, *, details: bool) -> Iterator[list[Part]]:
    for item in diagnosis.evidence if details else _main_evidence(diagnosis):
        matched = f"“{safe(item.matched)}” " if item.matched else ""
        says = (
            item.says[:1].lower() + item.says[1:]
            if item.by in ("text", "provider", "blocklist")
            else f"{_BY[item.by]}: {item.says}"
        )
        tail = f"  [{item.rule or item.source}]" if details else ""
        yield from _wrapped(f"{matched}{says}{tail}", "       ", first="  Why: ")
    if diagnosis.disagreement:
        yield from _wrapped(f"Note: {diagnosis.disagreement}.", "        ", "yellow", first="  ")


_BY = {"enhanced": "the enhanced code", "code": "the reply code", "phase": "the phase"}


def _main_evidence(diagnosis: Diagnosis) -> list[Evidence]:
    for_cause = [e for e in diagnosis.evidence if e.cause == diagnosis.cause]
    spoken = [e for e in for_cause if e.by in ("text", "provider", "blocklist")]
    return spoken[:2] or for_cause[:1]


def _steps(diagnosis: Diagnosis) -> Iterator[list[Part]]:
    advice = diagnosis.advice
    listed = diagnosis.entities.blocklist
    if listed and listed.status == "retired":
        yield from _wrapped(
            f"Note: {listed.name} no longer exists ({listed.note}); the receiver still asks it.",
            "        ",
            "yellow",
            first="  ",
        )
    if not advice.steps:
        return
    yield []
    yield [("What to do", "bold"), (f"  {WHO[advice.who]}", "dim")]
    for number, step in enumerate(advice.steps, 1):
        yield from _wrapped(step.strip(), "     ", first=f"  {number}. ")


def _details(diagnosis: Diagnosis, engine: Engine) -> Iterator[list[Part]]:
    yield []
    yield [("Details", "bold")]
    context, entities, advice = diagnosis.context, diagnosis.entities, diagnosis.advice
    provider = engine.knowledge.providers.get(diagnosis.provider or "")
    facts: list[tuple[str, object]] = [
        ("provider", provider.name if provider else ""),
        ("phase", context.phase.value if context.phase else ""),
        ("host", context.remote_host),
        ("remote IP", context.remote_ip),
        ("local IP", context.local_ip),
        ("sender", context.sender),
        ("recipient", context.recipient),
        ("found in", diagnosis.wrapper),
        ("confidence", f"{diagnosis.confidence:.0%}"),
        ("alternatives", ", ".join(f"{a.cause} {a.confidence:.0%}" for a in diagnosis.alternatives)),
        ("slow down", advice.throttle),
        ("checks", ", ".join(advice.checks)),
        ("IPs", ", ".join(entities.ips)),
        ("domains", ", ".join(entities.domains)),
        ("addresses", ", ".join(entities.addresses)),
        ("links", " ".join(entities.urls)),
        ("tokens", ", ".join(entities.tokens)),
        (
            "blocklist",
            f"{entities.blocklist.name}, {entities.blocklist.lookup}" if entities.blocklist else "",
        ),
        ("asks to wait", duration(entities.wait) if entities.wait else ""),
        ("size limit", f"{entities.size_limit} octets" if entities.size_limit else ""),
        ("count limit", entities.count_limit),
    ]
    for name, value in facts:
        if value:
            yield [(f"  {name:<13} ", "dim"), (safe(str(value)), "")]
