"""Certificates that kubeadm made on a control-plane host: renewed before they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import ClassVar

from .resource import Host, Resource
from .validity import COMMAND, Validity, validities

NAME = "of kubeadm"
_LOG = "/var/log/underlay-certificates.log"
# kubeadm renews no authority, and a kubelet renews its own.
_OTHERS = ("/ca.crt", "/front-proxy-ca.crt", "/kubelet-client-current.pem")
_LEFT = "kubeadm certs check-expiration -o json"


@dataclass(frozen=True)
class KubeadmCertificates(Resource):
    """All that `kubeadm certs renew` renews: valid for a month more, or for a tenth of a shorter validity.

    A host without any is one that kubeadm has not been on.
    """

    kind = "certificates"
    interrupts: ClassVar[bool] = True
    prelude = f"u_certificates() {{ (set +f; {COMMAND.strip()}) | tr '\\n' ' '; }}"

    @property
    def name(self) -> str:
        return NAME

    def observe(self) -> str:
        return "u_certificates"

    def difference(self, observed: str) -> str | None:
        now = datetime.now(UTC)
        problems = [
            problem for one in sorted(_of_kubeadm(observed), key=attrgetter("order")) if (problem := one.problem(now))
        ]
        if not problems:
            return None
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        return f"{problems[0]}{more} -> renewed, and the control plane's programs restarted"

    def apply(self) -> str:
        return f"""\
umask 077
kubeadm certs renew all >{_LOG} 2>&1 || {{ grep -aE '^error|rror:' {_LOG} | tail -n 3 >&2; exit 1; }}
rm -f {_LOG}"""

    def check(self, host: Host) -> str | None:
        listed = host.run(_LEFT)
        if listed.rc:
            return f"certificates: could not be asked ({listed.stderr.strip()})"
        for one in json.loads(listed.stdout)["certificates"]:
            if not one["externallyManaged"] and one["residualTime"] < 0:
                return f"certificates: {one['name']} expired on {one['expirationDate']}"
        return None


def _of_kubeadm(observed: str) -> Iterator[Validity]:
    # A kubeconfig that names its certificate's file contains none.
    lines = observed.replace(" /", "\n/")
    return (one for one in validities(lines) if not one.path.endswith(_OTHERS))
