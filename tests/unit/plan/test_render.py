"""What a render says, and what it keeps to itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import Field, SecretStr

from tests.unit.clusters import MODES, REGISTERED_MODE, PaperArtifacts, cluster, network, node, one_rack, spec, with_bgp
from underlay.cli.errors import Refused
from underlay.cli.rendered_directory import replace_directory
from underlay.inventory.spec import Spec
from underlay.model.addon import Addon, Chart, Release
from underlay.model.cluster import Cluster
from underlay.model.node import Role
from underlay.model.prerequisites import Port, Prerequisites
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.network import Network
from underlay.plan.declared import declared
from underlay.plan.host_plan import plans
from underlay.plan.render import rendered
from underlay.plan.secrets import Secrets
from underlay.resources.file import File
from underlay.resources.firewall import Pass
from underlay.resources.packages import Packages
from underlay.resources.sysctl import Sysctl

KEY = "correct-horse-battery-staple"
PASSWORD = "abc"  # noqa: S105


class Secretive(Network):
    """Puts its secret wherever one can be."""

    mode = "secretive"
    psk: SecretStr = Field(SecretStr(KEY), description="the key")

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version="1", reach=Reach.ANYWHERE)

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        key = self.psk.get_secret_value()
        return Prerequisites(
            resources=(
                File("/etc/private", f"psk {key}\n", secret=True),
                File("/etc/careless", f"a {key} b {PASSWORD}\n"),
            ),
            ports=(Port("esp", 0, "encrypted pods"),),
        )

    def addon(self, cluster: Cluster) -> Addon:
        key = self.psk.get_secret_value()
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "keys", "namespace": "kube-system"},
            "stringData": {"keys": f"3+ {key}", "other": "never shown"},
        }
        after = {"apiVersion": "x/v1", "kind": "Thing", "metadata": {"name": "system:thing"}, "spec": {"k": [key]}}
        chart = Chart("chart", "1.2.3", "oci://registry.example/charts")
        return Addon(
            objects=(secret,), release=Release("big", "kube-system", chart, {"inner": {"key": key}}), after=(after,)
        )


def secretive(**changes: Any) -> dict[str, str]:
    shape = cluster(bgp=with_bgp(password=PASSWORD), **changes)
    return rendered(
        Spec(cluster=shape, network=Secretive(), artifacts={"source": "upstream"}, verify=True), PaperArtifacts()
    )


def test_secrets_are_replaced_by_their_names() -> None:
    files = secretive()
    assert not [p for p, text in files.items() if KEY in text or "never shown" in text]
    secret = yaml.safe_load(files["cluster/objects/01-secret-keys.yaml"])
    assert secret["stringData"] == {
        "keys": "<secret kube-system/keys.keys>",
        "other": "<secret kube-system/keys.other>",
    }
    assert files["hosts/w-1/etc/private"] == "<secret /etc/private>\n"
    assert files["hosts/w-1/etc/careless"] == "a <secret network.psk> b <secret bgp.password>\n"
    assert yaml.safe_load(files["cluster/releases/big-values.yaml"]) == {"inner": {"key": "<secret network.psk>"}}


def test_a_short_secret_is_found_as_a_word_only() -> None:
    made = Spec(cluster=cluster(bgp=with_bgp(password=PASSWORD)), network=Secretive(), artifacts={}, verify=True)
    assert Secrets(made).text("abc abcd x-abc") == "<secret bgp.password> abcd x-<secret bgp.password>"


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_of_a_mode_is_shown(mode: str) -> None:
    made = network(mode)
    secrets = [s.get_secret_value() for s in vars(made).values() if isinstance(s, SecretStr) and s.get_secret_value()]
    shape = next(c for c in (one_rack(), cluster(bgp=with_bgp())) if not made.problems(c))
    files = rendered(Spec(cluster=shape, network=made, artifacts={}, verify=True), PaperArtifacts())
    assert not [path for path, text in files.items() if any(secret in text for secret in secrets)]


def test_nothing_secret_that_kubeadm_is_given_is_there() -> None:
    nodes = (node("cp-1", 1, role=Role.CONTROL_PLANE), node("cp-2", 2, role=Role.CONTROL_PLANE), node("w-1", 3))
    files = rendered(spec(nodes=nodes), PaperArtifacts())
    token, key = "<secret kube-system/bootstrap-token>", "<secret kube-system/kubeadm-certs.certificate-key>"
    assert first(files, "cluster/kubeadm-init.yaml")["bootstrapTokens"] == [{"token": token, "ttl": "1s"}]
    assert first(files, "cluster/kubeadm-discovery.yaml")["users"] == [{"name": "join", "user": {"token": token}}]
    assert first(files, "cluster/kubeadm-upload-certs.yaml")["certificateKey"] == key
    assert first(files, "hosts/cp-2/kubeadm-join.yaml")["controlPlane"]["certificateKey"] == key
    assert "controlPlane" not in first(files, "hosts/w-1/kubeadm-join.yaml")


def first(files: dict[str, str], path: str) -> dict[str, Any]:
    return dict(next(iter(yaml.safe_load_all(files[path]))))


def test_two_renders_are_the_same_to_the_byte() -> None:
    assert secretive() == secretive()
    assert list(secretive()) == sorted(secretive())


def test_every_file_of_a_host_stands_at_its_path() -> None:
    files = rendered(spec(), PaperArtifacts())
    for host, plan in plans(spec(), PaperArtifacts()).items():
        for resource in plan.resources:
            if isinstance(resource, File) and resource.content is not None:
                assert files[f"hosts/{host}{resource.path}"] == resource.content


def test_a_router_of_ours_is_a_host_like_others() -> None:
    files = rendered(spec(), PaperArtifacts())
    assert "hosts/tor-1/resources.txt" in files
    assert "hosts/tor-1/kubeadm-join.yaml" not in files
    assert not [path for path in files if path.startswith("hosts/tor-2/")]


def test_objects_are_numbered_as_they_are_applied_and_what_needs_the_release_stands_apart() -> None:
    cluster_files = [p.removeprefix("cluster/") for p in secretive() if p.startswith("cluster/")]
    assert cluster_files == [
        "kubeadm-discovery.yaml",
        "kubeadm-init.yaml",
        "network.yaml",
        "objects-after-release/01-thing-system-thing.yaml",
        "objects-after-release/02-configmap-underlay.yaml",
        "objects/01-secret-keys.yaml",
        "releases/big-values.yaml",
        "releases/big.yaml",
    ]


def test_a_resource_is_a_line_and_a_list_of_them_several() -> None:
    assert list(declared(Sysctl("net.ipv4.ip_forward", "1"))) == ["sysctl net.ipv4.ip_forward, value 1"]
    assert list(declared(File("/etc/x", "text", mode="600"))) == ["file /etc/x, mode 600"]
    assert list(declared(Packages(("a", "b")))) == ["packages a", "packages b"]
    assert list(declared(PaperArtifacts().images(("a",)))) == ["images registry.example/a:1.0.0"]


def test_a_render_lists_what_a_firewall_accepts() -> None:
    lines = rendered(spec(), PaperArtifacts())["hosts/w-1/firewall.txt"].splitlines()
    assert "input: tcp 10250 from 192.0.2.1 192.0.2.2 192.0.2.3 10.244.0.0/16" in lines
    some = Pass(
        "forward", 4, destinations=("10.244.0.0/16",), protocol="udp", ports=((53, 53), (30000, 32767)), reply=True
    )
    assert some.sentence == ("forward: udp 53, 30000-32767 from anyone to 10.244.0.0/16, established connections")


def test_a_protocol_without_a_name_is_shown_by_its_number() -> None:
    assert Pass("input", 4, protocol="4").sentence == "input: IP protocol 4 from anyone"
    assert Pass("input", 4).sentence == "input: anything from anyone"


def test_a_port_is_shown_as_it_is_opened() -> None:
    assert Port("udp", 8472, "overlay").sentence == "udp 8472 (overlay)"
    assert Port("tcp", 30000, "NodePorts", last=32767, anyone=True).sentence == (
        "tcp 30000-32767 (NodePorts, from anywhere)"
    )
    assert Port("esp", 0, "pods").sentence == "esp (pods)"


def files_below(directory: Path) -> dict[str, str]:
    return {str(p.relative_to(directory)): p.read_text() for p in directory.rglob("*") if p.is_file()}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.py"
    path.write_text(
        "control_plane = [('cp-1', {'address': '192.0.2.1'})]\n"
        "workers = [('w-1', {'address': '192.0.2.2'})]\n"
        f"cluster = ([*control_plane, *workers], {{'network': {{'mode': {REGISTERED_MODE!r}}}}})\n"
    )
    return path


def underlay(*arguments: str | Path) -> str:
    """The command in a process of its own: reading an inventory patches the process."""
    code = "import sys; from underlay.cli.main import main; sys.argv[0] = 'underlay'; main()"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_command_needs_no_host_and_no_artifact(inventory: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for target in (one, other, one):
        underlay("render", inventory, "--to", target)
    assert files_below(one) == files_below(other)
    assert "hosts/w-1/kubeadm-join.yaml" in files_below(one)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["one", "other"]


def test_the_command_prints_what_it_wrote_as_json(inventory: Path, tmp_path: Path) -> None:
    printed = json.loads(underlay("render", inventory, "--to", tmp_path / "out", "--json"))
    assert {entry["path"] for entry in printed["files"]} == set(files_below(tmp_path / "out")) - {"render.json"}


def test_a_later_render_replaces_an_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "out"
    replace_directory(target, {"a/b": "1", "c": "2"}, about={})
    replace_directory(target, {"a/d": "3"}, about={})
    assert {p: t for p, t in files_below(target).items() if p != "render.json"} == {"a/d": "3"}


def test_a_directory_of_another_hand_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear")
    with pytest.raises(Refused, match="is not empty and was not written by underlay render"):
        replace_directory(tmp_path, {"a": "1"}, about={})
    assert files_below(tmp_path) == {"letter": "dear"}


def test_what_was_put_beside_a_render_is_not_lost(tmp_path: Path) -> None:
    target = tmp_path / "out"
    replace_directory(target, {"a": "1"}, about={})
    (target / ".git").mkdir()
    (target / ".git/HEAD").write_text("ref")
    with pytest.raises(Refused, match=r"holds files that underlay render did not write \(\.git/HEAD\)"):
        replace_directory(target, {"a": "2"}, about={})
    assert files_below(target)["a"] == "1"


def test_a_render_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    target = tmp_path / "out"
    replace_directory(target, {"a": "1"}, about={})
    with pytest.raises(Refused):
        replace_directory(target, {"x": "2", "x/y": "3"}, about={})
    assert files_below(target)["a"] == "1"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="is not a directory"):
        replace_directory(tmp_path / "file", {"a": "1"}, about={})
