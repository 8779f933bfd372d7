"""What goes from a host, and what only looks like it: an operator's links, tables, chains and routes stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.clusters import cluster, network
from tests.unit.local_host import Shell
from underlay.networks.registry import modes
from underlay.reset.footprint import Footprint, chain_expression, footprint
from underlay.reset.host_script import IDLE_CHAINS, RULES, end_record, host_script
from underlay.reset.questions import HostState
from underlay.reset.sentences import sentences

NOTHING = HostState(
    version="1", prior=(), modes=(), paths=frozenset(), prior_tables=frozenset(), mark="", kubernetes=(), links="[]",
    routes=("[]", "[]"), rules=(), prior_rules=frozenset(), tables=(), chains=(), sets=(), prior_sets=frozenset(),
    programs=(), ipsec="", pods=0, has_etcd=False,
)  # fmt: skip


def link(name: str, kind: str, *addresses: str, up: bool = True) -> dict[str, Any]:
    """As `ip -d -json address show` of iproute2 6.1 prints one."""
    shown: dict[str, Any] = {"ifname": name, "flags": ["UP"] if up else [], "num_tx_queues": 1}
    shown["linkinfo"] = {"info_kind": kind}
    shown["addr_info"] = [{"family": "inet", "local": a, "prefixlen": 24, "scope": "global"} for a in addresses]
    return shown


def found(mode: str = "flannel-vxlan", **state: Any) -> Footprint:
    known = HostState(**{**vars(NOTHING), **state})
    return footprint(cluster(), network(mode), known)


def test_the_mode_s_links_go_and_what_only_looks_like_them_stays() -> None:
    links = [
        link("flannel.1", "vxlan", "10.244.1.0"),
        link("cni0", "bridge", "10.244.1.1"),
        link("flannel.office", "bridge", "192.0.2.1"),
        link("cni-office", "bridge"),
        link("calico-office", "bridge"),
        link("vxlan7", "vxlan"),
        link("wg0", "wireguard"),
        link("eth0", "veth", "192.0.2.11"),
    ]
    assert found(links=json.dumps(links)).links == ("flannel.1", "cni0")


def test_a_bridge_of_the_operator_s_with_the_same_name_stays() -> None:
    assert found(links=json.dumps([link("cni0", "bridge", "192.0.2.129")])).links == ()


def test_a_link_that_was_there_before_the_first_deploy_stays() -> None:
    links = json.dumps([link("flannel.1", "vxlan", "10.244.1.0")])
    assert found(links=links, paths=frozenset({"/sys/class/net/flannel.1"})).links == ()


def test_the_links_of_a_mode_that_the_inventory_has_no_longer_go_too() -> None:
    links = json.dumps([link("flannel.1", "vxlan"), link("vxlan.calico", "vxlan", "10.244.1.0")])
    assert found("calico-vxlan", links=links).links == ("vxlan.calico",)
    assert found("calico-vxlan", links=links, modes=("flannel-vxlan",)).links == ("flannel.1", "vxlan.calico")


@pytest.mark.parametrize("mode", sorted(modes()))
def test_of_every_mode_lookalikes_stay(mode: str) -> None:
    links = [link(name, "bridge", "192.0.2.200") for name in ("cali-office", "calico-office", "cilium-lab", "weaver")]
    names = ("CILIUMISH", "KUBECTL", "FLANNELS", "CALI", "INPUT", "WEAVERS", "DOCKER")
    tables = ("inet office", "ip flannel-office", "ip nat", "inet filter", "ip calico-office")
    left = found(mode, links=json.dumps(links), chains=names, tables=tables)
    assert (left.links, left.chains, left.tables) == ((), (), ())


def test_what_is_like_it_and_stays_is_said() -> None:
    links = [
        *(link("lo", ""), link("eth0", "veth", "192.0.2.11"), link("cni0", "bridge", "10.244.1.1")),
        *(link("veth1234abcd", "veth") | {"master": "cni0"}, link("calico-office", "bridge")),
    ]
    state = HostState(
        **{
            **vars(NOTHING),
            "links": json.dumps(links),
            "tables": ("ip kube-proxy", "ip nat", "inet office"),
            "chains": ("INPUT", "KUBE-FIREWALL", "CILIUMISH"),
            "sets": ("KUBE-CLUSTER-IP", "friends"),
        }
    )
    left = footprint(cluster(), network("flannel-vxlan"), state)
    assert sentences(state, left, leaves=False)[-1] == (
        "stay: links eth0, calico-office; nftables tables inet office; iptables chains CILIUMISH; address sets friends"
    )
    assert not [line for line in sentences(NOTHING, found(), leaves=False) if line.startswith("stay")]


def test_chains_and_tables_go_by_their_names() -> None:
    chains = ("INPUT", "KUBE-FIREWALL", "KUBE-KUBELET-CANARY", "FLANNEL-POSTRTG", "CNI-HOSTPORT-DNAT", "CILIUMISH")
    tables = ("ip kube-proxy", "ip flannel-ipv4", "inet office")
    left = found(chains=chains, tables=tables)
    assert left.chains == ("KUBE-FIREWALL", "KUBE-KUBELET-CANARY", "FLANNEL-POSTRTG", "CNI-HOSTPORT-DNAT")
    assert left.tables == ("ip kube-proxy", "ip flannel-ipv4")


def test_chains_that_an_agent_makes_after_the_question_go_too(shell: Shell) -> None:
    """kube-router makes chains for pods until it ends."""
    shell.program_is("iptables-save", "printf '*filter\\n:KUBE-POD-FW-X2L2WXAMZAUOPFLF - [0:0]\\nCOMMIT\\n'")
    ran = shell.run(f"{RULES}\nu_rules iptables '{chain_expression(found(chains=()).patterns)}'")
    assert "-X KUBE-POD-FW-X2L2WXAMZAUOPFLF" in ran.stdout.splitlines()


def test_a_table_that_was_there_before_stays() -> None:
    assert found(tables=("ip kube-proxy",), prior_tables=frozenset({"ip kube-proxy"})).tables == ()


def test_a_route_to_pods_through_a_node_goes_though_it_has_no_protocol() -> None:
    routes = [{"dst": "10.244.1.0/24", "gateway": a, "dev": "eth0", "flags": []} for a in ("192.0.2.2", "192.0.2.254")]
    site = {"dst": "10.244.3.0/24", "gateway": "192.0.2.2", "dev": "eth0", "protocol": "static", "flags": []}
    left = found("flannel-host-gw", routes=(json.dumps([*routes, site]), "[]"))
    assert left.routes == ("-4 route del 10.244.1.0/24 via 192.0.2.2 dev eth0",)


def test_routes_to_pods_go_and_those_of_others_stay() -> None:
    routes = [
        {"dst": "10.244.2.0/24", "gateway": "192.0.2.12", "dev": "eth0", "protocol": "118", "flags": []},
        {"type": "blackhole", "dst": "10.244.1.0/24", "protocol": "117", "flags": []},
        {"dst": "10.244.3.0/24", "gateway": "192.0.2.1", "dev": "eth0", "protocol": "static", "flags": []},
        {"dst": "198.51.100.0/24", "dev": "office", "protocol": "117", "flags": []},
    ]
    assert found("routed", routes=(json.dumps(routes), "[]")).routes == (
        "-4 route del 10.244.2.0/24 via 192.0.2.12 proto 118 dev eth0",
        "-4 route del blackhole 10.244.1.0/24 proto 117",
    )


# As iptables-save 1.8.9 prints it: kube-proxy's, the portmap plugin's and an operator's rules.
SAVED = """\
# Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 30 12:00:00 2026
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:CILIUMISH - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
-A INPUT -m comment --comment "site's: see -j KUBE-FIREWALL" -j ACCEPT
-A INPUT -j KUBE-FIREWALL
-A INPUT -j CILIUMISH
-A OUTPUT -j KUBE-FIREWALL
-A CILIUMISH -s 192.0.2.0/24 -j RETURN
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 203.0.113.0/24 -o office -j MASQUERADE
COMMIT
"""


def test_of_iptables_only_our_chains_and_what_leads_to_them_go(shell: Shell) -> None:
    shell.program_is("iptables-save", f"cat <<'END'\n{SAVED}END")
    ran = shell.run(f"{RULES}\nu_rules iptables '{chain_expression(['KUBE-', 'CILIUM_', 'cali.x'])}'")
    assert ran.stdout.splitlines() == [
        *("*filter", "-D INPUT -j KUBE-FIREWALL", "-D OUTPUT -j KUBE-FIREWALL"),
        *("-F KUBE-FIREWALL", "-F KUBE-KUBELET-CANARY", "-X KUBE-FIREWALL", "-X KUBE-KUBELET-CANARY", "COMMIT"),
        *("*nat", "COMMIT"),
    ]


@pytest.mark.parametrize(
    ("rule", "policy", "idle"),
    [("", "accept", "FORWARD"), ("", "drop", "rest"), ("\t\tcounter packets 0 bytes 0 accept\n", "accept", "rest")],
)
def test_a_chain_of_iptables_goes_only_where_nothing_decides_in_it(
    shell: Shell, rule: str, policy: str, idle: str
) -> None:
    table = (
        "table ip filter {\n\tchain FORWARD {\n"
        f"\t\ttype filter hook forward priority filter; policy {policy};\n{rule}\t}}\n}}\n"
    )
    assert shell.run(f"printf '%s' '{table}' | awk '{IDLE_CHAINS}'").stdout.strip() == idle


@pytest.mark.parametrize("mode", sorted(modes()))
def test_every_shell_reads_the_script(shell: Shell, mode: str) -> None:
    left = found(mode, links=json.dumps([link("cni0", "bridge", "10.244.1.1"), link("tunl0", "ipip", "10.244.1.1")]))
    state = HostState(**{**vars(NOTHING), "mark": "member lab 192.0.2.1:6443", "has_etcd": True})
    script = host_script(state, left, pods=cluster().pod_subnets, member=True, keep_images=False)
    assert shell.read(script).rc == 0


def test_a_record_is_whole_or_gone_wherever_its_removal_is_killed(shell: Shell, tmp_path: Path) -> None:
    state, run = tmp_path / "state", tmp_path / "run"
    shell.places = {"/var/lib/underlay": str(state), "/run/underlay": str(run)}
    for kills_at in (1, 2, 3):
        for file in ("record/files/etc/a", "record/version", "record/directories", "binaries/kubelet", "before"):
            (state / file).parent.mkdir(parents=True, exist_ok=True)
            (state / file).write_text("x")
        # The removal that is killed has removed something of what it was given.
        shell.program_is(
            "rm",
            f"echo . >>{tmp_path}/removals; [ $(wc -l <{tmp_path}/removals) -lt {kills_at} ] || {{ "
            f'find "$2" -name version -delete; kill -9 $PPID; exit; }}; exec /bin/rm "$@"',
        )
        shell.run(end_record())
        record = state / "record"
        assert not record.exists() or sorted(p.name for p in record.iterdir()) == ["directories", "files", "version"]
        shell.program_is("rm", 'exec /bin/rm "$@"')
        shell.run(f"rm -rf /var/lib/underlay {tmp_path}/removals")
