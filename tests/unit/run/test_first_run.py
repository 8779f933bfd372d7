"""A cluster installed from upstream: the checksums a controller reads are what hosts of either architecture install by."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.artifacts.upstream_world import World, archive, program, publish_releases, upstream_world
from tests.unit.clusters import spec
from tests.unit.local_host import Shell
from underlay.artifacts.catalog import pinned_version
from underlay.artifacts.lock import Lock
from underlay.inventory.errors import InvalidInventory
from underlay.resources.script import Outcome
from underlay.run.artifacts import artifacts_of

CONTAINERD = "/github.com/containerd/containerd/releases/download/v{v}/containerd-{v}-linux-{arch}.tar.gz"
KUBELET = "/dl.k8s.io/release/{v}/bin/linux/{arch}/kubelet"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("underlay.artifacts.trust.read_lock", lambda: Lock({}, {}, {}, {}))
    versions = {name: pinned_version(name) for name in ("containerd", "helm", "runc")}
    with upstream_world(tmp_path) as made:
        kubernetes = spec().cluster.kubernetes_version.removeprefix("v")
        publish_releases(made, kubernetes=kubernetes, cni=pinned_version("cni-plugins"), **versions)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "mine.lock.json"


def host(directory: Path, world: World, machine: str) -> Shell:
    """A host of this machine type, whose files are below a directory and whose curl goes out to the world."""
    (directory / "programs").mkdir(parents=True)
    places = {"/usr/local/bin/": "local/", "/opt/cni/bin/": "cni/", "/var/cache/": "cache/", "/var/lib/": "lib/"}
    made = Shell("sh", directory / "programs", {there: f"{directory}/{here}" for there, here in places.items()})
    made.program_is("uname", f"echo {machine}")
    words = " ".join(f"{name}={value}" for name, value in world.environment.items())
    made.program_is("curl", f'{words} CURL_CA_BUNDLE={world.ca} PATH=${{PATH#*:}} exec curl "$@"')
    return made


COMMANDS = {"kubelet": "/usr/local/bin/kubelet", "ctr": "/usr/local/bin/ctr", "bridge": "/opt/cni/bin/bridge"}


@pytest.mark.parametrize(("arch", "machine"), [("amd64", "x86_64"), ("arm64", "aarch64")])
def test_a_host_installs_the_files_of_its_own_architecture_and_the_second_run_nothing(
    world: World, lock: Path, tmp_path: Path, arch: str, machine: str
) -> None:
    artifacts = artifacts_of(spec(), lock=lock)
    binaries = [artifacts.binary(name, path) for name, path in COMMANDS.items()]
    shell = host(tmp_path / machine, world, machine)
    outcome, err = shell.apply_and_tell(*binaries)
    assert (outcome, err) == (Outcome(None, ()), "")
    for name, path in (("kubelet", "local/kubelet"), ("ctr", "local/ctr"), ("bridge", "cni/bridge")):
        found = hashlib.sha256((tmp_path / machine / path).read_bytes()).hexdigest()
        assert found == hashlib.sha256(program(name, arch)).hexdigest()
    requests = len(world.requested)
    again = [artifacts_of(spec(), lock=lock).binary(name, path) for name, path in COMMANDS.items()]
    assert [b.difference(line) for b, line in zip(again, shell.observe(*again), strict=True)] == [None] * 3
    assert len(world.requested) == requests


def test_a_release_that_changes_later_is_refused_with_both_checksums(world: World, lock: Path, tmp_path: Path) -> None:
    version = pinned_version("containerd")
    path = CONTAINERD.format(v=version, arch="amd64")
    before = hashlib.sha256(world.files[path]).hexdigest()
    artifacts_of(spec(), lock=lock)
    after = world.publish(path.lstrip("/"), archive({"bin/ctr": b"another\n"}), checksums=".sha256sum")
    binary = artifacts_of(spec(), lock=lock).binary("ctr", COMMANDS["ctr"])
    outcome, err = host(tmp_path / "host", world, "x86_64").apply_and_tell(binary)
    assert outcome.failed == binary
    assert f"https:/{path}, sha256 {after}, expected {before}); it was not installed" in err
    assert not (tmp_path / "host" / "local" / "ctr").exists()


def test_redirects_to_where_the_bytes_are_work_on_hosts_too(world: World, lock: Path, tmp_path: Path) -> None:
    path = KUBELET.format(v=spec().cluster.kubernetes_version, arch="amd64")
    content = world.files[path]
    world.put("cdn.dl.k8s.io/there", content)
    world.put(path, b"", location="https://cdn.dl.k8s.io/there")
    binary = artifacts_of(spec(), lock=lock).binary("kubelet", COMMANDS["kubelet"])
    assert host(tmp_path / "host", world, "x86_64").apply(binary) == Outcome(None, ())
    assert (tmp_path / "host" / "local" / "kubelet").read_bytes() == content


def test_every_checksum_that_cannot_be_read_is_a_problem_of_the_inventory(world: World, lock: Path) -> None:
    world.blocked |= {"dl.k8s.io", "github.com"}
    with pytest.raises(InvalidInventory) as refused:
        artifacts_of(spec(), lock=lock)
    names = [problem.partition(".sha256")[0].rpartition("/")[2] for problem in refused.value.problems]
    assert sorted(re.sub(r"-v?[0-9.]+.*", "", name) for name in names) == [
        "cni-plugins-linux-amd64", "containerd", "kubeadm", "kubectl", "kubelet"
    ]  # fmt: skip


INVENTORY = """\
control_plane = [("cp-1", {"address": "192.0.2.1"})]
everything = (control_plane, {"network": {"mode": "flannel-vxlan"}})
"""


def test_the_lock_command_writes_the_lock_beside_the_inventory(world: World, tmp_path: Path) -> None:
    inventory = tmp_path / "mine.py"
    inventory.write_text(INVENTORY)
    done = locked(inventory, world)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "downloads:"
    assert lines[1].split() == ["file", "sha256", "trusted", "by"]
    lock = tmp_path / "mine.lock.json"
    assert not any("helm" in line for line in lines)
    path = KUBELET.format(v=spec().cluster.kubernetes_version, arch="arm64")
    digest = hashlib.sha256(world.files[path]).hexdigest()
    assert [line.split(maxsplit=2) for line in lines if line.startswith(path.lstrip("/"))] == [
        [path.lstrip("/"), f"{digest[:12]}…", f"upstream, just now; from now on {lock}"]
    ]
    (line,) = [one for one in done.stderr.splitlines() if "checksums" in one]
    assert line.startswith("underlay: ")
    assert line.endswith(
        f" checksums were read from upstream and are kept in {lock}: commit it, no others are accepted later"
    )
    assert "checksums" not in locked(inventory, world).stderr


def locked(inventory: Path, world: World) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "underlay.cli.main", "lock", str(inventory)]
    environment = os.environ | world.environment
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False, timeout=60)
