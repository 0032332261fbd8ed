"""MTA-STS, TLS-RPT, DANE, and the page that MTA-STS fetches."""

from __future__ import annotations

import asyncio
import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bouncewise.checks.dns import Mx, Status, Tlsa
from bouncewise.checks.fetch import Fetched, HttpsFetcher
from bouncewise.checks.finding import Finding, Outcome
from bouncewise.checks.subject import Subject
from bouncewise.checks.tls import check_dane, check_mta_sts, check_tls, check_tls_rpt
from bouncewise.checks.tls.policy import PolicyError, parse_policy
from bouncewise.testing.zone import Zone

POLICY = (
    "version: STSv1\r\nmode: enforce\r\nmx: mx.example.com\r\nmx: *.backup.example.net\r\nmax_age: 604800\r\n"
)


class Page:
    """A fetcher with one answer."""

    def __init__(self, body: str = POLICY, status: int = 200, kind: str = "text/plain", **more: Any) -> None:
        self._fetched = Fetched(status, kind, body.encode(), **more)
        self.urls: list[str] = []

    async def fetch(self, url: str, *, limit: int = 65_536) -> Fetched:
        self.urls.append(url)
        return self._fetched


def zone(record: str = "v=STSv1; id=20261125", hosts: tuple[str, ...] = ("mx.example.com",)) -> Zone:
    made = Zone().add("_mta-sts.example.com", "TXT", record.encode())
    made.add("example.com", "MX", *(Mx(10, host) for host in hosts))
    for host in hosts:
        made.add(host, "A", "192.0.2.1")
    return made


def sts(page: Page | None = None, dns: Zone | None = None) -> Finding:
    return asyncio.run(check_mta_sts(Subject(domain="example.com"), dns or zone(), page))


def test_a_policy_that_fits() -> None:
    page = Page()
    assert sts(page).outcome is Outcome.PASS
    assert page.urls == ["https://mta-sts.example.com/.well-known/mta-sts.txt"]
    assert sts(Page(), zone(hosts=("a.backup.example.net",))).outcome is Outcome.PASS


CASES: list[tuple[str, Page | None, Zone, str, Outcome]] = [
    ("no record", Page(), Zone().add("example.com", "A", "192.0.2.1"), "none", Outcome.INFO),
    ("other text", Page(), zone("hello"), "none", Outcome.INFO),
    (
        "two records",
        Page(),
        zone().add("_mta-sts.example.com", "TXT", b"v=STSv1; id=2"),
        "several",
        Outcome.FAIL,
    ),
    ("no id", Page(), zone("v=STSv1"), "syntax", Outcome.FAIL),
    ("servfail", Page(), Zone().fail("_mta-sts.example.com"), "dns-fault", Outcome.UNKNOWN),
    ("nothing may be fetched", None, zone(), "not-fetched", Outcome.UNKNOWN),
    ("404", Page(status=404), zone(), "no-policy", Outcome.FAIL),
    ("redirect", Page(status=301), zone(), "no-policy", Outcome.FAIL),
    (
        "certificate",
        Page(status=0, problem="the certificate does not fit"),
        zone(),
        "no-policy",
        Outcome.FAIL,
    ),
    ("too long", Page(longer=True), zone(), "too-long", Outcome.FAIL),
    ("no policy", Page("<html>"), zone(), "policy-syntax", Outcome.FAIL),
    ("another host", Page(), zone(hosts=("other.example.org",)), "mx-not-allowed", Outcome.FAIL),
    ("too deep", Page(), zone(hosts=("a.b.backup.example.net",)), "mx-not-allowed", Outcome.FAIL),
    ("testing", Page(POLICY.replace("enforce", "testing")), zone(), "testing", Outcome.WARN),
    ("type", Page(kind="text/html"), zone(), "enforce", Outcome.WARN),
]


@pytest.mark.parametrize(("what", "page", "dns", "result", "outcome"), CASES, ids=[case[0] for case in CASES])
def test_mta_sts(what: str, page: Page | None, dns: Zone, result: str, outcome: Outcome) -> None:
    finding = sts(page, dns)
    assert (finding.result, finding.outcome) == (result, outcome)
    assert finding.says


def test_the_policy_with_all_hosts_is_proposed() -> None:
    (mend,) = sts(Page(), zone(hosts=("other.example.org",))).mends
    assert parse_policy("\n".join(mend.publish)).allows("other.example.org")


@given(st.text(max_size=300))
def test_any_policy(text: str) -> None:
    try:
        parse_policy(text)
    except PolicyError as error:
        assert str(error)
    assert sts(Page(text)).says


@contextmanager
def _server(tmp_path: Path, answer: bytes, status: int = 200) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A server with a certificate for mta-sts.example.com, and what trusts it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("mta-sts.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "cert.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = tmp_path / "key.pem"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/plain; charset=utf-8")
            self.send_header("location", "https://elsewhere.example/")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(pem, secret)
    server.socket = own.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], ssl.create_default_context(cafile=str(pem))
    finally:
        server.shutdown()
        server.server_close()


