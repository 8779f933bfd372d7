"""The inventory's registries on a host: files that containerd reads, private where they have a password."""

from __future__ import annotations

import tomllib

from tests.unit.clusters import PaperArtifacts, cluster, spec
from underlay.model.registry import Registry
from underlay.plan.host_plan import Phase, node_plan
from underlay.plan.registries import host_files, hosts_toml
from underlay.plan.render import rendered
from underlay.plan.units import containerd_config

OPEN = Registry("quay.io", "http://192.0.2.9:5000")
PRIVATE = Registry("registry.k8s.io", "https://registry.example/k8s", "robot", "correct-horse")


def test_all_pulls_go_to_the_endpoint_with_its_user() -> None:
    # https://github.com/containerd/containerd/blob/main/docs/hosts.md
    assert tomllib.loads(hosts_toml(PRIVATE)) == {
        "server": "https://registry.example/v2/k8s",
        "host": {
            "https://registry.example/v2/k8s": {
                "override_path": True,
                "capabilities": ["pull", "resolve"],
                "header": {"authorization": "Basic cm9ib3Q6Y29ycmVjdC1ob3JzZQ=="},
            }
        },
    }
    assert tomllib.loads(hosts_toml(OPEN))["server"] == "http://192.0.2.9:5000/v2"


def test_a_file_with_a_password_is_roots_alone() -> None:
    found = {f.path: (f.mode, f.secret) for f in host_files(cluster(registries=(OPEN, PRIVATE)))}
    assert found == {
        "/etc/containerd/certs.d/quay.io/hosts.toml": ("644", False),
        "/etc/containerd/certs.d/registry.k8s.io/hosts.toml": ("600", True),
    }


def test_the_kubelets_pulls_read_the_same_files() -> None:
    text = containerd_config(cluster(registries=(OPEN,)), sandbox_image="x")
    images = tomllib.loads(text)["plugins"]["io.containerd.cri.v1.images"]
    assert images["registry"] == {"config_path": "/etc/containerd/certs.d"}
    assert "config_path" not in containerd_config(cluster(), sandbox_image="x")


def test_every_host_has_them_before_containerd_runs() -> None:
    made = spec(registries=(OPEN, PRIVATE))
    names = [r.name for r in node_plan(made, made.cluster.workers[0], PaperArtifacts()).of(Phase.RUNTIME)]
    assert names.index("/etc/containerd/certs.d/quay.io/hosts.toml") < names.index("containerd.service")


def test_a_password_is_in_no_render() -> None:
    shown = rendered(spec(registries=(PRIVATE,)), PaperArtifacts())
    secrets = ("correct-horse", "cm9ib3Q6Y29ycmVjdC1ob3JzZQ")
    assert [path for path, text in shown.items() if any(s in text for s in secrets)] == []
