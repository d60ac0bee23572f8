"""Certificates, and the ways in which a server fails to prove who it is.

Made when a test runs, and no file outlives it. OpenSSL looks at the real clock, even
where a test has stopped its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = x509.IPAddress(ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("other.example")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """Somebody a certificate speaks of."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )


class CertificateAuthority:
    """Signs the certificates of servers on loopback."""

    def __init__(self, folder: Path) -> None:
        """Make its own certificate; the folder keeps what has to be a file."""
        self._identity = Identity("Authority")
        self._folder = folder
        self.certificate = folder / "authority.pem"
        """The file with which a client trusts this authority."""
        self.certificate.write_bytes(_certificate(self._identity, self._identity))

    def server_context(
        self,
        host: x509.GeneralName = HERE,
        valid_for: timedelta = DAY,
        *,
        self_signed: bool = False,
    ) -> ssl.SSLContext:
        """Return what makes a server the host; expired if `valid_for` is negative."""
        server = Identity("Gateway")
        issuer = server if self_signed else self._identity
        pem = self._folder / "server.pem"
        pem.write_bytes(
            server.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + _certificate(server, issuer, host, valid_for)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        pem.unlink()
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return what makes a client trust this authority and no other."""
        return ssl.create_default_context(cafile=self.certificate)


def _certificate(
    subject: Identity,
    issuer: Identity,
    host: x509.GeneralName = HERE,
    valid_for: timedelta = DAY,
) -> bytes:
    """Return a certificate that passes Python's strict checks of its form."""
    now = datetime.now(UTC)
    may_sign = subject is issuer
    key = subject.key.public_key()
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=may_sign,
        crl_sign=may_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(may_sign, None), True),
        (usage, True),
        (x509.SubjectAlternativeName([host]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            False,
        ),
    ]
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now + valid_for)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    certificate = builder.sign(issuer.key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(identity: Identity) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, identity.name)])


def _alert(authority: CertificateAuthority) -> ssl.SSLContext:
    """Let the server break off each handshake, as one without a matching site does."""
    context = authority.server_context()
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
    return context


def _client_certificate(authority: CertificateAuthority) -> ssl.SSLContext:
    """Let the server demand a certificate of the client, which has none."""
    context = authority.server_context()
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


type TlsFault = Callable[[CertificateAuthority], ssl.SSLContext | None]

BAD_CERTIFICATES: dict[str, TlsFault] = {
    "self-signed": lambda authority: authority.server_context(self_signed=True),
    "expired": lambda authority: authority.server_context(valid_for=-DAY),
    "other host": lambda authority: authority.server_context(ELSEWHERE),
}
NO_TLS: dict[str, TlsFault] = {
    "plain HTTP": lambda _: None,
    "handshake alert": _alert,
    "client certificate": _client_certificate,
}
