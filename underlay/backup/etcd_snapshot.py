"""A snapshot of etcd's data, taken from a running member by its own HTTP API, and proven to be whole.

The member sends it in parts, JSON lines with base64; the last 32 bytes are the SHA-256 of all before:
https://etcd.io/docs/v3.6/dev-guide/apispec/ (Maintenance.Snapshot), etcd/client/v3/snapshot.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from hashlib import sha256

from underlay.patience import stretched

_PKI = "/etc/kubernetes/pki/etcd"
_TIMEOUT_S = stretched(300)

COMMAND = (
    f"curl -sS --fail --max-time {_TIMEOUT_S} --cacert {_PKI}/ca.crt --cert {_PKI}/healthcheck-client.crt "
    f"--key {_PKI}/healthcheck-client.key -X POST -d '{{}}' https://127.0.0.1:2379/v3/maintenance/snapshot"
)
"""Shell, on a host with a member, that prints the parts."""


def snapshot(parts: Iterable[str]) -> bytes:
    """The snapshot, as `etcdutl snapshot restore` reads it.

    :param parts: the lines that `COMMAND` has printed.
    :raises ValueError: when it is not whole, with the reason.
    """
    try:
        results = [json.loads(line) for line in parts if line.strip()]
        if refused := [r["error"].get("message", "no reason given") for r in results if "error" in r]:
            raise ValueError(f"etcd says: {refused[0]}")
        data = b"".join(base64.b64decode(r["result"].get("blob", ""), validate=True) for r in results)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, binascii.Error):
        raise ValueError("what etcd has sent cannot be read") from None
    whole(data)
    return data


def whole(data: bytes) -> None:
    """Hold a snapshot against its own checksum.

    :raises ValueError: when it is not whole.
    """
    if len(data) <= sha256().digest_size:
        raise ValueError("etcd has sent nothing")
    content, digest = data[: -sha256().digest_size], data[-sha256().digest_size :]
    if sha256(content).digest() != digest:
        raise ValueError("the checksum of etcd's data is not that of its content; it was cut short")
