"""The policy engine: its settings in an inventory, the objects applied for it, and what it leaves on a host."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.unit.clusters import (
    MODES,
    REGISTERED_MODE,
    PaperArtifacts,
    cluster,
    dual_stack,
    groups,
    hosts,
    network,
    one_rack,
    spec,
)
from tests.unit.inventory.spec_problems import ordinary_problems
from tests.unit.local_host import Shell
from underlay.artifacts.catalog import image_entry, pinned_version
from underlay.checks.leftovers import leftover_checks
from underlay.inventory.spec import Spec, read_spec
from underlay.plan import answer_forms
from underlay.plan.cluster_objects import policy_engine
from underlay.plan.host_plan import Phase, node_plan
from underlay.plan.host_questions import has_engine
from underlay.policy_engines import kube_router
from underlay.policy_engines.settings import BUILT, CURRENT, PolicyEngineSettings
from underlay.preflight.image_findings import image_findings, unsupplied
from underlay.resources.images import Images
from underlay.resources.kernel_module import KernelModule
from underlay.resources.objects import Objects
from underlay.run.artifacts_named import NamedArtifacts, NotedArtifacts

ENGINE = {"engine": "kube-router"}
SETTINGS = PolicyEngineSettings.model_validate(ENGINE)
BUNDLE = {"source": "bundle", "path": "/bundle"}
NAMED = NamedArtifacts(kubernetes_version="v1.37.2")


def with_engine(on: Spec | None = None, **settings: str) -> Spec:
    return replace(on or spec(), network_policy=PolicyEngineSettings.model_validate(ENGINE | settings))


@pytest.mark.parametrize("mode", MODES)
def test_it_stands_beside_what_enforces_nothing_and_nothing_else(mode: str) -> None:
    enforcer = network(mode).traits.policy
    found = list(SETTINGS.problems(one_rack(), mode=mode, enforcer=enforcer))
    itself = f"network_policy: {mode} enforces NetworkPolicies itself ({enforcer}); leave it out"
    assert found == ([itself] if enforcer else [])


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"engine": "kuberouter"}, "network_policy: input should be 'kube-router' (it is 'kuberouter')"),
        ({}, "network_policy.engine: is missing; set it"),
        ({**ENGINE, "version": "2.11.1"}, "network_policy: string should match pattern '^v2"),
        ({**ENGINE, "versoin": "v2.11.1"}, "network_policy: unknown variable 'versoin'"),
    ],
)
def test_what_is_no_engine_is_refused(value: dict[str, str], line: str) -> None:
    (found,) = ordinary_problems(network_policy=value)
    assert found.startswith(line)


def test_an_inventory_names_it_or_has_none() -> None:
    assert read_spec(hosts(), groups()).enforcer == ""
    read = read_spec(hosts(network_policy=ENGINE), groups())
    assert (read.network_policy, read.enforcer) == (SETTINGS, "kube-router")


@pytest.mark.parametrize("part", ["iptables", "nftables"])
def test_it_has_to_see_who_sends(part: str) -> None:
    hides = {"mode": part, part: {"masqueradeAll": True}}
    (line,) = ordinary_problems(network_policy=ENGINE, kube_proxy=hides)
    assert line.startswith(f"kube_proxy.{part}.masqueradeAll: hides the source")
    assert ordinary_problems(kube_proxy=hides) == []


@pytest.mark.parametrize(("version", "issue"), [("v2.1.0", "#1653"), ("v2.6.1", "#1927"), (CURRENT, "")])
def test_a_release_that_enforces_nothing_over_ipv6_is_refused_there(version: str, issue: str) -> None:
    settings = PolicyEngineSettings.model_validate(ENGINE | {"version": version})
    found = list(settings.problems(dual_stack(), mode=REGISTERED_MODE, enforcer=""))
    line = (
        f"network_policy.version: {version} enforces no policies over IPv6 ({issue} of kube-router); use {CURRENT}, or "
    )
    assert found == ([f"{line}remove the IPv6 subnets"] if issue else [])
    assert list(settings.problems(one_rack(), mode=REGISTERED_MODE, enforcer="")) == []


def test_a_bundle_has_the_one_release_and_other_sources_the_current_one() -> None:
    assert f"v{pinned_version('kube-router')}" == BUILT != CURRENT
    assert image_entry("kube-router").repository == kube_router.REPOSITORY
    upstream = policy_engine(with_engine())
    assert upstream.images == (f"kube-router@{CURRENT[1:]}",)
    assert [NAMED.reference(name) for name in upstream.images] == list(upstream.references)
    bundled = policy_engine(with_engine(replace(spec(), artifacts=BUNDLE), version=BUILT))
    assert bundled.images == ("kube-router",)
    assert [NAMED.reference(name) for name in bundled.images] == list(bundled.references)


def test_hosts_get_the_image_of_the_release_that_the_objects_name() -> None:
    noted = NotedArtifacts(kubernetes_version="v1.37.2")
    node_plan(with_engine(), spec().cluster.first, noted)
    assert f"kube-router@{CURRENT[1:]}" in noted.image_names
    (images,) = (
        r for r in node_plan(with_engine(), spec().cluster.first, NAMED).of(Phase.KUBERNETES) if isinstance(r, Images)
    )
    assert f"docker.io/cloudnativelabs/kube-router:{CURRENT}" in images.references


def test_an_image_that_a_bundle_lacks_needs_a_registry() -> None:
    from_bundle = replace(spec(), artifacts=BUNDLE)
    lacking = with_engine(from_bundle)
    assert unsupplied(lacking, NAMED) == (f"docker.io/cloudnativelabs/kube-router:{CURRENT}",)
    (found,) = image_findings(lacking, NAMED)
    assert f"docker.io/cloudnativelabs/kube-router:{CURRENT}" in found.line
    assert list(image_findings(with_engine(from_bundle, version=BUILT), NAMED)) == []


def test_it_is_applied_after_the_network_and_waited_for() -> None:
    first, worker = (node_plan(with_engine(), node, PaperArtifacts()) for node in spec().cluster.nodes[:2])
    *_, last = first.of(Phase.NETWORK)
    assert isinstance(last, Objects)
    assert (last.name, last.rollouts) == ("policy engine", (("kube-system", "daemonset/kube-router"),))
    assert worker.of(Phase.NETWORK) == ()
    modules = {r.module for r in worker.of(Phase.PREPARE) if isinstance(r, KernelModule)}
    assert {"ip_set", "ip_set_hash_ip", "ip_set_hash_net", "xt_set", "xt_NFLOG", "ipt_REJECT"} < modules


def test_without_it_a_plan_contains_none_of_it() -> None:
    assert "kube-router" not in repr(node_plan(spec(), spec().cluster.first, PaperArtifacts()))


def arguments(on: Spec) -> list[str]:
    (daemon,) = (o for o in policy_engine(on).objects if o["kind"] == "DaemonSet")
    (container,) = daemon["spec"]["template"]["spec"]["containers"]
    return list(container["args"])


def test_it_is_the_firewall_alone() -> None:
    alone = ["--run-firewall=true", *(f"--{part}=false" for part in (
        "run-router", "run-service-proxy", "run-loadbalancer", "enable-cni"))]  # fmt: skip
    assert set(alone) < set(arguments(with_engine()))


def test_it_serves_the_ip_versions_of_the_cluster() -> None:
    both = arguments(with_engine(replace(spec(), cluster=dual_stack())))
    assert {"--enable-ipv4=true", "--enable-ipv6=true"} < set(both)
    ranges = [a for a in both if a.startswith("--service-cluster-ip-range=")]
    assert ranges == [f"--service-cluster-ip-range={subnet}" for subnet in ("10.96.0.0/16", "fd00:10:96::/112")]
    assert "--enable-ipv6=false" in arguments(with_engine())


# `iptables-save -t filter` of a node of the lab beside flannel-vxlan, without comments.
RULES = """\
-A INPUT -j KUBE-FIREWALL
-A INPUT -m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-INPUT
-A FORWARD -m comment --comment "kube-router netpol - TEMCG2JMVZWTQQ7H" -j KUBE-ROUTER-FORWARD
-A OUTPUT -m comment --comment "kube-router netpol - VEAAIY32XVBHCSCY" -j KUBE-ROUTER-OUTPUT
-A KUBE-ROUTER-FORWARD -m comment --comment "rule" -j KUBE-POD-FW-6LNUZ4OXQW7ZDNA6
"""


def said(version: int, rules: str = RULES) -> str:
    return rules.replace("-A ", f"{version} ")


def test_a_node_without_its_rules_is_named() -> None:
    (check, *others) = kube_router.checks(cluster())
    assert [c.node for c in (check, *others)] == [n.name for n in cluster().nodes]
    assert check.judge(said(4)) is None
    without = "\n".join(
        line for line in RULES.splitlines() if "KUBE-ROUTER-FORWARD -m" in line or "FORWARD" not in line
    )
    assert check.judge(said(4, without)) == "no packets pass kube-router's rules here (IPv4 FORWARD)"
    assert check.judge("\n") == "no packets pass kube-router's rules here (IPv4 INPUT, IPv4 FORWARD, IPv4 OUTPUT)"
    (both, *_) = kube_router.checks(dual_stack())
    assert both.judge(said(4) + said(6)) is None
    assert both.judge(said(4)) == "no packets pass kube-router's rules here (IPv6 INPUT, IPv6 FORWARD, IPv6 OUTPUT)"


def test_rules_that_a_ready_engine_has_not_written_yet_are_waited_for(shell: Shell) -> None:
    shell.program_is(
        "iptables-save",
        f"""case $* in "-t filter") ;; *) exit 2 ;; esac
        [ -e {shell.bin}/asked ] || {{ touch {shell.bin}/asked; echo '-A INPUT -j KUBE-FIREWALL'; exit; }}
        cat <<'END'
{RULES}END""",
    )
    (check, *_) = kube_router.checks(cluster())
    ran = shell.run(check.command, stdin=False)
    assert (check.judge(ran.stdout), ran.rc, ran.stderr) == (None, 0, "")


def test_its_commands_are_valid_in_both_shells(shell: Shell) -> None:
    ran = shell.run(
        "set -n\n" + "\n".join((kube_router.CLEANUP, *(c.command for c in kube_router.checks(dual_stack()))))
    )
    assert (ran.rc, ran.stderr) == (0, "")


def test_its_rules_are_left_where_the_inventory_has_no_engine() -> None:
    chains = ("KUBE-ROUTER-INPUT", "KUBE-POD-FW-6LNUZ4OXQW7ZDNA6", "KUBE-NWPLCY-DEFAULT")
    output = "\n".join(["[]", "[]", "[]", *(f"chain {c}" for c in chains)])
    (left, *_) = leftover_checks(cluster(), network())
    assert left.judge(output) == "; ".join(f"chain {c} (of kube-router)" for c in chains)
    assert kube_router.CLEANUP in left.look
    (own, *_) = leftover_checks(cluster(), network(), has_engine=True)
    assert own.judge(output) is None


def test_the_cleanup_takes_its_rules_and_no_others(shell: Shell) -> None:
    saved = RULES + ":KUBE-ROUTER-INPUT - [0:0]\n:KUBE-NWPLCY-DEFAULT - [0:0]\n:INPUT ACCEPT [0:0]\n"
    stand_ins = "".join(
        f"{t}-save() {{ cat <<'END'\n{saved}END\n}}\n{t}-restore() {{ cat; }}\n".replace("-save()", "_save()").replace(
            "-restore()", "_restore()"
        )
        for t in ("iptables", "ip6tables")
    )
    cleanup = kube_router.CLEANUP.replace("$t-save", "${t}_save").replace("$t-restore", "${t}_restore")
    ran = shell.run(stand_ins + cleanup)
    assert ran.stdout == 2 * "-A INPUT -j KUBE-FIREWALL\n:INPUT ACCEPT [0:0]\n"


def test_the_cluster_says_that_an_engine_of_ours_runs_there() -> None:
    # As the question's jsonpath prints them: kinds, and of the record what is in it.
    line = f"ConfigMap {json.dumps({'network': {}})};;Path 1500;;DaemonSet ;;Path ;;"
    assert answer_forms.record(line)
    assert has_engine(line)
    assert not has_engine("ConfigMap {};;Path 1500;;Secret ;;Path ;;")
    labels = [o["metadata"].get("labels", {}) for o in policy_engine(with_engine()).objects if o["kind"] == "DaemonSet"]
    assert [found.get("app.kubernetes.io/managed-by") for found in labels] == ["underlay"]
