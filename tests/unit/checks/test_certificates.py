"""How long certificates have to be good for."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from underlay.checks.certificates import expiring

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])


def line(path: str, *, life: timedelta, left: timedelta) -> str:
    end = NOW + left
    builder = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(KEY.public_key())
    made = builder.serial_number(1).not_valid_before(end - life).not_valid_after(end).sign(KEY, hashes.SHA256())
    return f"{path} {base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()}\n"


YEAR, DAY = timedelta(days=365), timedelta(days=1)


@pytest.mark.parametrize(
    ("life", "left", "expected"),
    [
        (YEAR, 31 * DAY, None),
        (YEAR, 29 * DAY, "a.crt expires on 2026-06-30 00:00, in 29 days"),
        (YEAR, -DAY, "a.crt expired on 2026-05-31"),
        (10 * DAY, 2 * DAY, None),
        (10 * DAY, DAY / 2, "a.crt expires on 2026-06-01 12:00, in 0 days"),
    ],
)
def test_certificates_need_a_month_left_or_a_tenth_of_a_short_validity(
    life: timedelta, left: timedelta, expected: str | None
) -> None:
    assert expiring(NOW, line("a.crt", life=life, left=left)) == expected


def test_all_expiring_certificates_are_reported_at_once() -> None:
    output = "a.crt bm9uZQ==\nempty.conf \n" + line("b.crt", life=YEAR, left=-DAY)
    assert expiring(NOW, output) == "a.crt is not a certificate; b.crt expired on 2026-05-31"


def test_a_node_without_certificates_fails() -> None:
    assert expiring(NOW, "") == "no certificate was found"
