"""A certificate authority to throw away, and a server's certificate for loopback signed by it."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOOPBACK = (x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


class Authority(NamedTuple):
    """`bundle` holds its certificate, `server` a certificate and key that it has signed: files in PEM."""

    bundle: Path
    server: Path


def make_authority(folder: Path, names: Sequence[x509.GeneralName] = LOOPBACK) -> Authority:
    """An authority and a server called `names`. Elliptic keys take a millisecond, RSA's a second."""
    authority, key = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "throw-away")]), _key()
    root = _certificate(authority, key, authority, key, (x509.BasicConstraints(ca=True, path_length=0), True))
    server = _key()
    leaf = _certificate(x509.Name([]), server, authority, key, (x509.SubjectAlternativeName(names), True))
    made = Authority(folder / "ca.pem", folder / "server.pem")
    made.bundle.write_bytes(root)
    pem = serialization.Encoding.PEM
    secret = server.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made.server.write_bytes(leaf + secret)
    return made


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    extension: tuple[x509.ExtensionType, bool],
) -> bytes:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(extension[0], critical=extension[1])
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
