"""Offload below tunnels is left alone, or switched off on the link that has the node's address, and kept off."""

from __future__ import annotations

from tests.unit.clusters import groups, hosts, node
from tests.unit.local_host import Shell
from underlay.inventory.spec import read_spec
from underlay.plan.offload import PROGRAM, UNIT, without_offload
from underlay.resources.file import File


def test_is_left_alone_unless_requested() -> None:
    assert read_spec(hosts(), groups()).cluster.tunnel_offload
    assert not read_spec(hosts(tunnel_offload="off"), groups()).cluster.tunnel_offload


def test_the_unit_names_the_nodes_address_and_comes_before_the_kubelet() -> None:
    files = {f.path: f for f in without_offload(node("w-1", 7)) if isinstance(f, File)}
    assert files[PROGRAM].mode == "755"
    assert f"ExecStart={PROGRAM} 192.0.2.7\n" in files[UNIT].content
    assert "Before=kubelet.service" in files[UNIT].content


def test_only_what_is_on_is_switched_off(shell: Shell) -> None:
    program = next(f for f in without_offload(node("w-1", 7)) if isinstance(f, File) and f.path == PROGRAM)
    fakes = """
ip() { echo "2: eth7    inet 192.0.2.7/24 scope global eth7"; }
ethtool() {
  case $1 in
    --show-features) printf 'tx-udp_tnl-segmentation: off [fixed]\\ntx-checksumming: on\\n\\ttx-checksum-ip-generic: on\\n';;
    *) echo "$@";;
  esac
}
set -- 192.0.2.7
"""
    done = shell.run(fakes + program.content)
    assert done.stdout.strip() == "--features eth7 tx-checksum-ip-generic off"
