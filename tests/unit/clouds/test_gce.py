"""The routes of a GCE network, against an emulated API: nodes come, go and are renamed; limits are named."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

import pytest

from underlay.clouds.change import Cloud, CloudError, PodRoute
from underlay.clouds.open import open_cloud
from underlay.clouds.settings import CloudSettings

from .gce_emulator import Project, emulated

PODS = IPv4Network("10.244.0.0/16")
FOREIGN = {
    "name": "to-office",
    "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/pods-net",
    "destRange": "172.16.0.0/12",
    "nextHopGateway": "vpn",
}


@pytest.fixture
def project() -> Iterator[Project]:
    with emulated(Project(routes={"to-office": FOREIGN})) as made:
        made.launch("vm-1", "10.0.1.11")
        made.launch("vm-2", "10.0.1.12")
        yield made


def gce(project: Project) -> Cloud:
    """Opened as a deploy opens it, so that Google's large library is imported where these tests run alone."""
    return open_cloud(
        CloudSettings(provider="gce", project="p", zones=("z1",), network="pods-net", endpoint=project.endpoint)
    )


def want(number: int, *, name: str | None = None) -> PodRoute:
    return PodRoute(name or f"w-{number}", f"10.0.1.{10 + number}", f"10.244.{number}.0/24")


def converge(project: Project, *required: PodRoute) -> list[str]:
    changes = gce(project).plan(required, PODS)
    for change in changes:
        change.apply()
    return [change.sentence for change in changes]


def refusal(project: Project, *required: PodRoute) -> tuple[str, ...]:
    with pytest.raises(CloudError) as refused:
        gce(project).plan(required, PODS)
    return refused.value.problems


def test_a_node_gets_its_route_and_its_pods_are_allowed(project: Project) -> None:
    assert converge(project, want(1)) == [
        "firewall underlay-pods-pods-net: allow 10.244.0.0/16",
        "route 10.244.1.0/24 -> w-1 (vm-1)",
    ]
    route = project.routes["pods-w-1-10-244-1-0-24"]
    assert (route["destRange"], route["nextHopInstance"].rpartition("/")[2]) == ("10.244.1.0/24", "vm-1")
    assert converge(project, want(1)) == []


def test_nodes_come_and_go_and_other_routes_stay(project: Project) -> None:
    converge(project, want(1))
    assert converge(project, want(1), want(2)) == ["route 10.244.2.0/24 -> w-2 (vm-2)"]
    assert converge(project, want(2)) == ["route 10.244.1.0/24 (pods-w-1-10-244-1-0-24) -> deleted, no node has it"]
    assert set(project.routes) == {"to-office", "pods-w-2-10-244-2-0-24"}


def taken_back(project: Project, *leaving: str) -> list[str]:
    changes = gce(project).removal(leaving or None, PODS)
    for change in changes:
        change.apply()
    return [change.sentence for change in changes]


def test_of_a_node_that_leaves_the_route_alone_goes(project: Project) -> None:
    converge(project, want(1), want(2))
    assert taken_back(project, "10.0.1.11") == ["route 10.244.1.0/24 (pods-w-1-10-244-1-0-24) -> deleted"]
    assert set(project.routes) == {"to-office", "pods-w-2-10-244-2-0-24"}
    assert (taken_back(project, "10.0.1.11"), len(project.firewalls)) == ([], 1)


def test_with_the_last_node_the_firewall_goes_too_and_what_has_another_description_stays(project: Project) -> None:
    converge(project, want(1))
    project.routes["site"] = FOREIGN | {"name": "site", "destRange": "10.244.9.0/24", "description": "the site's"}
    project.firewalls["site"] = {"name": "site", "sourceRanges": ["10.244.0.0/16"]}
    assert taken_back(project) == [
        "route 10.244.1.0/24 (pods-w-1-10-244-1-0-24) -> deleted",
        "firewall underlay-pods-pods-net: deleted",
    ]
    assert (set(project.routes), set(project.firewalls)) == ({"to-office", "site"}, {"site"})
    assert taken_back(project) == []


def test_a_subnet_that_moved_to_another_instance_is_routed_there(project: Project) -> None:
    converge(project, want(1))
    sentences = converge(project, PodRoute("w-1", "10.0.1.12", "10.244.1.0/24"))
    assert sentences == [
        "route 10.244.1.0/24 (pods-w-1-10-244-1-0-24) -> deleted, no node has it",
        "route 10.244.1.0/24 -> w-1 (vm-2)",
    ]
    assert project.routes["pods-w-1-10-244-1-0-24"]["nextHopInstance"].endswith("/vm-2")


def test_a_renamed_node_changes_nothing(project: Project) -> None:
    converge(project, want(1))
    assert converge(project, want(1, name="another-name")) == []


def test_unsuitable_instances_are_named_before_anything_is_changed(project: Project) -> None:
    project.launch("vm-3", "10.0.1.13", forwards=False)
    assert refusal(project, want(1), want(3), want(7)) == (
        "cloud: instance vm-3 of w-3 cannot forward packets of pods; stop it and set canIpForward (gcloud compute "
        "instances export, edit, update-from-file)",
        "cloud: no instance has the address of w-7 (10.0.1.17); see cloud.zones",
    )
    assert set(project.routes) == {"to-office"}


def test_a_quota_is_named_before_it_is_hit(project: Project) -> None:
    project.limit = 2
    assert refusal(project, want(1), want(2)) == (
        "cloud: project p would exceed its quota (3 routes, quota 2); raise it, or use an overlay",
    )


def test_an_error_of_gce_is_one_line(project: Project) -> None:
    project.refuse = "compute.instances.list is needed"
    (line,) = refusal(project, want(1))
    assert line.startswith("cloud: GCE rejects the request (")
    assert line.endswith(": compute.instances.list is needed)")
