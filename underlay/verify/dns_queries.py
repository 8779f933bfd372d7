"""What cluster DNS is asked from every pod: records of every kind, by UDP and TCP, inside and outside the cluster."""

from __future__ import annotations

import base64
import time
from functools import partial
from pathlib import Path
from shlex import quote

from . import dns_messages
from .dns_messages import DnsQuery, DnsReply
from .probe_objects import MANY, NAME, TCP, name_of
from .target import Target
from .timeouts import SETTLE
from .traffic_results import NOT_ASKED, TrafficResults, answers_in

_SCRIPTS = "\n".join(Path(__file__).with_name(part).read_text() for part in ("pod_exec.sh", "dns.sh"))
_WIDE = 512
# A record for each of more pods than this may not fit a datagram: it is asked by TCP, as a resolver does then.
_FIT = 4


def questions(target: Target, measured: TrafficResults) -> list[DnsQuery]:
    """Asked of the cluster's DNS, but for one that the host asks its own name server."""
    cluster = target.spec.cluster
    server, version = cluster.dns_address, cluster.families[0]
    kind = dns_messages.A if version == 4 else dns_messages.AAAA
    pods = sorted(pod.addresses[0] for pod in measured.pods.values())
    wide = len(pods) > _FIT
    headless, many, elsewhere = (
        name_of("probe-headless"),
        dns_messages.query(name_of("probe-many"), kind),
        "probe-elsewhere",
    )
    return [
        DnsQuery("headless", server, dns_messages.query(headless, kind), partial(_records, kind, pods), tcp=wide),
        DnsQuery(
            "srv",
            server,
            dns_messages.query(f"_http._tcp.{headless}", dns_messages.SRV),
            partial(_targets, len(pods)),
            tcp=wide,
        ),
        DnsQuery("truncated", server, many, _cut),
        DnsQuery("tcp", server, many, partial(_records, kind, sorted(MANY[version])), tcp=True),
        DnsQuery("elsewhere", server, dns_messages.query(name_of(elsewhere), kind), _leads),
        DnsQuery("outside", server, dns_messages.query(".", dns_messages.NS), _resolved),
        DnsQuery("beneath", "", dns_messages.query(".", dns_messages.NS), _resolved, in_pod=False),
    ]


def ask(target: Target, measured: TrafficResults, node: str, only: set[str] | None = None) -> None:
    """Ask on a node, again for what is not as it should be, until patience is at its end.

    :param only: of these questions alone, by the name their answers are given under.
    """
    left = [q for q in questions(target, measured) if only is None or f"dns {q.name}" in only]
    told: dict[str, str] = {}
    until = time.monotonic() + SETTLE
    while left:
        ran = target.host(node, lane="names").run(_script(measured.pods[node].addresses[0], left))
        replies = answers_in(ran.stdout)
        told |= {q.name: q.judge(_read(replies.get(q.name, ""))) or "ok" for q in left}
        # What lies outside may never answer, and is asked once.
        left = [q for q in left if told[q.name] != "ok" and q.judge is not _resolved]
        if time.monotonic() > until:
            break
        time.sleep(0.3 if left else 0)
    if (beneath := told.pop("beneath", "ok")) != "ok":
        told["outside"] = f"{NOT_ASKED}the host's own name server answers nothing from outside ({beneath})"
    measured.given |= {(node, f"dns {name}"): seen for name, seen in told.items()}


def _script(own: str, asked: list[DnsQuery]) -> str:
    lines = []
    for question in asked:
        size = len(question.query).to_bytes(2, "big") if question.tcp else b""
        message = base64.b64encode(size + question.query).decode()
        where, protocol = "pod" if question.in_pod else "host", "tcp" if question.tcp else "udp"
        lines.append("|".join((question.name, where, protocol, question.server, message)))
    asked_of = "\n".join(lines)
    return f"own={quote(own)}\npatience={SETTLE}\nasked={quote(asked_of)}\n{_SCRIPTS}"


def _read(text: str) -> DnsReply | None:
    try:
        return dns_messages.read(bytes.fromhex(text)) if text else None
    except ValueError:
        return None


def _records(kind: int, wanted: list[str], reply: DnsReply | None) -> str | None:
    if reply is None:
        return "no answer"
    seen = reply.of(kind)
    return None if seen == wanted else f"code {reply.code}, {len(seen)} addresses {seen[:4]}, not {wanted[:4]}"


def _targets(wanted: int, reply: DnsReply | None) -> str | None:
    if reply is None:
        return "no answer"
    seen = reply.of(dns_messages.SRV)
    right = [s for s in seen if s.startswith(f"{TCP} ")]
    return (
        None if len(right) == len(seen) == wanted else f"code {reply.code}, records {seen}, not {wanted} on port {TCP}"
    )


def _cut(reply: DnsReply | None) -> str | None:
    """More than fits is marked as cut off, so that a resolver asks again by TCP."""
    if reply is None:
        return "no answer"
    return None if reply.truncated else f"an answer beyond {_WIDE} bytes is not marked as truncated"


def _leads(reply: DnsReply | None) -> str | None:
    if reply is None:
        return "no answer"
    seen = reply.of(dns_messages.CNAME)
    return None if seen == [name_of(NAME)] else f"code {reply.code}, it leads to {seen}, not {name_of(NAME)}"


def _resolved(reply: DnsReply | None) -> str | None:
    if reply is None:
        return "no answer"
    return None if reply.code == 0 else f"code {reply.code}"
