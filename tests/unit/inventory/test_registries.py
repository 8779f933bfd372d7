"""Registries that an inventory names: what is refused, and that passwords are shown nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clusters import groups, hosts
from underlay.model.registry import Registry

from .spec_problems import spec_of, with_all

URL = "endpoint is a URL such as https://registry.example or https://registry.example/project"
OWN = {"endpoint": "https://registry.example/k8s/", "username": "robot", "password": "correct-horse"}


def test_a_registry_has_an_endpoint_and_a_user() -> None:
    (found,) = spec_of(hosts(registries={"registry.k8s.io": OWN}), groups()).cluster.registries
    assert found == Registry("registry.k8s.io", "https://registry.example/k8s", "robot", "correct-horse")
    assert found.base == "https://registry.example/v2/k8s"
    # printf %s robot:correct-horse | base64
    assert found.authorization == "Basic cm9ib3Q6Y29ycmVjdC1ob3JzZQ=="
    assert "correct-horse" not in repr(found)


@pytest.mark.parametrize(
    ("host", "stated", "problem"),
    [
        ("quay.io", {"endpoint": "registry.example"}, f"{URL} (it is 'registry.example')"),
        ("quay.io", {"endpoint": "https://"}, f"{URL} (it is 'https://')"),
        ("quay.io", {"endpoint": "https://r:99999"}, f"{URL} (it is 'https://r:99999')"),
        ("quay.io", {"endpoint": 'https://r/"x'}, f"""{URL} (it is 'https://r/"x')"""),
        (
            "quay.io",
            {"endpoint": "https://me:secret@r"},
            f"{URL}; a user belongs into username and password (it is 'https://me:…@r')",
        ),
    ],
)
def test_what_is_no_registry_is_refused(host: str, stated: dict[str, Any], problem: str) -> None:
    (line,) = with_all(registries={host: stated})
    assert line == f"registries: {problem}"


def test_a_missing_endpoint_is_told_with_its_registry() -> None:
    assert with_all(registries={"quay.io": {}}) == ["registries.quay.io.endpoint: is missing; set it"]


@pytest.mark.parametrize("own", [{"username": "me"}, {"password": "secret-word"}, {"username": "a:b", "password": "x"}])
def test_a_user_is_whole(own: dict[str, Any]) -> None:
    (line,) = with_all(registries={"quay.io": {"endpoint": "https://r.example", **own}})
    assert line.startswith("registries: ")
    assert "secret-word" not in line


@pytest.mark.parametrize(
    "host", ["quay", "https://quay.io", "Quay.io", "quay.io/x", "../etc", "r.example:99999", "r.example:0"]
)
def test_a_registry_is_named_as_images_name_it(host: str) -> None:
    (line,) = with_all(registries={host: {"endpoint": "https://r.example"}})
    assert line.startswith("registries: a registry is named as images name it, such as registry.k8s.io")


@pytest.mark.parametrize("own", [{"config_path": "/etc/other"}, {"mirrors": {"quay.io": {"endpoint": ["https://m"]}}}])
def test_containerds_own_settings_and_registries_are_not_mixed(own: dict[str, Any]) -> None:
    table = {"plugins": {"io.containerd.cri.v1.images": {"registry": own}}}
    assert with_all(registries={"quay.io": {"endpoint": "https://r.example"}}, containerd=table) == [
        f"containerd.plugins.io.containerd.cri.v1.images.registry.{next(iter(own))}: `registries` is stated, too; use "
        "one of them"
    ]


def test_an_endpoints_address_is_not_inside_the_cluster() -> None:
    assert with_all(registries={"quay.io": {"endpoint": "https://10.96.3.4:5000"}}) == [
        "service_subnet: 10.96.0.0/16 contains the endpoint of quay.io (10.96.3.4); choose another"
    ]
