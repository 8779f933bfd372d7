"""A policy engine beside a network that is not ours: pods by the plugin of a site, their policies by the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from underlay.policy_engines import kube_router
from underlay.verify import network_policies, server_pods
from underlay.verify.network_policies import CASES
from underlay.verify.target import Target

from .deployed import Deployed
from .policy_engine import ENGINE, built
from .verifying import verifying

pytestmark = [pytest.mark.lab]

NETWORK = {"network": {"mode": "none"}}
# The site's plugin: a bridge on each node, and a route to the other's pods.
PLUGIN = """\
cat >/etc/cni/net.d/10-site.conflist <<'END'
{config}
END
ip route replace {beyond} via {by}
"""


@pytest.fixture(scope="module")
def beside() -> Iterator[Deployed]:
    """Two hosts on one segment, deployed with an engine and no network."""
    built()
    with Deployed(
        lab={"name": "beside", "network": "10.146.0.0/16", "workers": 1, "racks": 1}, cluster=NETWORK | ENGINE
    ).booted() as made:
        yield made


@pytest.fixture(scope="module")
def target(beside: Deployed) -> Iterator[Target]:
    """The same with the site's plugin, and the namespace of a verification."""
    run = beside.deploy("--data", "verify=false")
    assert run.code == 0, run.end
    items = json.loads(beside.kubectl("get", "nodes", "-o", "json"))["items"]
    subnets = {i["metadata"]["name"]: i["spec"]["podCIDR"] for i in items}
    addresses = {i["metadata"]["name"]: i["status"]["addresses"][0]["address"] for i in items}
    for node, other in (("cp-1", "w-1"), ("w-1", "cp-1")):
        config = json.dumps(plugin(subnets[node]))
        beside.ssh(node, PLUGIN.format(config=config, beyond=subnets[other], by=addresses[other]))
    beside.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=240s")
    with verifying(beside) as found:
        yield found


def plugin(subnet: str) -> dict[str, object]:
    ranges = {"ranges": [[{"subnet": subnet}]], "routes": [{"dst": "0.0.0.0/0"}], "type": "host-local"}
    bridge = {"type": "bridge", "bridge": "site0", "isGateway": True, "ipMasq": False, "ipam": ranges}
    return {"cniVersion": "1.0.0", "name": "site", "plugins": [bridge]}


def test_policies_are_enforced_on_pods_of_a_plugin_that_is_not_ours(target: Target) -> None:
    results = network_policies.measure(target, server_pods.image_of(target))
    assert set(results.without.values()) == {"ok"}
    assert {c: r for c, r in results.enforced.items() if r != "ok"} == {}
    assert set(results.enforced) == set(CASES)
    for check in kube_router.checks(target.spec.cluster):
        assert check.judge(target.host(check.node).run(check.command).stdout) is None


def test_a_second_run_changes_nothing(beside: Deployed, target: Target) -> None:
    assert beside.deploy("--data", "verify=false").changes.startswith("none; at most ")
