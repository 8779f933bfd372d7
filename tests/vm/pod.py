"""A pod: a network namespace that the network's own plugins were called for, as a container runtime calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from shlex import quote
from typing import Any

from .programs import CNI

NAME = "pod"
LINK = "eth0"
Run = Callable[[str], str]


def add(run: Run, configuration: Mapping[str, Any]) -> str:
    """Make the pod of a machine with a list of plugins, each told what those before it did; its address.

    :param run: runs shell on the machine, returns standard output.
    """
    run(f"ip netns add {NAME} && ip -n {NAME} link set lo up")
    result: dict[str, Any] = {}
    for plugin in _plugins(configuration):
        previous = {"prevResult": result} if result else {}
        result = json.loads(run(_call("ADD", {**plugin, **previous})))
    return str(result["ips"][0]["address"].partition("/")[0])


def delete(run: Run, configuration: Mapping[str, Any]) -> None:
    """Take the pod away again, in the opposite order; harmless where there is none."""
    for plugin in reversed(_plugins(configuration)):
        run(_call("DEL", plugin))
    run(f"ip netns del {NAME} 2>/dev/null; true")


def _plugins(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    shared = {key: configuration[key] for key in ("name", "cniVersion")}
    return [{**plugin, **shared} for plugin in configuration["plugins"]]


def _call(command: str, plugin: Mapping[str, Any]) -> str:
    values = {
        "COMMAND": command,
        "CONTAINERID": NAME,
        "NETNS": f"/run/netns/{NAME}",
        "IFNAME": LINK,
        "PATH": CNI,
        "ARGS": f"IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME={NAME}",
    }
    environment = " ".join(f"CNI_{name}={quote(value)}" for name, value in values.items())
    return f"echo {quote(json.dumps(plugin))} | {environment} {CNI}/{plugin['type']}"
