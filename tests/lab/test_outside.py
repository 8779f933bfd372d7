"""A site behind a proxy, with a mirror and a registry of its own: told what is blocked, deployed to, verified."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiny_proxy import TinyProxy
from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.artifacts.home import bundle_directory
from underlay.artifacts.manifest import load_manifest
from underlay.artifacts.site_lock import read_site_lock
from underlay.lab import apt
from underlay.lab.system.commands import installed

from .deployed import Deployed
from .outside_world import ADDRESS, PASSES, PROJECT, PULLS, OutsideWorld
from .waiting import until

pytestmark = [pytest.mark.lab]

PACKAGES = {"docker-registry": "docker-registry", "htpasswd": "apache2-utils", "tinyproxy": "tinyproxy"}
HOSTS = ("cp-1", "w-1")
NAME, NETWORK = "outside", "10.124.0.0/16"
# A file of its own: beside it is the site's lock.
INVENTORY = """\
import runpy
found = runpy.run_path("tests/lab/inventories/small.py")
control_plane, workers, cluster = found["control_plane"], found["workers"], found["cluster"]
"""
# Underlay's own lock has checksums of upstream's builds, not of this machine's bundle: every Python that starts has
# none there: they are read from the mirror, and kept in the site's lock.
WITHOUT_PINS = """\
from dataclasses import replace
from underlay.artifacts import lock
own = replace(lock.read_lock(), upstream={}, charts={})
lock.read_lock = lambda *_: own
"""
COREDNS = image_entry("coredns").ref(pinned_version("coredns"))
AGNHOST = image_entry("agnhost").ref(pinned_version("agnhost"))
SECRETS = (PULLS[1], PASSES[1])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutsideWorld]:
    if missing := [package for program, package in PACKAGES.items() if not installed(program)]:
        apt.install(*missing)
    with OutsideWorld(tmp_path_factory.mktemp("world"), NETWORK).up() as made:
        yield made


@pytest.fixture(scope="module")
def site(world: OutsideWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Two hosts that carry nothing, whose only way out is to where the proxy will be."""
    inventory = tmp_path_factory.mktemp("inventory") / "mine.py"
    inventory.write_text(INVENTORY)
    (inventory.parent / "sitecustomize.py").write_text(WITHOUT_PINS)
    lab = {"name": NAME, "network": NETWORK, "workers": 1, "racks": 1}
    deployed = Deployed(lab=lab, cluster=world.variables, carried=False, inventory=str(inventory))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(inventory.parent), prepend=os.pathsep)
        with deployed.booted():
            world.shut(NAME)
            yield deployed


@pytest.fixture(scope="module")
def proxy(world: OutsideWorld, site: Deployed) -> Iterator[TinyProxy]:
    with world.proxied() as made:
        yield made


def lock_of(site: Deployed) -> Path:
    return Path(site.inventory).with_suffix(".lock.json")


def findings(site: Deployed, **cluster: object) -> list[str]:
    """The lines about downloads, of a preflight that refuses."""
    ran = site.underlay("preflight", **cluster)
    assert ran.code != 0, ran.text
    return [line.strip() for line in ran.text.splitlines() if ADDRESS in line and "and w-1" in line]


def test_a_site_without_a_way_out_is_told_in_one_line_for_a_name(site: Deployed) -> None:
    began = time.monotonic()
    (line,) = findings(site, proxy=None)
    assert f"cp-1 and w-1: {ADDRESS} is not reached ({ADDRESS} port 8443: " in line
    assert time.monotonic() - began < 120


def test_a_certificate_of_the_sites_own_ca_is_told(site: Deployed, world: OutsideWorld, proxy: TinyProxy) -> None:
    (line,) = findings(site)
    assert f"cp-1 and w-1: {ADDRESS} is not trusted (" in line
    for host in HOSTS:
        certificate = world.authority.certificate.read_text()
        site.ssh(
            host, f"cat >/usr/local/share/ca-certificates/site.crt <<'END'\n{certificate}END\nupdate-ca-certificates"
        )


