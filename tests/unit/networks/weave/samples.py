"""What the tests of Weave's modes share: an agent's report, and the objects that are applied."""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr

from tests.unit.clusters import cluster, network, one_rack
from underlay.model.check import Check
from underlay.networks.weave.weave import Weave

PASSWORD = "0123456789abcdef0123456789abcdef"  # noqa: S105, a test's
KEYED = {"accept_untested_kubernetes": True, "password": SecretStr(PASSWORD)}
# Every agent tries to connect to itself, too.
SELF = ("failed", "cannot connect to ourself, retry: never", "fastdp")


def of(mode: str, **settings: Any) -> Weave:
    made = network(mode, **settings)
    assert isinstance(made, Weave)
    return made


def check(made: Weave, name: str) -> Check:
    return next(c for c in made.checks(cluster()) if c.name == name and c.node == "cp-1")


def report(*connections: tuple[str, str, str], encryption: bool = False, subnet: str = "10.244.0.0/16") -> str:
    """An agent's report: of each connection its state, its info and the path in its attributes."""
    listed = [
        {
            "Address": "192.0.2.9:6783",
            "Outbound": True,
            "State": state,
            "Info": info,
            "Attrs": {"name": path} if path else None,
        }
        for state, info, path in connections
    ]
    router = {"Name": "1a:00:00:00:00:01", "NickName": "cp-1", "Encryption": encryption, "Connections": listed or None}
    return json.dumps({"Ready": True, "Version": "2.9.0", "Router": router, "IPAM": {"Range": subnet}})


def connection(name: str, path: str = "fastdp", *, first: str = "") -> tuple[str, str, str]:
    return ("established", f"{first:<12}{path} 1a:5b:a9:53:2b:11({name})".strip(), path)


def agent(made: Weave) -> dict[str, Any]:
    return containers(made)["weave"]


def containers(made: Weave) -> dict[str, dict[str, Any]]:
    daemon_set = next(o for o in made.addon(one_rack()).objects if o["kind"] == "DaemonSet")
    pod = daemon_set["spec"]["template"]["spec"]
    return {c["name"]: c for c in (*pod["initContainers"], *pod["containers"])}


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {e["name"]: e["value"] for e in container["env"] if "value" in e}
