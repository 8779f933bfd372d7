"""What an answer to a question of preflight can look like: whatever else a host says is no answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda line: compiled.fullmatch(line) is not None


number = _matching(r"[0-9]+([.][0-9]+)?")
word = _matching(r"\S+")
words = _matching(r"\S+( \S+)*")
release = _matching(r"[0-9]+[.][0-9]+\S*")
# The heading of a column, and its one number.
column = _matching(r".* [0-9]+")
name_servers = _matching(r"(/[^ ;]*( [^ ;]+)*;)+")
mounts = _matching(r"(/\S* [^ ;]*;)+")
occupants = _matching(r"(/\S+ (file|directory|mount) \S+ [0-9]+ [0-9-]{10};)+")
certificates = _matching(r"(/\S+ [0-9a-f]*;)+")
mark = _matching(r"(member|started) \S.*")
kubelet = _matching(r"\S+ [0-9a-f]{16} \S+")
nodes = _matching(r"([^|; ]+[|][^|;]*[|][^|;]*[|][^|;]*([|]\w*)?;)+")
lock = _matching(r"taken|held( .*)?")
ports = _matching(r"([a-z_0-9-]+?([0-9]+|[*]) [^;]*;)+")


def links(line: str) -> bool:
    """Whether it is `ip -json address show`: links with a name, an MTU in bytes, and addresses."""
    return _is_list(line, _is_link)


def routes(line: str) -> bool:
    """Whether it is `ip -json route show`: routes with a destination."""
    return _is_list(line, _is_route)


def lookups(line: str) -> bool:
    """Whether it is the output of some `ip -json route get`, one after the other."""
    return all(_is_list(text, _is_route) for text in line.split())


def rules(line: str) -> bool:
    """Whether it is the output of some `ip -json rule show`, one after the other: each rule with its priority."""
    return all(_is_list(text, _is_rule) for text in line.split())


def record(line: str) -> bool:
    """Whether it lists Underlay's objects: a kind and what is recorded, a path MTU, each with two semicolons."""
    *entries, rest = line.split(";;")
    return not rest and all(_is_entry(*entry.strip().partition(" ")[::2]) for entry in entries)


def _is_entry(kind: str, text: str) -> bool:
    if kind == "ConfigMap":
        return _is(text, dict)
    if kind == "Change":
        return not text or _is(text, dict)
    if kind == "Upgrade":
        return not text or text.startswith("v")
    return (kind in ("Secret", "DaemonSet") and not text) or (kind == "Path" and (not text or text.isdecimal()))


def _is(text: str, kind: type) -> bool:
    try:
        return isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False


def _is_list(text: str, item: Callable[[Any], bool]) -> bool:
    try:
        found = json.loads(text)
        return isinstance(found, list) and all(isinstance(i, dict) and item(i) for i in found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def _is_link(link: Any) -> bool:
    for entry in link.get("addr_info", []):
        if "local" in entry:
            ip_address(entry["local"])
            ip_interface(f"{entry['local']}/{int(entry['prefixlen'])}")
    return isinstance(link["ifname"], str) and isinstance(link["mtu"], int) and isinstance(link.get("address", ""), str)


def _is_route(route: Any) -> bool:
    if route.get("dst", "default") != "default":
        ip_network(str(route["dst"]), strict=False)
    return all(isinstance(route.get(key, ""), str) for key in ("dst", "dev", "gateway", "protocol", "type"))


def _is_rule(rule: Any) -> bool:
    if rule.get("dst", "all") != "all":
        ip_network(f"{rule['dst']}/{int(rule['dstlen'])}" if "dstlen" in rule else rule["dst"])
    return isinstance(rule["priority"], int) and isinstance(rule.get("table", ""), str)