def test_is_deployed_through_proxy_mirror_and_registry_and_verified(
    site: Deployed, world: OutsideWorld, proxy: TinyProxy
) -> None:
    run = site.deploy()
    assert run.code == 0, run.end
    assert site.report()["verdict"] == "verified"
    again = site.deploy("--data", "verify=false")
    assert again.changes == "none; at most 1 SSH executions on a host"
    assert f"CONNECT {ADDRESS}:8443" in proxy.log
    assert f"CONNECT {ADDRESS}:5443" in proxy.log
    assert not [secret for secret in SECRETS if secret in run.text + again.text]


def test_images_are_what_the_lock_says(site: Deployed) -> None:
    images = read_site_lock(lock_of(site)).images
    listed = site.ssh("w-1", "ctr -n k8s.io images ls")
    digests = {line.split()[0]: line.split()[2] for line in listed.splitlines()[1:]}
    assert {ref: digests[ref] for ref in (COREDNS, AGNHOST)} == {ref: images[ref] for ref in (COREDNS, AGNHOST)}
    bundled = load_manifest(bundle_directory()).images
    assert images[COREDNS] == bundled["coredns"].digest


def test_passwords_are_roots_alone(site: Deployed) -> None:
    words = " -e ".join(SECRETS)
    shown = f"""\
stat -c '%a %n' /etc/containerd/proxy.env /etc/containerd/certs.d/*/hosts.toml
systemctl show containerd -p Environment --value
grep -rlE -e {words} /etc /var/log /root /tmp /run/underlay /var/lib/underlay --exclude-dir=containerd || true
"""
    assert site.ssh("cp-1", shown).split("\n") == [
        "600 /etc/containerd/proxy.env",
        "600 /etc/containerd/certs.d/ghcr.io/hosts.toml",
        "600 /etc/containerd/certs.d/registry.k8s.io/hosts.toml",
        "",
        "",
    ]


def test_the_kubelet_pulls_from_the_same_registry(site: Deployed, world: OutsideWorld) -> None:
    other = "registry.k8s.io/site/another:1"
    world.push(other, load_manifest(bundle_directory()).images["pause"].blobs)
    site.kubectl("run", "another", f"--image={other}", "--image-pull-policy=Always")
    until(lambda: site.kubectl("get", "pod", "another", "-o", "jsonpath={.status.phase}") == "Running", within=90)
    site.kubectl("delete", "pod", "another", "--now")
    assert f"/v2/{PROJECT}/site/another/manifests/1" in world.registry.log


def test_a_moved_tag_is_refused_with_both_digests_where_it_would_be_pulled(site: Deployed, world: OutsideWorld) -> None:
    images = load_manifest(bundle_directory()).images
    before = read_site_lock(lock_of(site)).images[AGNHOST]
    after = world.push(AGNHOST, images["pause"].blobs)
    assert site.deploy("--data", "verify=false").changes.startswith("none")
    site.ssh("w-1", f"ctr -n k8s.io images rm {AGNHOST} {AGNHOST.rpartition(':')[0]}@{before}")
    run = site.deploy("--data", "verify=false")
    assert run.code == 1
    assert f"the tag of {AGNHOST} is {after} now, and was {before} when it was locked" in run.text
    assert AGNHOST not in site.ssh("w-1", "ctr -n k8s.io images ls -q")
    world.push(AGNHOST, images["agnhost"].blobs)
    assert site.deploy("--data", "verify=false").code == 0


def test_a_registry_that_is_taken_out_takes_its_file_along(site: Deployed, world: OutsideWorld) -> None:
    left = {"registries": {name: entry for name, entry in world.registries.items() if name != "ghcr.io"}}
    path = "/etc/containerd/certs.d/ghcr.io/hosts.toml"
    assert f"stray files /etc/containerd/certs.d/*/hosts.toml: remove {path}" in site.underlay("plan", **left).text
    assert site.deploy("--data", "verify=false", **left).code == 0
    assert site.ssh("w-1", "ls /etc/containerd/certs.d").split() == ["ghcr.io", "registry.k8s.io"]
    assert site.ssh("w-1", f"ls {path} || true") == ""
