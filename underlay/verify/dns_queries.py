"""The queries that every pod sends to cluster DNS: records of every kind, over UDP and TCP, inside and outside."""

from __future__ import annotations

import base64
import time
from functools import partial
from pathlib import Path

from underlay.inventory.claimed_ranges import claims
from underlay.plan.surroundings import numeric

from . import dns_messages
from .dns_messages import DnsQuery, DnsReply
from .probe_objects import MANY, NAME, TCP, name_of
from .target import Target
from .timeouts import CONVERGE_S
from .traffic_results import NOT_TESTED, TrafficResults, results_in
from .traffic_script import shell_variables

_SCRIPTS = "\n".join(Path(__file__).with_name(part).read_text(encoding="utf-8") for part in ("pod_exec.sh", "dns.sh"))
_UDP_LIMIT = 512
# systemd-resolved asks the servers of the first for the host.
_RESOLVERS = "/run/systemd/resolve/resolv.conf /etc/resolv.conf"
# The records of more pods than this may not fit a datagram: they are queried over TCP, as a resolver does then.
_FIT = 4
_SHOWN = 4
_SILENT = "no answer"


def queries(target: Target, measured: TrafficResults) -> list[DnsQuery]:
    """To the cluster's DNS, but for one that the host sends to its own name server."""
    cluster = target.spec.cluster
    server, version = cluster.dns_address, cluster.families[0]
    kind = dns_messages.A if version == 4 else dns_messages.AAAA
    pods = sorted(pod.addresses[0] for pod in measured.pods.values())
    large = len(pods) > _FIT
    headless = name_of("probe-headless")
    addresses = dns_messages.query(headless, kind)
    ports = dns_messages.query(f"_http._tcp.{headless}", dns_messages.SRV)
    many = dns_messages.query(name_of("probe-many"), kind)
    alias = dns_messages.query(name_of("probe-elsewhere"), kind)
    root = dns_messages.query(".", dns_messages.NS)
    return [
        DnsQuery("headless", server, addresses, partial(_addresses, kind, pods), tcp=large),
        DnsQuery("srv", server, ports, partial(_ports, len(pods)), tcp=large),
        DnsQuery("truncated", server, many, _truncated),
        DnsQuery("tcp", server, many, partial(_addresses, kind, sorted(MANY[version])), tcp=True),
        DnsQuery("alias", server, alias, _alias),
        DnsQuery("outside", server, root, _resolved),
        DnsQuery("host", "", root, _resolved, in_pod=False),
    ]


def probe(target: Target, measured: TrafficResults, node: str, only: set[str] | None = None) -> None:
    """Send the queries from a node, and those that fail again for CONVERGE_S.

    :param only: the probes to run, by name.
    """
    pending = [q for q in queries(target, measured) if only is None or f"dns {q.name}" in only]
    results: dict[str, str] = {}
    deadline = time.monotonic() + CONVERGE_S
    while pending:
        ran = target.host(node, lane="names").run(_script(measured.pods[node].addresses[0], pending))
        replies = results_in(ran.stdout)
        results |= {q.name: q.judge(_read(replies.get(q.name, ""))) or "ok" for q in pending}
        # What is outside may never answer, and is queried once.
        pending = [q for q in pending if results[q.name] != "ok" and q.judge is not _resolved]
        if time.monotonic() > deadline:
            break
        time.sleep(0.3 if pending else 0)
    of_host = results.get("host", "ok")
    if "host" in results:
        hidden = _hidden(target, node) if of_host != "ok" else ""
        results["host"] = _own(of_host, before=target.name_servers.get(node), hidden=hidden)
    if of_host != "ok":
        results["outside"] = f"{NOT_TESTED}the host's own name server resolves no outside name ({of_host})"
    measured.results |= {(node, f"dns {name}"): result for name, result in results.items()}


def _own(result: str, *, before: str | None, hidden: str = "") -> str:
    """The result for the host's own name server: any answer will do, and none only where there was one before.

    :param hidden: why no host of the cluster could reach it, whatever was before.
    """
    if hidden:
        return f"{result}; {hidden}"
    if result != _SILENT:
        return "ok"
    if before is None:
        return f"{NOT_TESTED}it answers nothing, and nobody knows that it did before the deploy"
    return f"no answer; {before} answered before the deploy"


def _hidden(target: Target, node: str) -> str:
    """Which range of the cluster has one of the host's name servers, if any has."""
    said = target.host(node, lane="names").run(f"cat {_RESOLVERS} 2>/dev/null | grep '^nameserver'").stdout
    servers = [address for line in said.splitlines() if (address := numeric(line.split()[-1])) is not None]
    ranges = claims(target.spec.cluster, target.spec.load_balancer)
    found = (f"{c.where} {c.text} contains its name server {s}" for c in ranges for s in servers if s in c)
    return next(found, "")


def _script(own: str, pending: list[DnsQuery]) -> str:
    lines = []
    for query in pending:
        size = len(query.message).to_bytes(2, "big") if query.tcp else b""
        message = base64.b64encode(size + query.message).decode()
        where, protocol = "pod" if query.in_pod else "host", "tcp" if query.tcp else "udp"
        lines.append("|".join((query.name, where, protocol, query.server, message)))
    return f"{shell_variables({'own': own, 'queries': chr(10).join(lines)})}{_SCRIPTS}"


def _read(text: str) -> DnsReply | None:
    try:
        return dns_messages.read(bytes.fromhex(text)) if text else None
    except ValueError:
        return None


def _addresses(kind: int, expected: list[str], reply: DnsReply | None) -> str | None:
    if reply is None:
        return "no answer"
    found = reply.of(kind)
    if found == expected:
        return None
    return f"{_listed('address', found)}, expected {_listed('address', expected)}{_code(reply)}"


def _ports(expected: int, reply: DnsReply | None) -> str | None:
    if reply is None:
        return "no answer"
    found = reply.of(dns_messages.SRV)
    right = [s for s in found if s.startswith(f"{TCP} ")]
    if len(right) == len(found) == expected:
        return None
    return f"{_listed('SRV record', found)}, expected {expected} for port {TCP}{_code(reply)}"


def _truncated(reply: DnsReply | None) -> str | None:
    """A response that does not fit is marked, so that a resolver queries again over TCP."""
    if reply is None:
        return "no answer"
    return None if reply.truncated else f"a response of more than {_UDP_LIMIT} bytes is not marked as truncated"


def _alias(reply: DnsReply | None) -> str | None:
    if reply is None:
        return "no answer"
    found = reply.of(dns_messages.CNAME)
    if found == [name_of(NAME)]:
        return None
    return f"it resolves to {', '.join(found) or 'no name'}, expected {name_of(NAME)}{_code(reply)}"


def _resolved(reply: DnsReply | None) -> str | None:
    if reply is None:
        return _SILENT
    return None if reply.code == 0 else f"response code {dns_messages.code_name(reply.code)}"


def _listed(what: str, found: list[str]) -> str:
    """`2 addresses (10.244.0.2, 10.244.1.2)`, the first few of them."""
    plural = "es" if what.endswith("s") else "s"
    count = f"{len(found) or 'no'} {what}{'' if len(found) == 1 else plural}"
    more = ", …" if len(found) > _SHOWN else ""
    return f"{count} ({', '.join(found[:_SHOWN])}{more})" if found else count


def _code(reply: DnsReply) -> str:
    return f"; response code {dns_messages.code_name(reply.code)}" if reply.code else ""
