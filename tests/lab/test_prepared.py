"""Hosts with a firewall of their own: opened for exactly the cluster, kept open, and left as they were found."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from underlay.resources.nftables import Nftables

from .deployed import Deployed
from .waiting import until

pytestmark = [pytest.mark.lab]

# What an administrator writes who lets in nothing but SSH. Reloading takes nobody else's tables away.
RULESET = """\
#!/usr/sbin/nft -f
table inet guard
delete table inet guard
table inet guard {
	set bad {
		type ipv4_addr
		elements = { 203.0.113.1, 203.0.113.2 }
	}

	chain input {
		type filter hook input priority filter; policy drop;
		iif "lo" accept
		ct state established,related accept
		ip saddr @bad drop
		tcp dport 22 accept
		icmp type echo-request accept
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established,related accept
		log prefix "closed: " jump no
	}

	chain no {
		reject with icmpx admin-prohibited comment "nobody passes"
	}
}
"""
HOSTS = ("cp-1", "w-1")
JUMPS = "nft list table inet guard | grep -c 'jump underlay-' || true"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Deployed]:
    """Two hosts that let in nothing but SSH and pass nothing on, deployed to."""
    hosts = Deployed(lab={"name": "prep", "network": "10.125.0.0/16", "workers": 1, "racks": 1})
    hosts.down()
    try:
        assert hosts.underlay("plan").code == 2
        for name in HOSTS:
            hosts.ssh(name, f"cat >/etc/nftables.conf <<'END'\n{RULESET}END\nsystemctl -q enable --now nftables")
            hosts.ssh(name, "nft list table inet guard >/root/guard")
        yield hosts
    finally:
        hosts.down()


def test_a_closed_host_is_told_deployed_to_and_verified(guarded: Deployed) -> None:
    plan = guarded.underlay("plan")
    assert plan.code == 2, plan.text
    sentence = "firewall nftables: inet guard input, inet guard forward: closed -> open to the cluster"
    assert plan.text.count(sentence) == len(HOSTS), plan.text
    run = guarded.deploy(network={"mode": "flannel-vxlan"})
    assert run.code == 0, run.text
    assert guarded.report()["verdict"] == "verified"
    again = guarded.deploy("--data", "verify=false")
    assert again.changes == "none; at most 1 SSH executions on a host"


@pytest.mark.parametrize(
    "act",
    [
        pytest.param("systemctl reload nftables", id="reloaded"),
        pytest.param("systemctl restart nftables", id="restarted, which empties everybody's tables"),
        pytest.param("nft -f /etc/nftables.conf", id="loaded by hand"),
    ],
)
def test_it_stays_open_when_its_owner_loads_it_again(guarded: Deployed, act: str) -> None:
    guarded.ssh("w-1", act)
    until(lambda: guarded.ssh("w-1", JUMPS).strip() == "2", within=60)


@pytest.mark.parametrize(
    ("host", "port", "reached"),
    [
        pytest.param("10.125.1.11", 6443, True, id="the API is for anyone"),
        pytest.param("10.125.1.11", 10250, False, id="the kubelet is for nodes and pods"),
        pytest.param("10.125.1.11", 2379, False, id="etcd is for its members"),
        pytest.param("10.125.1.21", 4444, False, id="what is not the cluster's is its owner's"),
    ],
)
def test_who_is_no_node_reaches_what_is_for_anyone(guarded: Deployed, host: str, port: int, reached: bool) -> None:
    guarded.ssh("w-1", "systemctl -q is-active other || systemd-run -q --unit other socat TCP-LISTEN:4444,fork STDOUT")
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        assert not reached
    else:
        assert reached


def test_without_our_rules_it_fails_and_its_owners_are_as_they_were(guarded: Deployed) -> None:
    guarded.ssh("w-1", f"set -eu\n{Nftables(()).remove()}")
    left = guarded.ssh(
        "w-1", "nft list table inet guard | diff /root/guard - && echo same; ls /usr/local/lib/underlay 2>&-; true"
    )
    assert left == "same\n"
    run = guarded.underlay("verify")
    assert run.code == 1, run.text
    failed = {c["area"] for c in guarded.report()["checks"] if c["outcome"] == "failed"}
    assert len(failed) > 1, run.text
    assert "nftables: inet guard input drops the cluster's traffic" in run.text
    healed = guarded.deploy()
    assert healed.code == 0, healed.text
