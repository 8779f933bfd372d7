"""Hosts as a site has them: a firewall, opened for exactly the cluster, a proxy, LXC, and settings of their own."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import pytest

from underlay.resources.nftables import Nftables

from .deployed import Deployed
from .waiting import listening, until

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
# A proxy that nobody answers at; LXC's own bridge; what would undo the deploy's settings at the next boot.
SITE = """\
printf 'http_proxy=http://192.0.2.9:3128\\nHTTPS_PROXY=http://192.0.2.9:3128\\nTMPDIR=/none\\n' >/etc/environment
ip link add lxcbr0 type bridge; ip address add 10.0.3.1/24 dev lxcbr0; ip link set lxcbr0 up
echo 'net.ipv4.ip_forward = 0' >/etc/sysctl.d/99-zz-site.conf
echo 'blacklist br_netfilter' >/etc/modprobe.d/site.conf
"""
# What a proxy that comes later does with a request for the cluster's own addresses.
PROXIES = {
    "refuses": "SYSTEM:'echo HTTP/1.1 403 Forbidden; echo'",
    "says nothing": "EXEC:'sleep 600'",
}
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
            hosts.ssh(name, SITE)
        # Enabled, it comes with the next boot.
        hosts.ssh("w-1", "systemctl stop nftables; nft list ruleset | grep -c guard | grep -x 0")
        yield hosts
    finally:
        hosts.down()


def test_a_closed_host_is_told_deployed_to_and_verified(guarded: Deployed) -> None:
    plan = guarded.underlay("plan")
    assert plan.code == 2, plan.text
    assert [line.strip() for line in plan.text.splitlines() if "firewall" in line] == [
        "firewall nftables: inet guard input, inet guard forward: closed -> open to the cluster",
        "firewall nftables: nftables.service is enabled and closes it at the next boot -> open to the cluster",
    ]
    run = guarded.deploy(network={"mode": "flannel-vxlan"})
    assert run.code == 0, run.end
    assert guarded.report()["verdict"] == "verified"
    again = guarded.deploy("--data", "verify=false")
    assert again.changes == "none; at most 1 SSH executions on a host"


def test_what_a_site_has_beside_is_no_obstacle_and_no_part_of_the_cluster(guarded: Deployed) -> None:
    assert "[proxy-inside]" in guarded.underlay("preflight").text
    assert guarded.ssh("cp-1", "grep -ciE '[a-z]_proxy' /etc/kubernetes/manifests/* | grep -v ':0$'; true") == ""
    assert guarded.ssh("w-1", "systemctl restart systemd-sysctl; sysctl -n net.ipv4.ip_forward") == "1\n"
    assert guarded.ssh("w-1", "modprobe --showconfig | grep -c '^blacklist br_netfilter'; true") == "0\n"
    assert "lxcbr0" in guarded.ssh("w-1", "ip -brief link show lxcbr0")


@pytest.mark.parametrize("does", PROXIES)
def test_a_proxy_that_comes_later_takes_nothing_from_a_healthy_cluster(guarded: Deployed, does: str) -> None:
    """It is told with what takes it out of the way, which is followed."""
    listen = (
        f"systemd-run -q --collect --unit proxy socat TCP-LISTEN:3128,bind=127.0.0.1,fork,reuseaddr {PROXIES[does]}"
    )
    lines = "http_proxy=http://127.0.0.1:3128\\nhttps_proxy=http://127.0.0.1:3128\\n"
    for name in HOSTS:
        guarded.ssh(name, f"cp /etc/environment /root/environment; {listen}; {listening('t', 3128)}")
        guarded.ssh(name, f"printf '{lines}' >/etc/environment")
    try:
        began = time.monotonic()
        plan = guarded.underlay("plan")
        assert (plan.code, plan.text.count("no change")) == (0, 2), plan.text
        # It stood still for 200 seconds where the proxy said nothing.
        assert time.monotonic() - began < 60
        run = guarded.underlay("verify")
        assert run.code == 0, run.end
        for name, found in _proxied(guarded).items():
            remedy = re.fullmatch(r".*: for programs of yours, add to (no_proxy) in (\S+) (\S+)", found)
            assert remedy, found
            guarded.ssh(name, f"echo {remedy[1]}={remedy[3]} >>{remedy[2]}")
        assert _proxied(guarded) == {}
    finally:
        for name in HOSTS:
            guarded.ssh(name, "mv /root/environment /etc/environment; systemctl stop proxy")


def _proxied(guarded: Deployed) -> dict[str, str]:
    """Host -> what preflight says to do about its proxy."""
    found = guarded.underlay("preflight", "--json").document["findings"]
    return {name: f["remedy"] for f in found if f["code"] == "proxy-inside" for name in f["hosts"]}


@pytest.mark.parametrize(
    "act",
    [
        pytest.param("systemctl start nftables", id="started, as at the next boot"),
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
    healed = guarded.deploy("--data", "verify=false")
    assert healed.code == 0, healed.end
    # CoreDNS, which was cut off from the API server, looks for it again after a while.
    until(lambda: guarded.underlay("verify").code == 0, within=120)
