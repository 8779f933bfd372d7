"""What holds for every mode. No mode is named here: a new one is tested as soon as it exists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from tests.unit.clusters import MODES, cluster, network, one_rack, with_bgp
from tests.unit.local_host import Shell
from underlay.model.addon import Object
from underlay.model.cluster import Cluster
from underlay.model.traits import Reach
from underlay.networks.network import Network
from underlay.networks.registry import modes, retired
from underlay.resources.resource import Resource
from underlay.resources.script import observe_script


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def made(mode: str) -> Network:
    return network(mode)


@pytest.fixture
def whole(made: Network) -> Cluster:
    """A cluster that every mode supports."""
    return one_rack()


def test_there_are_modes_and_each_is_named_after_its_file() -> None:
    assert MODES
    for name, kind in modes().items():
        assert kind.__module__.removeprefix("underlay.networks.").replace(".", "-").replace("_", "-") == name
        assert kind.mode == name


def test_one_sentence_says_what_it_is(mode: str) -> None:
    kind = modes()[mode]
    # Its own, not one inherited from the plugin.
    assert kind.__doc__ != Network.__doc__
    first = (kind.__doc__ or "").strip().splitlines()[0]
    assert first.endswith(".")
    assert 10 < len(first) <= 120


def test_it_describes_its_data_path(made: Network) -> None:
    assert made.data_path
    assert "\n" not in made.data_path


def test_every_setting_has_a_manual_and_a_default(mode: str) -> None:
    for name, field in modes()[mode].model_fields.items():
        assert field.description, f"{mode}: {name} has no description"
        assert not field.is_required(), f"{mode}: {name} has no default"
        assert name != "mode"


def test_settings_can_be_recorded_and_secrets_are_masked(mode: str, made: Network) -> None:
    secret = {name for name in type(made).model_fields if isinstance(getattr(made, name), SecretStr)}
    recorded = json.loads(json.dumps(made.model_dump(mode="json")))
    assert all(set(recorded.pop(name)) == {"*"} for name in secret)
    shown = {name: getattr(made, name).get_secret_value() for name in secret}
    assert modes()[mode].model_validate(recorded | shown) == made


def test_an_unknown_setting_is_refused(mode: str) -> None:
    with pytest.raises(ValidationError):
        modes()[mode].model_validate({"no_such_setting": 1})


def test_settings_cannot_be_changed(made: Network) -> None:
    with pytest.raises(ValidationError):
        made.anything = 1  # type: ignore[attr-defined]


def test_an_ordinary_cluster_on_one_segment_has_no_problems(made: Network, whole: Cluster) -> None:
    assert made.problems(whole) == []


def test_a_mode_that_needs_one_segment_refuses_two_racks(mode: str, made: Network) -> None:
    problems = made.problems(cluster(bgp=with_bgp()))
    assert bool(problems) == made.needs_one_segment
    for problem in problems:
        assert re.fullmatch(r"network\.\w+: .+; .+", problem), problem
        assert mode in problem
        assert "rack-1, rack-2" in problem


def test_problems_are_reported_for_an_incomplete_cluster(made: Network) -> None:
    for nodes in ((), cluster().workers):
        assert isinstance(made.problems(cluster(nodes=nodes)), list)


def test_a_pods_packet_fits_into_the_hosts(made: Network, whole: Cluster) -> None:
    assert 0 <= made.overhead(whole) < 200
    for mtu in (1280, 1500, 9000):
        small = one_rack(path_mtu=mtu)
        assert made.pod_mtu(small) + made.overhead(small) <= mtu


def test_its_headers_are_counted(made: Network, whole: Cluster) -> None:
    headers = made.headers(whole)
    assert sum(h.size for h in headers) <= made.overhead(whole)
    assert all(h.size > 0 and h.name for h in headers)
    if headers:
        assert headers[0].name in ("IPv4", "IPv6")


def test_its_traits_agree_with_its_behaviour(made: Network, whole: Cluster) -> None:
    traits = made.traits
    assert (traits.version != "") == made.carries_pods
    assert set(traits.families) <= {4, 6}
    assert traits.replaces_kube_proxy == made.replaces_kube_proxy
    assert (traits.reach is Reach.SEGMENT) == made.needs_one_segment


def test_what_a_capture_shows_rules_something_out(made: Network) -> None:
    racks = cluster(bgp=with_bgp())
    for one in racks.nodes:
        for other in racks.nodes:
            wire = made.wire(racks, one, other) if one != other else None
            if wire is not None:
                assert wire.shows
                assert wire.shows != wire.never


def test_prerequisites_are_resources_and_ports(made: Network, whole: Cluster) -> None:
    needs = made.prerequisites(whole)
    assert all(isinstance(r, Resource) for r in needs.resources)
    assert len(set(needs.resources)) == len(needs.resources)
    for port in needs.ports:
        assert port.protocol == port.protocol.lower()
        assert (0 < port.number < 2**16) == (port.protocol in ("tcp", "udp"))
        assert port.purpose


def test_every_object_has_an_identity_of_its_own(made: Network, whole: Cluster) -> None:
    addon = made.addon(whole)
    objects = (*addon.objects, *addon.after)
    for item in objects:
        assert item["apiVersion"]
        assert item["kind"]
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", item["metadata"]["name"])
    identities = [(o["apiVersion"], o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in objects]
    assert len(set(identities)) == len(identities)


def test_objects_are_plain_data_that_survive_json_and_yaml(made: Network, whole: Cluster) -> None:
    addon = made.addon(whole)
    objects = [*addon.objects, *addon.after, *(release.values for release in addon.releases)]
    assert json.loads(json.dumps(objects)) == objects
    assert list(yaml.safe_load_all(yaml.safe_dump_all(objects))) == objects


def test_objects_are_the_same_every_time(mode: str, made: Network, whole: Cluster) -> None:
    assert made.addon(whole) == network(mode).addon(one_rack())


def test_namespaces_are_applied_before_what_is_in_them(made: Network, whole: Cluster) -> None:
    known = {"default", "kube-system"}
    for item in made.addon(whole).objects:
        if item["kind"] == "Namespace":
            known.add(item["metadata"]["name"])
        assert item["metadata"].get("namespace", "default") in known


def test_the_deploy_waits_for_every_workload_it_applies(made: Network, whole: Cluster) -> None:
    addon = made.addon(whole)
    applied = {(o["kind"], o["metadata"].get("namespace"), o["metadata"]["name"]) for o in addon.objects}
    workloads = {w for w in applied if w[0] in ("DaemonSet", "Deployment", "StatefulSet")}
    waited = {(r.kind, r.namespace, r.name) for r in addon.rollouts}
    assert waited >= workloads
    assert waited == workloads or addon.release


def test_every_pod_image_is_tagged_with_a_version(made: Network, whole: Cluster) -> None:
    for image in images(made.addon(whole).objects):
        assert re.search(r":v?\d[\w.+-]*$", image), image


def test_a_pods_volumes_are_all_declared_and_all_used(made: Network, whole: Cluster) -> None:
    for pod in pods(made.addon(whole).objects):
        containers = [*pod.get("initContainers", ()), *pod["containers"]]
        mounted = {m["name"] for c in containers for m in c.get("volumeMounts", ())}
        assert mounted == {v["name"] for v in pod.get("volumes", ())}


def test_node_agents_run_on_every_node(made: Network, whole: Cluster) -> None:
    for item in made.addon(whole).objects:
        if item["kind"] == "DaemonSet":
            pod = item["spec"]["template"]["spec"]
            assert {"operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"] or {
                "operator": "Exists"
            } in pod["tolerations"]
            assert pod["priorityClassName"] == "system-node-critical"


def test_checks_have_names_and_run_on_nodes_of_the_cluster(made: Network, whole: Cluster) -> None:
    checks = made.checks(whole)
    names = {n.name for n in whole.nodes}
    for check in checks:
        assert check.name
        assert check.node in names
        assert check.command
    assert len({(c.name, c.node) for c in checks}) == len(checks)


def test_a_mode_that_carries_pods_is_checked_on_every_node(made: Network, whole: Cluster) -> None:
    checked = {c.node for c in made.checks(whole)}
    assert checked == ({n.name for n in whole.nodes} if made.carries_pods else set())


@pytest.mark.parametrize("name", sorted(retired()))
def test_an_out_of_date_name_is_replaced_by_an_existing_mode(name: str) -> None:
    assert name not in modes()
    assert any(mode in retired()[name] for mode in modes())


def test_the_commands_of_checks_are_valid_in_both_shells(shell: Shell, made: Network, whole: Cluster) -> None:
    text = "\n".join(c.command for c in made.checks(whole))
    ran = shell.run(f"set -n\n{text}\n")
    assert (ran.rc, ran.stderr) == (0, "")


def test_the_fragments_of_prerequisites_run_in_both_shells(shell: Shell, made: Network, whole: Cluster) -> None:
    ran = shell.run(f"set -n\n{observe_script(made.prerequisites(whole).resources)}\n")
    assert (ran.rc, ran.stderr) == (0, "")


def test_what_a_mode_leaves_on_a_host_can_be_removed(made: Network) -> None:
    traces = made.traces()
    assert all(0 < len(link) <= 15 for link in traces.links)
    assert all(protocol for protocol in traces.route_protocols)
    assert all(path.startswith("/") and path.count("/") > 1 for path in traces.files)
    for table in traces.nft_tables:
        assert table.split()[0] in ("ip", "ip6", "inet", "arp", "bridge", "netdev")
        assert len(table.split()) == 2
    if made.addon(one_rack()).objects:
        assert traces.links or traces.files


def pods(objects: tuple[Object, ...]) -> Iterator[Object]:
    """The pod specs within objects."""
    for item in objects:
        if "template" in item.get("spec", {}):
            yield item["spec"]["template"]["spec"]


def images(objects: tuple[Object, ...]) -> Iterator[str]:
    for pod in pods(objects):
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            yield container["image"]
