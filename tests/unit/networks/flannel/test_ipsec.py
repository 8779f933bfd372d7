"""What is specific to flannel-ipsec: policies and associations, as `ip xfrm` prints them; its key."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from tests.unit.clusters import cluster, groups, hosts, one_rack
from underlay.model.prerequisites import Port
from underlay.networks.flannel.ipsec import FlannelIpsec
from underlay.resources.kernel_module import KernelModule
from underlay.resources.sysctl import Sysctl

from .samples import check, judged, net_conf

PSK = "0123456789abcdef" * 6
OWN = "192.0.2.1"


def made(psk: str = PSK, *, udp_encap: bool = False) -> FlannelIpsec:
    return FlannelIpsec(psk=SecretStr(psk), udp_encap=udp_encap)


def policies(number: int, address: str, directions: tuple[str, ...] = ("fwd", "in", "out")) -> str:
    """`ip xfrm policy list` for one other node."""
    lines = []
    for direction in directions:
        inside, outside = ["10.244.0.0/24", f"10.244.{number}.0/24"], [OWN, address]
        if direction != "out":
            inside.reverse()
            outside.reverse()
        lines += [
            "src {} dst {} ".format(*inside),
            f"\tdir {direction} priority 0 ptype main ",
            "\ttmpl src {} dst {}".format(*outside),
            "\t\tproto esp reqid 11 mode tunnel",
        ]
    return "\n".join([*lines, ""])


def state(source: str, target: str) -> str:
    """`ip xfrm state list nokeys` for one association."""
    return (
        f"src {source} dst {target}\n\tproto esp spi 0xc1a0f7c5 reqid 11 mode tunnel\n"
        "\treplay-window 32 flag af-unspec\n\taead rfc4106(gcm(aes)) <<Keys hidden>> 128\n"
        "\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000\n"
    )


BOTH = policies(1, "192.0.2.2") + policies(2, "192.0.2.3")
STATES = "".join(state(*pair) for a in ("192.0.2.2", "192.0.2.3") for pair in ((OWN, a), (a, OWN)))


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (BOTH, None),
        # IPsec between other addresses does not belong to the mode.
        (BOTH + policies(9, "198.51.100.9").replace(OWN, "198.51.100.1"), None),
        (
            policies(1, "192.0.2.2"),
            "no policy out for 192.0.2.3; no policy in for 192.0.2.3; no policy fwd for 192.0.2.3",
        ),
        (
            policies(1, "192.0.2.2") + policies(2, "192.0.2.3", ("in", "out")),
            "no policy fwd for 192.0.2.3",
        ),
        ("", "; ".join(f"no policy {d} for 192.0.2.2, 192.0.2.3" for d in ("out", "in", "fwd"))),
    ],
)
def test_every_other_node_has_its_policies(output: str, problem: str | None) -> None:
    assert judged(made(), "IPsec policies", output) == problem


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (STATES, None),
        (STATES + state(OWN, "192.0.2.2"), None),
        ("", "no security associations in both directions with 192.0.2.2, 192.0.2.3"),
        (
            STATES.replace("proto esp", "proto ah"),
            "no security associations in both directions with 192.0.2.2, 192.0.2.3",
        ),
        (STATES.removesuffix(state("192.0.2.3", OWN)), "no security associations in both directions with 192.0.2.3"),
    ],
)
def test_every_other_node_has_an_association_in_each_direction(output: str, problem: str | None) -> None:
    assert judged(made(), "IPsec associations", output) == problem


def test_no_check_prints_a_key() -> None:
    assert check(made(), "IPsec associations").command == "ip xfrm state list nokeys"


def test_the_key_is_kept_in_a_secret_and_nowhere_else() -> None:
    objects = made().addon(one_rack()).objects
    assert [o["kind"] for o in objects if o["metadata"]["name"] == "kube-flannel-cfg"] == ["Secret"]
    assert PSK not in json.dumps([o for o in objects if o["kind"] != "Secret"])
    assert PSK not in repr(made())
    assert net_conf(made(udp_encap=True))["Backend"] == {
        "Type": "ipsec",
        "PSK": PSK,
        "UDPEncap": True,
        "ESPProposal": "aes128gcm16-sha256-prfsha256-ecp256",
    }


def test_a_changed_key_replaces_flanneld() -> None:
    def digest(network: FlannelIpsec) -> str:
        pods = next(o for o in network.addon(cluster()).objects if o["kind"] == "DaemonSet")["spec"]["template"]
        return str(pods["metadata"]["annotations"]["underlay/config"])

    assert digest(made()) == digest(made())
    assert digest(made()) != digest(made(PSK[::-1]))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "network.psk: is missing; generate one with `openssl rand -hex 48`"),
        (
            {"psk": PSK[:-1]},
            "network.psk: a key has 96 hexadecimal digits or more; generate one with `openssl rand -hex 48` (not shown)",
        ),
        (
            {"psk": PSK[:-1] + "g"},
            "network.psk: a key has 96 hexadecimal digits or more; generate one with `openssl rand -hex 48` (not shown)",
        ),
        (
            {"psk": PSK, "esp_proposal": "AES 128"},
            "network.esp_proposal: string should match pattern '^[a-z0-9]+(-[a-z0-9]+)+$' (it is 'AES 128')",
        ),
    ],
)
def test_is_refused_without_a_key_of_the_right_form(settings: dict[str, str], problem: str) -> None:
    from tests.unit.inventory.spec_problems import problems_of  # noqa: PLC0415

    assert problems_of(hosts(network={"mode": "flannel-ipsec", **settings}), groups()) == [problem]


def test_requires_its_modules_its_ports_and_a_loose_reverse_path_filter() -> None:
    needs = made().prerequisites(cluster())
    assert {KernelModule("xfrm_user"), KernelModule("esp4")} < set(needs.resources)
    assert Sysctl("net.ipv4.conf.all.rp_filter", "2") in needs.resources
    ike = (Port("udp", 500, "IKE"), Port("udp", 4500, "IKE and ESP in UDP"))
    assert needs.ports == (Port("esp", 0, "flannel IPsec"), *ike)
    assert made(udp_encap=True).ports(cluster()) == ike


def test_seventy_seven_bytes_are_reserved_and_eight_more_inside_udp() -> None:
    assert [made().pod_mtu(cluster(path_mtu=m)) for m in (1500, 9001)] == [1423, 8924]
    assert [made(udp_encap=True).pod_mtu(cluster(path_mtu=m)) for m in (1500, 9001)] == [1415, 8916]


def test_no_pod_packet_leaves_in_the_clear_while_decrypted_ones_may_arrive() -> None:
    shape = cluster()
    for network, shows in ((made(), "ip proto 50"), (made(udp_encap=True), "udp port 4500")):
        wire = network.wire(shape, shape.nodes[0], shape.nodes[1])
        assert (wire.shows, wire.never, wire.never_sent) == (shows, "", "net 10.244.0.0/16")


def test_its_limits_are_declared() -> None:
    assert made().traits.warning.endswith("nodes do not reach pods of other nodes")
    assert not made().nodes_reach_pods
    assert made().traces().xfrm
