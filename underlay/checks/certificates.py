"""How long a node's certificates are still valid; private keys are not read."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from functools import partial

from cryptography import x509

from underlay.model.check import Check
from underlay.model.cluster import Cluster

# A kubelet renews its own with a fifth of its year left at the latest; kubeadm's are renewed by an upgrade a year.
LEAST = timedelta(days=30)
LEAST_PART = 10
"""The part of a short validity that has to be left."""

# One line for each: its file, and its base64. Kubeconfigs contain theirs.
_COMMAND = r"""
for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /var/lib/kubelet/pki/kubelet-client-current.pem; do
  [ -f "$file" ] && printf '%s ' "$file" && sed -n '/BEGIN CERT/,/END CERT/p' "$file" | base64 -w0 && echo
done
for file in /etc/kubernetes/*.conf; do
  [ -f "$file" ] && printf '%s ' "$file" && sed -n 's/ *client-certificate-data: *//p' "$file" | tr -d '\n' && echo
done; true
"""


def certificate_checks(cluster: Cluster) -> list[Check]:
    look = "`kubeadm certs check-expiration`; `kubeadm certs renew all` on a control plane"
    return [Check("certificates", n.name, _COMMAND, partial(expiring, datetime.now(UTC)), look) for n in cluster.nodes]


def expiring(now: datetime, output: str) -> str | None:
    """All that expire in less than a month, or in less than a tenth of a short validity."""
    problems = []
    read = 0
    for line in output.splitlines():
        path, _, text = line.partition(" ")
        if not text:
            continue
        certificate = _certificate(text)
        if certificate is None:
            problems.append(f"{path} is not a certificate")
            continue
        read += 1
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if end < now:
            problems.append(f"{path} expired on {end:%Y-%m-%d}")
        elif end - now < min(LEAST, (end - begin) / LEAST_PART):
            problems.append(f"{path} expires on {end:%Y-%m-%d %H:%M}, in {(end - now).days} days")
    return "; ".join(problems) or (None if read else "no certificate was found")


def _certificate(text: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(base64.b64decode(text))
    except (ValueError, binascii.Error):
        return None
