"""Access of a user to the API server: a request for a certificate, and the kubeconfig with it.

kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests: the signer kube-apiserver-client takes the
common name for the user and organizations for the groups.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from underlay.model.cluster import Cluster
from underlay.patience import stretched
from underlay.resources.api_server import KUBECTL

SIGNER = "kubernetes.io/kube-apiserver-client"
_DAY_S = 24 * 3600
_SIGNED_S = stretched(30)
# A name or group that is longer is no common name (RFC 5280, ub-common-name).
_LONGEST = 64


def name_problems(user: str, groups: Sequence[str]) -> list[str]:
    """Why there can be no certificate for a user with these groups."""
    found = []
    for option, name in (("--user", user), *(("--group", group) for group in groups)):
        if not name.strip() or not name.isprintable() or len(name) > _LONGEST:
            found.append(f"{option}: {name!r} is no name; give one of 1 to {_LONGEST} printable characters")
    if user.startswith("system:"):
        found.append(f"--user: {user} is a name of Kubernetes' own; give that of a person or a program")
    if "system:masters" in groups:
        found.append(
            "--group: the API server signs nothing for system:masters, whose rights nobody can take away; for an "
            "administrator give kubeadm:cluster-admins"
        )
    return found


@dataclass(frozen=True)
class UserKey:
    """A private key, which stays here, and the request for its certificate, both as PEM."""

    private: str
    request: str


def user_key(user: str, groups: Sequence[str]) -> UserKey:
    """A new key for a user."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, user)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return UserKey(private.decode(), request.public_bytes(serialization.Encoding.PEM).decode())


def signing_script(name: str, request: str, *, days: int) -> str:
    """Shell that has a request signed and prints the cluster's CA and the certificate, each as base64 of its PEM.

    :param name: of the object, which is deleted in the end.
    """
    item = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": {
            "request": _base64(request),
            "signerName": SIGNER,
            "expirationSeconds": days * _DAY_S,
            "usages": ["client auth"],
        },
    }
    of_it = f"{KUBECTL} %s csr {quote(name)}"
    return f"""\
set -eu
{KUBECTL} create -f - >/dev/null <<'UNDERLAY_END'
{json.dumps(item)}
UNDERLAY_END
trap '{of_it % "delete"} --ignore-not-found >/dev/null </dev/null' EXIT
{KUBECTL} certificate approve {quote(name)} >/dev/null </dev/null
for u_try in $(seq {_SIGNED_S}); do
  signed=$({of_it % "get"} -o 'jsonpath={{.status.certificate}}' </dev/null)
  [ -z "$signed" ] || {{ base64 -w 0 /etc/kubernetes/pki/ca.crt; echo; echo "$signed"; exit 0; }}
  why=$({of_it % "get"} -o 'jsonpath={{.status.conditions[?(@.type=="Failed")].message}}' </dev/null)
  [ -z "$why" ] || {{ echo "the signer refuses it: $why" >&2; exit 1; }}
  sleep 1
done
echo "nobody signs it within {_SIGNED_S} s; look at kube-controller-manager" >&2; exit 1
"""


def valid_until(certificate: str) -> datetime:
    """When a certificate ends, UTC.

    :param certificate: base64 of its PEM.
    """
    return x509.load_pem_x509_certificate(base64.b64decode(certificate)).not_valid_after_utc


def kubeconfig(cluster: Cluster, user: str, key: UserKey, *, ca: str, certificate: str) -> dict[str, Any]:
    """The document that kubectl reads. Secret.

    :param ca: and `certificate`: base64 of their PEM.
    """
    server = {"server": f"https://{cluster.control_plane_endpoint}", "certificate-authority-data": ca}
    identity = {"client-certificate-data": certificate, "client-key-data": _base64(key.private)}
    context = f"{user}@{cluster.name}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster.name, "cluster": server}],
        "users": [{"name": user, "user": identity}],
        "contexts": [{"name": context, "context": {"cluster": cluster.name, "user": user}}],
        "current-context": context,
    }


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
