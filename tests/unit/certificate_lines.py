"""Certificates of any validity, as a host prints them."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

YEAR, DAY = timedelta(days=365), timedelta(days=1)
_KEY = ec.generate_private_key(ec.SECP256R1())
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])


def pem(*, end: datetime, life: timedelta) -> bytes:
    """A certificate that ends at `end`, and was valid for `life`."""
    builder = x509.CertificateBuilder().subject_name(_NAME).issuer_name(_NAME).public_key(_KEY.public_key())
    made = builder.serial_number(1).not_valid_before(end - life).not_valid_after(end).sign(_KEY, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def line(path: str, *, end: datetime, life: timedelta) -> str:
    """A file's path, and its base64."""
    return f"{path} {base64.b64encode(pem(end=end, life=life)).decode()}\n"
