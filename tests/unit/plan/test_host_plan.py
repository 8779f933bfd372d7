"""The plan of a host: everything it has to be, in the order it can be made so."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
import yaml

from tests.unit.clusters import MODES, PaperArtifacts, cluster, dual_stack, network, one_rack, spec
from tests.unit.golden import golden
from tests.unit.local_host import Shell
from underlay.inventory.spec import Spec
from underlay.model.addon import Addon, Chart, Release, Rollout
from underlay.model.cluster import Cluster
from underlay.model.node import Node
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.network import Network
from underlay.plan.cluster_objects import record
from underlay.plan.host_plan import HostPlan, Phase, node_plan
from underlay.plan.host_questions import LABELS, recorded_problems
from underlay.plan.units import containerd_config
from underlay.resources.binary import Binary
from underlay.resources.file import File
from underlay.resources.images import Images
from underlay.resources.kernel_module import KernelModule
from underlay.resources.objects import Objects
from underlay.resources.packages import Packages
from underlay.resources.release import HelmRelease
from underlay.resources.resource import Resource
from underlay.resources.script import apply_script, observe_script
from underlay.resources.swap import NoSwap
from underlay.resources.sysctl import Sysctl
from underlay.resources.sysctl_floor import SysctlFloor
from underlay.resources.sysctl_pattern import SysctlPattern
from underlay.resources.unit import Unit

CP, WORKER = one_rack().nodes[:2]


def plan(node: Node = CP, mode: str | None = None, **changes: Any) -> HostPlan:
    return node_plan(spec(mode, **changes), node, PaperArtifacts())


def titles(resources: tuple[Resource, ...]) -> list[str]:
    return [r.title for r in resources]


def position(resources: tuple[Resource, ...], kind: type[Resource], name: str) -> int:
    return next(i for i, r in enumerate(resources) if isinstance(r, kind) and r.name == name)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("node", [CP, WORKER], ids=["control plane", "worker"])
def test_every_resource_can_be_a_key_and_no_two_are_alike(mode: str, node: Node) -> None:
    resources = plan(node, mode).resources
    assert len(set(resources)) == len(resources)
    names = titles(tuple(r for r in resources if r.title not in ("packages", "images")))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("node", [CP, WORKER], ids=["control plane", "worker"])
def test_the_scripts_of_a_plan_are_valid_in_both_shells(shell: Shell, mode: str, node: Node) -> None:
    made = plan(node, mode)
    for script in (observe_script(made.questions), apply_script(made.resources), *(r.remove() for r in made.resources)):
        ran = shell.read(script)
        assert (ran.rc, ran.stderr) == (0, "")


@pytest.mark.parametrize("mode", MODES)
def test_the_question_fits_into_one_argument(mode: str) -> None:
    # Linux: MAX_ARG_STRLEN, 32 pages.
    assert len(observe_script(plan(mode=mode).questions).encode()) < 131_072


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_gets_what_it_needs(mode: str) -> None:
    needs = network(mode).prerequisites(one_rack()).resources
    assert set(needs) <= set(plan(mode=mode).of(Phase.PREPARE))


@pytest.mark.parametrize("mode", MODES)
def test_what_is_live_also_comes_back_at_boot(mode: str) -> None:
    prepare = plan(mode=mode).of(Phase.PREPARE)
    texts = {r.path: r.content or "" for r in prepare if isinstance(r, File)}
    modules = [r.module for r in prepare if isinstance(r, KernelModule)]
    sysctls = [r.line for r in prepare if isinstance(r, (Sysctl, SysctlPattern))]
    floors = [r.line for r in prepare if isinstance(r, SysctlFloor)]
    assert texts["/etc/modules-load.d/underlay.conf"].splitlines()[1:] == modules
    assert texts["/etc/sysctl.d/99-z-underlay.conf"].splitlines()[1:] == sysctls
    assert texts["/etc/sysctl.d/10-underlay.conf"].splitlines()[1:] == floors


@pytest.mark.parametrize("mode", MODES)
def test_modules_are_loaded_before_the_settings_they_bring(mode: str) -> None:
    kinds = [type(r) for r in plan(mode=mode).of(Phase.PREPARE) if isinstance(r, (KernelModule, Sysctl))]
    assert kinds == sorted(kinds, key=[KernelModule, Sysctl].index)


@pytest.mark.parametrize("mode", MODES)
def test_a_unit_comes_after_the_files_it_watches(mode: str) -> None:
    resources = plan(mode=mode).resources
    for i, unit in enumerate(resources):
        if isinstance(unit, Unit):
            after = [r.name for r in resources[i:] if isinstance(r, (File, Binary)) and r.path in unit.watches]
            assert after == []


def test_the_runtime_is_up_before_images_are_imported() -> None:
    made = plan()
    assert any(isinstance(r, Unit) and r.unit == "containerd.service" for r in made.of(Phase.RUNTIME))
    assert isinstance(made.of(Phase.KUBERNETES)[-1], Images)


@pytest.mark.parametrize("mode", MODES)
def test_the_objects_are_the_first_control_plane_hosts(mode: str) -> None:
    made = plan(CP, mode)
    addon = network(mode).addon(one_rack())
    parts = [
        *([f"objects {mode}"] if addon.objects or not (addon.releases or addon.after) else []),
        *(f"release {r.name}" for r in addon.releases),
        *([f"objects {mode} after its charts"] if addon.releases or addon.after else []),
    ]
    assert titles(made.of(Phase.NETWORK)) == parts
    assert plan(WORKER, mode).of(Phase.NETWORK) == ()


class Charted(Network):
    """A network that comes by charts, with objects before and after."""

    mode = "charted"
    data_path = "nothing"

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version="1", reach=Reach.ANYWHERE)

    def addon(self, cluster: Cluster) -> Addon:
        chart = Chart("plugin", "1.2.3", "https://charts.example.net")
        return Addon(
            objects=(an_object("before"),),
            crds=Release("kinds", "plugin-system", Chart("kinds", "1.2.3", "oci://registry.example/charts")),
            release=Release("plugin", "plugin-system", chart, {"a": {"b": 1}}),
            after=(an_object("after"),),
            rollouts=(Rollout("DaemonSet", "plugin-system", "agent"),),
        )


def an_object(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}


def charted(node: Node = CP) -> HostPlan:
    made = Spec(cluster=one_rack(), network=Charted(), artifacts={"source": "upstream"}, verify=True)
    return node_plan(made, node, PaperArtifacts())


def test_what_comes_by_chart_stands_between_the_objects_before_and_after() -> None:
    before, kinds, plugin, after = charted().of(Phase.NETWORK)
    assert isinstance(before, Objects)
    assert isinstance(plugin, HelmRelease)
    assert isinstance(after, Objects)
    assert [o["metadata"]["name"] for o in before.objects] == ["before"]
    assert kinds.title == "release kinds"
    assert (plugin.release, plugin.namespace, plugin.values) == ("plugin", "plugin-system", {"a": {"b": 1}})
    assert (plugin.chart.name, plugin.chart.version) == ("plugin", "1.2.3")
    assert [o["metadata"]["name"] for o in after.objects] == ["after", "underlay"]
    assert (before.rollouts, after.rollouts) == ((), (("plugin-system", "daemonset/agent"),))


def test_the_parts_of_a_network_have_titles_of_their_own() -> None:
    names = titles(charted().of(Phase.NETWORK))
    assert len(set(names)) == len(names) == 4


def test_helm_is_where_a_chart_is_installed_from_and_nowhere_else() -> None:
    def has_helm(made: HostPlan) -> bool:
        return "/usr/local/bin/helm" in [r.path for r in made.of(Phase.KUBERNETES) if isinstance(r, Binary)]

    assert has_helm(charted())
    assert not has_helm(charted(WORKER))
    assert not has_helm(plan())


@pytest.mark.parametrize("mode", MODES)
def test_the_cluster_remembers_how_it_was_made(mode: str) -> None:
    objects = plan(mode=mode).of(Phase.NETWORK)[-1]
    assert isinstance(objects, Objects)
    remembered = objects.objects[-1]
    assert remembered["metadata"] == {"name": "underlay", "namespace": "kube-system", "labels": LABELS}
    text = remembered["data"]["spec"]
    assert json.loads(text)["network"]["mode"] == mode
    assert not recorded_problems(f"ConfigMap {text};;", json.loads(json.dumps(record(spec(mode)))))


@pytest.mark.parametrize("mode", MODES)
def test_the_deploy_waits_for_what_the_mode_lays_down(mode: str) -> None:
    objects = plan(mode=mode).of(Phase.NETWORK)[-1]
    assert isinstance(objects, Objects)
    rollouts = network(mode).addon(one_rack()).rollouts
    assert set(objects.rollouts) >= {(r.namespace, f"{r.kind.lower()}/{r.name}") for r in rollouts}


def test_only_control_plane_hosts_have_the_control_planes_images() -> None:
    def names(node: Node) -> set[str]:
        found = plan(node).of(Phase.KUBERNETES)[-1]
        assert isinstance(found, Images)
        return {r.rsplit("/", 1)[1].split(":")[0] for r in found.references}

    only = {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}
    assert names(CP) - names(WORKER) == only
    assert names(WORKER) <= names(CP)


def test_swap_is_left_alone_where_the_inventory_says_so() -> None:
    assert NoSwap() in plan().of(Phase.PREPARE)
    assert NoSwap() not in plan(swap="keep").of(Phase.PREPARE)


def test_ipv6_pods_need_ipv6_forwarding() -> None:
    forwarding = Sysctl("net.ipv6.conf.all.forwarding", "1")
    assert forwarding not in plan().of(Phase.PREPARE)
    assert forwarding in plan(pod_subnet=ip_network("fd00:10::/48")).of(Phase.PREPARE)


def test_a_host_that_forwards_ipv6_keeps_the_routes_it_learns() -> None:
    made = dual_stack()
    titled = titles(node_plan(replace(spec(), cluster=made), made.nodes[1], PaperArtifacts()).of(Phase.PREPARE))
    about = [t for t in titled if t.startswith("router") or t.endswith("forwarding")]
    assert about == ["router advertisements for 2001:db8::2", "sysctl net.ipv6.conf.all.forwarding"]
    assert [t for t in titles(plan().of(Phase.PREPARE)) if t.startswith("router")] == []


def test_kube_proxy_in_ipvs_mode_brings_its_modules_and_programs() -> None:
    def brought(mode: str | None = None, **changes: Any) -> set[str]:
        prepare = plan(mode=mode, **changes).of(Phase.PREPARE)
        packages = {p for r in prepare if isinstance(r, Packages) for p in r.packages}
        return packages | {r.module for r in prepare if isinstance(r, KernelModule)}

    ipvs = {"ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "ipset", "ipvsadm"}
    assert brought(kube_proxy={"mode": "ipvs"}) - brought() == ipvs
    for mode in (m for m in MODES if network(m).replaces_kube_proxy):
        assert brought(mode, kube_proxy={"mode": "ipvs"}) == brought(mode)


@pytest.mark.parametrize("mode", MODES)
def test_networkd_leaves_the_links_of_the_network_alone(mode: str) -> None:
    prepare = plan(mode=mode, kube_proxy={"mode": "ipvs"}).of(Phase.PREPARE)
    text = next(r.content or "" for r in prepare if r.name == "/etc/systemd/network/05-underlay.network")
    names = text.splitlines()[1].removeprefix("Name=").split()
    assert set(network(mode).traces().links) <= set(names)
    assert text.endswith("\n\n[Link]\nUnmanaged=yes\n")
    assert ("kube-ipvs0" in names) == (not network(mode).replaces_kube_proxy)


@pytest.mark.parametrize("mode", MODES)
def test_a_firewall_is_opened_when_everything_it_takes_is_there(mode: str) -> None:
    for node in (CP, WORKER):
        prepare = plan(node, mode).of(Phase.PREPARE)
        assert titles(prepare)[-3:] == ["firewall nftables", "firewall iptables", "firewall firewalld"]


def test_no_secret_is_in_a_plan() -> None:
    assert [r.title for r in plan().resources if isinstance(r, File) and r.secret] == []


def test_containerds_configuration_is_as_reviewed() -> None:
    text = containerd_config(cluster(), sandbox_image="registry.example/pause:3")
    assert text == golden("containerd.toml", text)


def test_a_site_lays_its_tables_over_containerds() -> None:
    runtime = "io.containerd.cri.v1.runtime"
    over = {"plugins": {runtime: {"restrict_oom_score_adj": True}}}
    text = containerd_config(cluster(containerd=over), sandbox_image="registry.example/pause:3")
    before = containerd_config(cluster(), sandbox_image="registry.example/pause:3").splitlines()
    added = [line for line in text.splitlines() if line not in before]
    assert added == [f'[plugins."{runtime}"]', "restrict_oom_score_adj = true"]


def test_containerd_and_the_kubelet_agree_on_the_cgroup_driver() -> None:
    text = containerd_config(cluster(kubelet={"cgroupDriver": "cgroupfs"}), sandbox_image="x")
    assert "SystemdCgroup = false" in text


def test_a_record_is_plain_data() -> None:
    made = record(spec(kubelet={"maxPods": 10}))
    assert yaml.safe_load(yaml.safe_dump(made)) == made
