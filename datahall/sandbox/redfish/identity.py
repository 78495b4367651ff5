"""Who the emulated controller is, and who may ask it: a certificate and an account, anew for each start."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAYS: Final = 30


@dataclass(frozen=True)
class Identity:
    """Files of a folder that only its owner may enter."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """The certificate, which vouches for itself: clients take it for their CA."""
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        """Its key."""
        return self.folder / "key.pem"

    @property
    def credentials(self) -> Path:
        """The account, as `datahall.redfish` reads it."""
        return self.folder / "credentials.json"

    def account(self) -> tuple[str, str]:
        """User name and password."""
        found = json.loads(self.credentials.read_text())
        return found["username"], found["password"]


def make(folder: Path) -> Identity:
    """Make certificate, key and account."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Identity(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "datahall emulated controller")])
    names = [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {"username": "operator", "password": secrets.token_urlsafe(18)}
    _write(made.key, secret)
    _write(made.credentials, json.dumps(account).encode())
    _write(made.certificate, certificate.public_bytes(serialization.Encoding.PEM))
    return made


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
