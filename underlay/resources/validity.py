"""How long the certificates of a host are valid: what it prints of them, and what that says. No private key is read."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

# A kubelet renews its own with a fifth of its year left at the latest.
LEAST = timedelta(days=30)
LEAST_PART = 10
"""The part of a short validity that has to be left."""

COMMAND = r"""
for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /var/lib/kubelet/pki/kubelet-client-current.pem; do
  [ -f "$file" ] && printf '%s ' "$file" && sed -n '/BEGIN CERT/,/END CERT/p' "$file" | base64 -w0 && echo
done
for file in /etc/kubernetes/*.conf; do
  [ -f "$file" ] && printf '%s ' "$file" && sed -n 's/ *client-certificate-data: *//p' "$file" | tr -d '\n' && echo
done; true
"""
"""Shell that prints a line for each certificate: its file, and its base64. Kubeconfigs contain theirs."""


@dataclass(frozen=True)
class Validity:
    """Of the certificate in a file, UTC; None where what is in the file is none."""

    path: str
    begin: datetime | None = None
    end: datetime | None = None

    @property
    def order(self) -> tuple[datetime, str]:
        """What ends first is first."""
        return self.end or datetime.min.replace(tzinfo=UTC), self.path

    def problem(self, now: datetime) -> str | None:
        """Why it has to be renewed: less than a month is left, or less than a tenth of a short validity."""
        if self.begin is None or self.end is None:
            return f"{self.path} is not a certificate"
        if self.end < now:
            return f"{self.path} expired on {self.end:%Y-%m-%d}"
        if self.end - now < min(LEAST, (self.end - self.begin) / LEAST_PART):
            return f"{self.path} expires on {self.end:%Y-%m-%d %H:%M}, in {(self.end - now).days} days"
        return None


def validities(output: str) -> Iterator[Validity]:
    """What `COMMAND` has printed."""
    for line in output.splitlines():
        path, _, text = line.partition(" ")
        if text:
            found = certificate(text)
            yield Validity(path, found.not_valid_before_utc, found.not_valid_after_utc) if found else Validity(path)


def certificate(text: str) -> x509.Certificate | None:
    """The certificate that the base64 of a PEM file is; None where it is none."""
    try:
        return x509.load_pem_x509_certificate(base64.b64decode(text))
    except (ValueError, binascii.Error):
        return None