def _fetch(
    port: int, context: ssl.SSLContext | None, host: str = "mta-sts.example.com", **more: Any
) -> Fetched:
    dns = Zone().add(host, "A", "127.0.0.1")
    fetcher = HttpsFetcher(dns, context=context, port=port)
    return asyncio.run(fetcher.fetch(f"https://{host}/.well-known/mta-sts.txt", **more))


def test_a_page_over_tls(tmp_path: Path) -> None:
    with _server(tmp_path, POLICY.encode()) as (port, trusts):
        got = _fetch(port, trusts)
        assert (got.status, got.kind, got.body, got.problem) == (200, "text/plain", POLICY.encode(), "")
        assert _fetch(port, trusts, limit=10).longer
        assert "certificate" in _fetch(port, None).problem  # nobody trusts it
        assert "certificate" in _fetch(port, trusts, "www.example.com").problem  # made for another name


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with _server(tmp_path, b"", 301) as (port, trusts):
        assert _fetch(port, trusts).status == 301


def test_nobody_there() -> None:
    assert _fetch(1, None).problem
    assert "no address" in asyncio.run(HttpsFetcher(Zone()).fetch("https://gone.example/x")).problem
    assert asyncio.run(HttpsFetcher(Zone()).fetch("http://example.com/")).problem


RPT = [
    ("v=TLSRPTv1; rua=mailto:tls@example.com", "ok", Outcome.PASS),
    ("v=TLSRPTv1;rua=https://example.com/r,mailto:a@example.com;", "ok", Outcome.PASS),
    ("v=TLSRPTv1; rua=tls@example.com", "syntax", Outcome.FAIL),
    ("v=TLSRPTv1;", "syntax", Outcome.FAIL),
    ("v=TLSRPTv2; rua=mailto:a@b.example", "none", Outcome.INFO),
]


@pytest.mark.parametrize(("record", "result", "outcome"), RPT)
def test_tls_rpt(record: str, result: str, outcome: Outcome) -> None:
    dns = Zone().add("_smtp._tls.example.com", "TXT", record.encode())
    finding = asyncio.run(check_tls_rpt(Subject(domain="example.com"), dns))
    assert (finding.result, finding.outcome) == (result, outcome)


def _dane(*records: Tlsa, secure: bool | None = True) -> Finding:
    dns = (
        Zone(secure=secure)
        .add("example.com", "MX", Mx(1, "mx.example.com"))
        .add("mx.example.com", "A", "192.0.2.1")
    )
    if records:
        dns.add("_25._tcp.mx.example.com", "TLSA", *records)
    return asyncio.run(check_dane(Subject(domain="example.com"), dns))


SUM = "ab" * 32
DANE = [
    ((), True, "none", Outcome.INFO),
    ((Tlsa(3, 1, 1, SUM),), True, "ok", Outcome.PASS),
    ((Tlsa(2, 0, 2, "cd" * 64),), True, "ok", Outcome.PASS),
    ((Tlsa(3, 1, 1, SUM),), False, "insecure", Outcome.WARN),
    ((Tlsa(3, 1, 1, SUM),), None, "dnssec-unknown", Outcome.UNKNOWN),
    ((Tlsa(1, 1, 1, SUM),), True, "unusable", Outcome.FAIL),
    ((Tlsa(3, 7, 1, SUM),), True, "unusable", Outcome.FAIL),
    ((Tlsa(3, 1, 9, SUM),), True, "unusable", Outcome.FAIL),
    ((Tlsa(3, 1, 1, "abcd"),), True, "unusable", Outcome.FAIL),
    ((Tlsa(3, 1, 0, ""),), True, "unusable", Outcome.FAIL),
    ((Tlsa(3, 1, 1, SUM), Tlsa(0, 0, 1, SUM)), True, "unusable-record", Outcome.WARN),
]


@pytest.mark.parametrize(("records", "secure", "result", "outcome"), DANE)
def test_dane(records: tuple[Tlsa, ...], secure: bool | None, result: str, outcome: Outcome) -> None:
    finding = _dane(*records, secure=secure)
    assert (finding.result, finding.outcome) == (result, outcome)


def test_records_that_can_not_be_asked_for_defer_mail() -> None:
    dns = (
        Zone(secure=True)
        .add("example.com", "MX", Mx(1, "mx.example.com"))
        .add("mx.example.com", "A", "192.0.2.1")
    )
    dns.fail("_25._tcp.mx.example.com", "TLSA", Status.SERVFAIL)
    assert asyncio.run(check_dane(Subject(domain="example.com"), dns)).outcome is Outcome.UNKNOWN


def test_tls_itself_is_beyond_dns() -> None:
    finding = asyncio.run(check_tls(Subject(domain="example.com"), zone()))
    assert finding.outcome is Outcome.INFO
    assert "mx.example.com" in finding.says
