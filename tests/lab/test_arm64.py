"""A host of arm64 installs what is published for arm64, and what it installs runs there.

kubeadm takes minutes to compile: UNDERLAY_SLOW=1 runs it too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.artifacts.upstream_world import World, archive, publish_releases, upstream_world
from tests.unit.clusters import spec
from tests.unit.local_host import Shell
from underlay.artifacts.build.compile import compile_recipe
from underlay.artifacts.build.recipes import go_recipes
from underlay.artifacts.build.toolchain import ensure_go
from underlay.artifacts.bundle_source import bundled_program
from underlay.artifacts.catalog import binary_entry, pinned_version
from underlay.artifacts.lock import Lock
from underlay.resources.script import Outcome
from underlay.run.artifacts import artifacts_of

from .arm64_host import arm64_host, has_emulation
from .releases import sha256_of
from .side_by_side import heavy

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not has_emulation(), reason="binfmt_misc in user namespaces came with Linux 6.7"),
]

PATHS = {"loopback": "/opt/cni/bin/loopback", "kubeadm": "/usr/local/bin/kubeadm"}
PLUGINS = "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-{arch}-v1.9.1.tgz"
KUBEADM = "dl.k8s.io/release/v1.37.2/bin/linux/{arch}/kubeadm"
MINUTES = pytest.mark.skipif(not os.environ.get("UNDERLAY_SLOW"), reason="compiles for minutes; UNDERLAY_SLOW=1")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("underlay.artifacts.trust.read_lock", lambda: Lock({}, {}, {}, {}))
    versions = {name: pinned_version(name) for name in ("kubernetes", "containerd", "helm", "runc")}
    (tmp_path / "world").mkdir()
    with upstream_world(tmp_path / "world") as made:
        publish_releases(made, cni=pinned_version("cni-plugins"), **versions)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Path]:
    """A command for each architecture, compiled while the world is still the real one."""
    name = request.getfixturevalue("name")
    return {"amd64": bundled_program(name), "arm64": compiled(name, tmp_path)}


@pytest.fixture
def host(world: World, tmp_path: Path) -> Shell:
    made = arm64_host(tmp_path, {"https_proxy": world.url, "CURL_CA_BUNDLE": "/ca.pem"})
    (tmp_path / "root" / "ca.pem").write_bytes(world.ca.read_bytes())
    return made


def compiled(name: str, work: Path) -> Path:
    """A command of the bundle, for arm64."""
    recipe = next(r for r in go_recipes() if r.name == binary_entry(name).component)
    alone = replace(recipe, packages={name: recipe.packages[name]})
    with heavy():
        return compile_recipe(alone, go=ensure_go(print), work=work, arch="arm64", say=lambda _: None)[name]


def publish(world: World, name: str, programs: dict[str, Path]) -> None:
    for arch, file in programs.items():
        if name == "kubeadm":
            world.publish(KUBEADM.format(arch=arch), file.read_bytes(), checksums=".sha256", text="{digest}")
        else:
            members = {f"./{name}": file.read_bytes()}
            world.publish(PLUGINS.format(arch=arch), archive(members), checksums=".sha256")


@pytest.mark.parametrize(
    ("name", "command", "said"),
    [
        ("loopback", "CNI_COMMAND=VERSION /opt/cni/bin/loopback </dev/null", '"cniVersion":"1.1.0"'),
        pytest.param("kubeadm", "/usr/local/bin/kubeadm version -o short", "v1.37.2", marks=MINUTES),
    ],
)
def test_what_it_installs_is_published_for_it_and_runs(
    programs: dict[str, Path], host: Shell, world: World, tmp_path: Path, name: str, command: str, said: str
) -> None:
    assert host.run("uname -m").stdout == "aarch64\n"
    publish(world, name, programs)
    binary = artifacts_of(spec(), lock=tmp_path / "mine.lock.json").binary(name, PATHS[name])
    assert host.apply_and_tell(binary) == (Outcome(None, ()), "")
    assert sha256_of(tmp_path / "root" / PATHS[name].lstrip("/")) == sha256_of(programs["arm64"])
    ran = host.run(command)
    assert ran.rc == 0, ran.stderr
    assert said in ran.stdout
    (line,) = host.observe(binary)
    assert line.startswith("aarch64 ")
    assert binary.difference(line) is None
