"""``bouncewise check``: what DNS says of a domain, an address, a message, or of what a reply claims."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.names import DomainNameError, address, canonical, domain_of
from bouncewise.checks.run import NAMES, checks_for
from bouncewise.checks.subject import Subject
from bouncewise.cli.checking import Checking, Live
from bouncewise.cli.dnsoptions import AskHow, dns_options
from bouncewise.cli.engine import engine_options, load_cli_engine
from bouncewise.cli.findings import now_words
from bouncewise.cli.safe import safe
from bouncewise.cli.show import show

if TYPE_CHECKING:
    from bouncewise.checks.reply import Checked
    from bouncewise.diagnosis.diagnosis import Diagnosis
    from bouncewise.diagnosis.engine import Engine

MAX_MESSAGE = 67_108_864  # octets of a message that are read


@click.command("check")
@click.argument("domain", required=False, metavar="[DOMAIN | ADDRESS | IP]")
@click.option("--ip", help="The address that mail comes from: SPF is evaluated for it, lists are asked.")
@click.option(
    "--selector", "selectors", multiple=True, help="DKIM selector (s= of a signature); may be repeated."
)
@click.option("--mail-from", help="The envelope sender (reverse-path); '<>' for the null one.")
@click.option("--helo", help="The name that the server gives with EHLO.")
@click.option("--to", "recipient", help="The recipient's address or domain, for replies about it.")
@click.option(
    "--message",
    metavar="FILE",
    help="A message received, or a bounce with what came back; - for standard input.",
)
@click.option("--reply", metavar="TEXT", help="A reply: asks what would prove it, and judges.")
@click.option(
    "--only", multiple=True, type=click.Choice(NAMES), help="Only this check; may be given several times."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--details", "-v", is_flag=True, help="Show every step, also of what passes.")
@dns_options
@engine_options
def command(  # noqa: PLR0913, PLR0917 - one parameter an option
    domain: str | None,
    ip: str | None,
    selectors: tuple[str, ...],
    mail_from: str | None,
    helo: str | None,
    recipient: str | None,
    message: str | None,
    reply: str | None,
    only: tuple[str, ...],
    as_json: bool,
    details: bool,
    how: AskHow,
    rules: Path | None,
    policy: Path | None,
) -> None:
    """Ask DNS about a domain that sends mail: SPF, DKIM, DMARC, blocklists, reverse DNS, MX and more.

    With --message, about a message that came in, or about the one that a bounce brings back. With --reply,
    only what would prove the reply; the verdict is confirmed, refuted or cannot tell. Exit status 1 says
    that a check fails.

    \b
    Examples:
      bouncewise check example.com --ip 192.0.2.1 --selector s1
      bouncewise check --message bounce.eml
      bouncewise check --reply "550 5.7.25 [192.0.2.1] The IP address sending this message has no PTR record"
      bouncewise check example.com --ip 192.0.2.1 --zone planned.toml
    """
    given = _given(domain, ip, selectors, mail_from, helo, recipient)
    data = _message(message)
    if not (domain or data or reply or ip):
        raise click.UsageError(
            "nothing to check: name a domain, or give --message or --reply.\n"
            "Example: bouncewise check example.com --ip 192.0.2.1"
        )
    engine = load_cli_engine(rules, policy)
    subject, diagnosis = _subject(engine, given, data, reply)
    with Checking(engine.knowledge.blocklists, how) as checking:
        run = _Run(checking, engine, as_json=as_json, details=details)
        findings = (
            run.reply(diagnosis, subject, only) if reply and diagnosis else run.all(subject, diagnosis, only)
        )
    if any(finding.outcome is Outcome.FAIL for finding in findings):
        sys.exit(1)


class _Run:
    """One run of the command: checks, and what is printed of them."""

    def __init__(self, checking: Checking, engine: Engine, *, as_json: bool, details: bool) -> None:
        self._checking = checking
        self._engine = engine
        self._as_json = as_json
        self._details = details
        self._start = time.monotonic()

    def all(self, subject: Subject, diagnosis: Diagnosis | None, only: Sequence[str]) -> Sequence[Finding]:
        """Every check that makes sense of a subject; of a bounce also the verdict on its reply."""
        from bouncewise.checks.run import run_checks  # noqa: PLC0415

        names = tuple(only) or checks_for(subject)
        about = subject
        if not only:  # all of them are about the sender, also where a bounce tells the recipient
            about = msgspec.structs.replace(subject, recipient_domain="")
        live = Live(self._checking, names)

        async def work() -> tuple[Finding, ...]:
            return await run_checks(names, about, self._checking.asking.means(), live.tell)

        findings = self._checking.run(work)
        live.end()
        checked = self._verdict(diagnosis, subject) if diagnosis else None
        if self._as_json:
            self._print(about, findings, diagnosis, checked)
            return findings
        show([[(safe(_title(subject)), "bold")], []])
        self._person(findings, diagnosis, checked)
        return findings

    def reply(self, diagnosis: Diagnosis, subject: Subject, only: Sequence[str]) -> Sequence[Finding]:
        """The checks that would prove a reply."""
        checked = self._verdict(diagnosis, subject, only, live=True)
        if self._as_json:
            self._print(checked.question.subject, checked.findings, diagnosis, checked)
        else:
            self._person(checked.findings, diagnosis, checked)
        return checked.findings

    def _verdict(
        self, diagnosis: Diagnosis, subject: Subject, only: Sequence[str] = (), *, live: bool = False
    ) -> Checked:
        from bouncewise.checks.question import question_of  # noqa: PLC0415
        from bouncewise.checks.reply import answer  # noqa: PLC0415

        question = question_of(diagnosis, subject)
        if only:
            question = msgspec.structs.replace(question, checks=tuple(only), subject=subject)
        line = Live(self._checking, question.checks) if live else None

        async def work() -> Checked:
            return await answer(question, self._checking.asking.means(), line.tell if line else None)

        checked = self._checking.run(work)
        if line:
            line.end()
        return checked

    def _person(
        self, findings: Sequence[Finding], diagnosis: Diagnosis | None, checked: Checked | None
    ) -> None:
        from bouncewise.cli.findings import finding_lines, summary, verdict_lines  # noqa: PLC0415

        if diagnosis is not None and checked is not None:
            cause = self._engine.knowledge.causes[diagnosis.cause]
            show([[(cause.title, "bold"), (f"  {diagnosis.cause}", "dim")]])
            show(verdict_lines(checked, now_words()))
            if findings:
                show([[]])
        lost = self._checking.asking.no_network
        if lost and not self._details:  # one line says it for all of them
            untold = [finding for finding in findings if finding.outcome is Outcome.UNKNOWN]
            findings = [finding for finding in findings if finding not in untold]
            if untold:
                names = ", ".join(dict.fromkeys(finding.check for finding in untold))
                show([[(f"Not known without DNS: {names}", "")]])
        show(finding_lines(findings, details=self._details))
        if findings:
            asked, took = self._checking.asking.questions, time.monotonic() - self._start
            told = f"{summary(findings)}; {asked} questions in {took:.1f} s, {now_words()}"
            show([[], [(told, "dim")]])
        if lost:
            show([[(safe(lost), "yellow")]])

    def _print(
        self,
        subject: Subject,
        findings: Sequence[Finding],
        diagnosis: Diagnosis | None,
        checked: Checked | None,
    ) -> None:
        from bouncewise.checks.record import findings_record, subject_record  # noqa: PLC0415

        told: dict[str, Any] = {
            "subject": subject_record(subject),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._start, 3),
            "questions": self._checking.asking.questions,
        }
        if diagnosis is not None:
            told["diagnosis"] = diagnosis.as_dict()
        if checked is not None:
            told["check"] = checked.as_dict()
            if checked.findings is findings:
                told["check"].pop("findings", None)  # they stand beside it
        told["findings"] = findings_record(findings)
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2))


def _title(subject: Subject) -> str:
    return " from ".join(part for part in (subject.domain, subject.ip) if part) or "the message"


def _given(  # noqa: PLR0913, PLR0917 - one parameter an option
    domain: str | None,
    ip: str | None,
    selectors: tuple[str, ...],
    mail_from: str | None,
    helo: str | None,
    recipient: str | None,
) -> Subject:
    """What the user gave, each in its form; an address as DOMAIN is the envelope sender too."""
    name = (domain or "").strip()
    if name and not ip and _is_ip(name):
        name, ip = "", name
    if "@" in name and mail_from is None:
        mail_from = name
    if name.lower().startswith(("http://", "https://")):
        raise click.BadParameter(f"{safe(name)}: give the domain alone, without https:// and path")
    sender = None if mail_from is None else mail_from.strip().strip("<>")
    domain_given = _name("DOMAIN", domain_of(name)) if name else ""
    if not domain_given and sender:
        domain_given = _name("--mail-from", domain_of(sender))
    return Subject(
        domain=domain_given,
        ip=_address(ip) if ip else "",
        mail_from=sender,
        helo=helo.strip() if helo else "",
        selectors=selectors,
        recipient_domain=_name("--to", domain_of(recipient)) if recipient else "",
    )


def _is_ip(text: str) -> bool:
    try:
        address(text)
    except DomainNameError:
        return False
    return True


def _name(option: str, text: str) -> str:
    try:
        return canonical(text)
    except DomainNameError as error:
        raise click.BadParameter(f"{option}: {error}") from None


def _address(text: str) -> str:
    try:
        return str(address(text))
    except DomainNameError as error:
        raise click.BadParameter(f"--ip: {error}") from None


def _message(name: str | None) -> bytes:
    if name is None:
        return b""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_MESSAGE + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_MESSAGE + 1)
    except OSError as error:
        raise click.ClickException(f"{name}: can't be read: {error.strerror}") from None
    if not data.strip():
        raise click.ClickException(f"{name}: empty; a message begins with its header fields")
    if len(data) > MAX_MESSAGE:
        raise click.ClickException(f"{name}: larger than 64 MiB; body hashes could not be told")
    return data


def _subject(
    engine: Engine, given: Subject, data: bytes, reply: str | None
) -> tuple[Subject, Diagnosis | None]:
    """Whom the checks are about, and the diagnosis of the reply or of the bounce."""
    from bouncewise.pipeline.subjects import completed, of_delivery, of_message  # noqa: PLC0415

    diagnosis = engine.diagnose(reply) if reply else None
    if not data:
        return given, diagnosis
    from bouncewise.pipeline.diagnose import diagnose_delivery  # noqa: PLC0415
    from bouncewise.reading.delivery import Kind  # noqa: PLC0415
    from bouncewise.reading.mail import read_mail  # noqa: PLC0415

    told = read_mail(data)[0]
    if told.kind in (Kind.NOT_A_BOUNCE, Kind.AUTO_REPLY, Kind.CHALLENGE, Kind.UNREADABLE):
        return completed(of_message(data), given), diagnosis
    return completed(of_delivery(told, data), given), diagnosis or diagnose_delivery(engine, told)
