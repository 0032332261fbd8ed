"""A certificate made at start, so that STARTTLS can be tried without one."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from pathlib import Path


def own_context(host: str) -> ssl.SSLContext:
    """A server's TLS context with a certificate for a name, which nobody trusts.

    Args:
        host: the name; ``localhost`` and 127.0.0.1 are added.
    """
    import ipaddress  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415 - takes a tenth of a second
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bouncewise sandbox")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(n) for n in dict.fromkeys((host, "localhost")) if " " not in n]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([*names, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the standard library loads certificates from files only
        path = Path(folder) / "both.pem"
        path.touch(mode=0o600)
        path.write_bytes(pem + secret)
        context.load_cert_chain(path)
    return context
