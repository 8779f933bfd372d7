"""A certificate authority of the tests', and what it signs for servers on loopback and in labs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class CertificateAuthority:
    """`directory` gets ca.crt, and NAME.crt and NAME.key of each server."""

    directory: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def certificate(self) -> Path:
        """The authority's own, as clients are given it."""
        path = self.directory / "ca.crt"
        if not path.exists():
            signed = self._signed(
                "underlay tests", self.key.public_key(), x509.BasicConstraints(ca=True, path_length=0)
            )
            path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return path

    def issue(self, *names: str) -> tuple[Path, Path]:
        """Certificate and key of a server with these host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        listed = x509.SubjectAlternativeName([_general(name) for name in names])
        signed = self._signed(names[0], key.public_key(), x509.BasicConstraints(ca=False, path_length=None), listed)
        certificate, private = self.directory / f"{names[0]}.crt", self.directory / f"{names[0]}.key"
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def _signed(
        self, name: str, key: ec.EllipticCurvePublicKey, constraints: x509.BasicConstraints, *more: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(_named(name)).issuer_name(_named("underlay tests"))
        builder = builder.public_key(key).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - _LIFE).not_valid_after(now + _LIFE)
        builder = builder.add_extension(constraints, critical=True)
        for extension in more:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
