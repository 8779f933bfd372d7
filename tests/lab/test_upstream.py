"""A site's first run from upstream: its names, its layout, its redirects; no lock step, and strict ever after."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker_registry import PROGRAM
from underlay.lab import apt

from .deployed import Deployed, Run
from .named_world import REGISTRIES, NamedWorld
from .releases import COMMANDS, RUNTIME, sha256_of
from .test_outside import INVENTORY, WITHOUT_PINS

pytestmark = [pytest.mark.lab]

# Its resolver has an address for each name of the world.
RESOLVED = """\
import _socket
addresses, resolve = {addresses!r}, _socket.getaddrinfo
_socket.getaddrinfo = lambda host, *others, **named: resolve(
    addresses.get(host.decode() if isinstance(host, bytes) else host, host), *others, **named)
"""
KUBECTL = "dl.k8s.io/release/v1.37.2/bin/linux/{arch}/kubectl"
FILES = [
    path.format(arch=arch)
    for arch in ("amd64", "arm64")
    for path in (
        "dl.k8s.io/release/v1.37.2/bin/linux/{arch}/kubeadm",
        "dl.k8s.io/release/v1.37.2/bin/linux/{arch}/kubelet",
        KUBECTL,
        "github.com/containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-{arch}.tar.gz",
        "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-{arch}-v1.9.1.tgz",
    )
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NamedWorld]:
    if not PROGRAM:
        apt.install("docker-registry")
    with NamedWorld(tmp_path_factory.mktemp("world")).up() as made:
        yield made


@pytest.fixture(scope="module")
def site(world: NamedWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Two hosts that carry nothing, and find the world by its names."""
    inventory = tmp_path_factory.mktemp("inventory") / "mine.py"
    inventory.write_text(INVENTORY)
    start = WITHOUT_PINS + RESOLVED.format(addresses=world.addresses)
    (inventory.parent / "sitecustomize.py").write_text(start)
    lab = {"name": "upstream", "network": "10.135.0.0/16", "workers": 1, "racks": 1}
    deployed = Deployed(lab=lab, cluster={"artifacts": {"source": "upstream"}}, carried=False, inventory=str(inventory))
    names = "".join(f"{address} {name}\n" for name, address in world.addresses.items())
    certificate = world.authority.certificate.read_text()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(inventory.parent), prepend=os.pathsep)
        with deployed.booted():
            for host in ("cp-1", "w-1"):
                trust = f"cat >/usr/local/share/ca-certificates/world.crt <<'END'\n{certificate}END\n"
                deployed.ssh(host, f"cat >>/etc/hosts <<'END'\n{names}END\n{trust}update-ca-certificates")
            yield deployed


def lock_of(site: Deployed) -> Path:
    return Path(site.inventory).with_suffix(".lock.json")


def test_one_command_without_a_lock_ends_verified(site: Deployed, world: NamedWorld) -> None:
    lock_of(site).unlink()  # what booting has read
    run = site.deploy()
    assert run.code == 0, run.text
    assert site.report()["verdict"] == "verified"
    said = f"{len(FILES)} checksums were read from upstream and are kept in {lock_of(site)}: commit it, "
    assert said in run.text
    kept = json.loads(lock_of(site).read_text())
    assert kept["files"] == {path: sha256_of(world.published / path) for path in FILES}
    assert {reference.partition("/")[0] for reference in kept["images"]} == set(REGISTRIES)


def test_a_plan_for_programs_says_how_each_file_is_trusted(site: Deployed, world: NamedWorld) -> None:
    plan = site.underlay("plan", "--json")
    assert plan.code == 0
    assert {**plan.document, "downloads": None} == {
        "hosts": {"cp-1": [], "w-1": []},
        "rollout": [],
        "not_in_inventory": [],
        "downloads": None,
    }
    assert_downloads(plan, site, world, [path for path in FILES if "arm64" not in path])


def assert_downloads(plan: Run, site: Deployed, world: NamedWorld, paths: list[str]) -> None:
    """Each of these files, in whatever order, trusted by the lock beside the inventory."""
    assert sorted(plan.document["downloads"], key=lambda one: paths.index(one["file"])) == [
        {
            "file": path,
            "arch": "arm64" if "arm64" in path else "amd64",
            "sha256": sha256_of(world.published / path),
            "trusted_by": str(lock_of(site)),
        }
        for path in paths
    ]


def test_a_host_of_another_architecture_is_planned_the_files_of_its_own(site: Deployed, world: NamedWorld) -> None:
    says_arm = r'[ "$1" != -m ] || { echo aarch64; exit; }; exec /usr/bin/uname "$@"'
    site.ssh("w-1", f"printf '#!/bin/sh\\n%s\\n' '{says_arm}' >/usr/local/bin/uname; chmod +x /usr/local/bin/uname")
    try:
        plan = site.underlay("plan", "--json")
    finally:
        site.ssh("w-1", "rm /usr/local/bin/uname")
    assert plan.code == 2, plan.text
    hosts = plan.document["hosts"]
    assert hosts["cp-1"] == []
    changed = {line.split()[1].rstrip(":").rpartition("/")[2] for line in hosts["w-1"] if line.startswith("binary ")}
    assert changed >= {*COMMANDS, *RUNTIME, "bridge", "loopback"}
    assert_downloads(plan, site, world, FILES)


def test_the_second_run_changes_nothing(site: Deployed) -> None:
    before = lock_of(site).read_text()
    assert site.deploy("--data", "verify=false").changes == "none; at most 1 SSH executions on a host"
    assert lock_of(site).read_text() == before


def test_a_release_that_is_replaced_later_is_refused_with_both_checksums(site: Deployed, world: NamedWorld) -> None:
    path = KUBECTL.format(arch="amd64")
    file = world.published / path
    before = sha256_of(file)
    file.unlink()
    file.write_text("#!/bin/sh\necho not what was released\n")
    after = sha256_of(file)
    file.with_name("kubectl.sha256").write_text(after)
    site.ssh("w-1", "rm /usr/local/bin/kubectl")
    run = site.deploy("--data", "verify=false")
    assert run.code == 1
    assert f"https://{path}" in run.text
    assert before in run.text
    assert after in run.text
    assert site.ssh("w-1", "ls /usr/local/bin/kubectl || true") == ""
