"""How replies of cluster DNS are judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.clusters import groups, hosts
from tests.unit.local_host import Result, SayingHost
from underlay.inventory.spec import read_spec
from underlay.verify import dns_messages, dns_queries
from underlay.verify.dns_messages import DnsReply
from underlay.verify.probe_objects import name_of
from underlay.verify.target import Target
from underlay.verify.traffic_results import NOT_TESTED, Pod, TrafficResults

PODS = ["10.244.0.2", "10.244.1.2"]


def records(reply: DnsReply | None) -> str | None:
    return dns_queries._addresses(dns_messages.A, PODS, reply)


def targets(reply: DnsReply | None) -> str | None:
    return dns_queries._ports(2, reply)


ADDRESSES = DnsReply(0, False, [(dns_messages.A, address) for address in reversed(PODS)])
PORTS = DnsReply(0, False, [(dns_messages.SRV, f"8080 a-{n}") for n in range(2)])
LEADS = DnsReply(0, False, [(dns_messages.CNAME, name_of("probe"))])


@pytest.mark.parametrize(
    ("judge", "right", "wrong", "expected"),
    [
        (
            records,
            ADDRESSES,
            DnsReply(3, False),
            f"no addresses, expected 2 addresses ({', '.join(PODS)}); response code NXDOMAIN",
        ),
        (targets, PORTS, DnsReply(0, False, PORTS.records[:1]), "1 SRV record (8080 a-0), expected 2 for port 8080"),
        (
            dns_queries._truncated,
            DnsReply(0, True),
            ADDRESSES,
            "a response of more than 512 bytes is not marked as truncated",
        ),
        (dns_queries._alias, LEADS, DnsReply(0, False), f"it resolves to no name, expected {name_of('probe')}"),
        (dns_queries._resolved, DnsReply(0, False), DnsReply(2, False), "response code SERVFAIL"),
    ],
    ids=["records", "targets", "truncation", "another name", "outside"],
)
def test_a_reply_is_right_wrong_or_missing(
    judge: Callable[[DnsReply | None], str | None], right: DnsReply, wrong: DnsReply, expected: str
) -> None:
    assert [judge(right), judge(wrong), judge(None)] == [None, expected, "no answer"]


@pytest.mark.parametrize(("nodes", "tcp"), [(4, False), (5, True)])
def test_records_of_more_pods_than_fit_a_datagram_are_queried_over_tcp(nodes: int, tcp: bool) -> None:
    pods = {f"w-{i}": Pod(f"w-{i}", f"probe-{i}", (f"10.244.{i}.2",)) for i in range(nodes)}
    target = Target(read_spec(hosts(), groups()), {})
    over_tcp = {q.name: q.tcp for q in dns_queries.queries(target, TrafficResults(pods=pods))}
    assert (over_tcp["headless"], over_tcp["srv"], over_tcp["truncated"], over_tcp["tcp"]) == (tcp, tcp, False, True)


@pytest.mark.parametrize(
    ("result", "before", "expected"),
    [
        ("ok", None, "ok"),
        ("response code SERVFAIL", "198.51.100.53", "ok"),
        ("no answer", "10.96.0.53", "no answer; 10.96.0.53 answered before the deploy"),
        ("no answer", None, f"{NOT_TESTED}it answers nothing, and nobody knows that it did before the deploy"),
    ],
)
def test_a_hosts_own_name_server_answers_if_it_did_before(result: str, before: str | None, expected: str) -> None:
    assert dns_queries._own(result, before=before) == expected


@pytest.mark.parametrize(
    ("resolvers", "expected"),
    [
        ("nameserver 10.96.0.53\n", "service_subnet 10.96.0.0/16 contains its name server 10.96.0.53"),
        (
            "nameserver 10.244.3.3\nnameserver 127.0.0.53\noptions edns0\n",
            "pod_subnet 10.244.0.0/16 contains its name server 10.244.3.3",
        ),
        ("nameserver\t198.51.100.53\nnameserver fe80::1%eth0\n", ""),
        ("nameserver\n", ""),
        ("", ""),
    ],
)
@pytest.mark.parametrize("said", ["no answer", "response code SERVFAIL"])
def test_a_name_server_inside_the_cluster_fails_whatever_was_before(said: str, resolvers: str, expected: str) -> None:
    target = Target(read_spec(hosts(), groups()), {})
    target._hosts["w-1", "names"] = SayingHost({"cat ": Result(0, resolvers)})
    hidden = dns_queries._hidden(target, "w-1")
    assert hidden == expected
    found = dns_queries._own(said, before=None, hidden=hidden)
    assert found == f"{said}; {expected}" if expected else found == dns_queries._own(said, before=None)
