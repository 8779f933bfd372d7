"""What is specific to weave-encrypted: a mandatory password, IPsec between all nodes."""

from __future__ import annotations

from pydantic import SecretStr

from tests.unit.clusters import cluster
from underlay.networks.weave.encrypted import WeaveEncrypted

MADE = WeaveEncrypted(accept_untested_kubernetes=True, password=SecretStr("0123456789abcdef"))
PAIRS = [("192.0.2.1", other) for other in ("192.0.2.2", "192.0.2.3")]


def state(source: str, target: str) -> str:
    """`ip xfrm state list nokeys` for one association."""
    return (
        f"src {source} dst {target}\n\tproto esp spi 0x5a1e0b37 reqid 0 mode transport\n"
        "\treplay-window 0 \n\taead rfc4106(gcm(aes)) <<Keys hidden>> 128\n"
    )


def test_is_refused_without_a_password() -> None:
    assert WeaveEncrypted(accept_untested_kubernetes=True).problems(cluster()) == [
        "network.password: is missing; generate one with `openssl rand -hex 16`, or use weave-fast-datapath"
    ]


def test_every_other_node_has_an_association_in_each_direction() -> None:
    judge = next(c for c in MADE.checks(cluster()) if c.name == "IPsec associations").judge
    both = "".join(state(a, b) + state(b, a) for a, b in PAIRS)
    assert judge(both) is None
    assert judge("") == "no security associations in both directions with 192.0.2.2, 192.0.2.3"
    assert (
        judge(both.removesuffix(state(*PAIRS[1][::-1]))) == "no security associations in both directions with 192.0.2.3"
    )


def test_a_packet_grows_by_eighty_four_bytes() -> None:
    assert [(h.name, h.size) for h in MADE.headers(cluster())] == [
        ("IPv4", 20),
        ("ESP", 34),
        ("UDP", 8),
        ("VXLAN", 8),
        ("Ethernet", 14),
    ]
    assert MADE.overhead(cluster()) == 84


def test_a_capture_shows_esp_and_nothing_leaves_in_the_clear() -> None:
    made = cluster()
    wire = MADE.wire(made, made.nodes[0], made.nodes[2])
    assert (wire.shows, wire.never, wire.never_sent) == ("ip proto 50", "net 10.244.0.0/16", "udp port 6784")


def test_it_encrypts_with_ipsec_and_leaves_its_state() -> None:
    assert WeaveEncrypted().traits.encryption == "IPsec"
    assert MADE.traces().xfrm
