"""What kubeadm is given: documents as data, compared as a whole."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
import yaml

from tests.unit.clusters import cluster, node
from tests.unit.golden import golden
from underlay.model.cluster import Cluster
from underlay.model.node import Role
from underlay.plan.kubeadm import discovery, init_documents, join_documents, kubelet, upgrade_document, upload_documents


def text(documents: list[dict[str, Any]]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False)


def three() -> Cluster:
    """Three control-plane hosts behind a name, with IPv6 addresses."""
    names = ("cp-1", "cp-2", "cp-3")
    return cluster(
        nodes=tuple(node(n, i, role=Role.CONTROL_PLANE, prefix="2001:db8::") for i, n in enumerate(names, start=1)),
        pod_subnet=ip_network("fd00:10::/48"),
        service_subnet=ip_network("fd00:20::/112"),
        control_plane_endpoint="api.example.net:6443",
        ignore_preflight_errors=("NumCPU", "Mem"),
        kubelet={"cgroupDriver": "cgroupfs", "failSwapOn": False},
        kube_proxy={"mode": "iptables", "conntrack": {"maxPerCore": 0}},
    )


@pytest.mark.parametrize(("name", "made"), [("ordinary", cluster()), ("three", three())])
def test_init_is_as_reviewed(name: str, made: Cluster) -> None:
    found = text(init_documents(made, token="abcdef.0123456789abcdef"))  # noqa: S106
    assert found == golden(f"kubeadm-init-{name}.yaml", found)


@pytest.mark.parametrize(("patience", "limit"), [(90, None), (240, None), (1500, "1500s")])
def test_kubeadm_waits_as_long_as_the_operator_where_that_is_longer(patience: float, limit: str | None) -> None:
    # The fields of Timeouts: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
    waits = (
        "controlPlaneComponentHealthCheck",
        "kubeletHealthCheck",
        "kubernetesAPICall",
        "etcdAPICall",
        "tlsBootstrap",
    )
    (init, *_), (join,) = (
        init_documents(cluster(), token="", patience_s=patience),
        join_documents(cluster(), cluster().workers[0], certificate_key=None, patience_s=patience),
    )
    for document in (init, join):
        assert document.get("timeouts") == (dict.fromkeys(waits, limit) if limit else None)


def test_a_workers_join_is_as_reviewed() -> None:
    found = text(join_documents(cluster(), cluster().workers[0], certificate_key=None))
    assert found == golden("kubeadm-join-worker.yaml", found)


def test_a_control_plane_hosts_join_is_as_reviewed() -> None:
    found = text(join_documents(three(), three().nodes[1], certificate_key="c0ffee"))
    assert found == golden("kubeadm-join-control-plane.yaml", found)


def test_the_upload_of_certificates_is_as_reviewed() -> None:
    found = text(upload_documents(three(), certificate_key="c0ffee"))
    assert found == golden("kubeadm-upload-certs.yaml", found)


def test_the_discovery_file_is_as_reviewed() -> None:
    found = text([discovery(cluster(), ca="Q0E=", token="abcdef.0123456789abcdef")])  # noqa: S106
    assert found == golden("kubeadm-discovery.yaml", found)


def test_a_worker_is_given_no_certificate_key() -> None:
    assert "c0ffee" not in text(join_documents(cluster(), cluster().workers[0], certificate_key="c0ffee"))


@pytest.mark.parametrize("made", [cluster(), three()], ids=["ordinary", "three"])
def test_every_node_is_given_its_own_address_and_name(made: Cluster) -> None:
    for member in made.nodes:
        registration = join_documents(made, member, certificate_key="k")[0]["nodeRegistration"]
        assert registration["name"] == member.name
        assert registration["kubeletExtraArgs"] == [{"name": "node-ip", "value": str(member.address)}]


def test_documents_are_plain_data() -> None:
    documents = init_documents(three(), token="t.s")  # noqa: S106
    assert list(yaml.safe_load_all(text(documents))) == documents


def test_a_site_lays_its_fields_over_the_kubelets() -> None:
    assert kubelet(cluster(kubelet={"maxPods": 200})) == {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "systemd",
        "maxPods": 200,
    }


@pytest.mark.parametrize(("subnet", "address"), [("10.96.0.0/16", "10.96.0.10"), ("fd00:20::/112", "fd00:20::a")])
def test_dns_is_the_tenth_address(subnet: str, address: str) -> None:
    assert cluster(service_subnet=ip_network(subnet)).dns_address == address


def test_a_cluster_knows_its_members() -> None:
    made = cluster()
    assert [n.name for n in made.control_plane] == ["cp-1"]
    assert [n.name for n in made.workers] == ["w-1", "w-2"]
    assert made.first == made.node("cp-1")
    assert made.racks == ("rack-1", "rack-2")


def kube_proxy(version: str, **settings: Any) -> dict[str, Any]:
    made = cluster(kubernetes_version=version, kube_proxy={"mode": "ipvs", **settings})
    return next(d for d in init_documents(made, token="") if d["kind"] == "KubeProxyConfiguration")


@pytest.mark.parametrize(
    ("version", "gates"),
    [("v1.35.4", None), ("v1.36.3", None), ("v1.37.2", {"KubeProxyIPVS": True}), ("v1.40.0", {"KubeProxyIPVS": True})],
)
def test_ipvs_is_enabled_by_its_gate_where_there_is_one(version: str, gates: dict[str, bool] | None) -> None:
    assert kube_proxy(version).get("featureGates") == gates


def test_a_site_adds_gates_of_its_own_to_ours() -> None:
    gates = kube_proxy("v1.37.2", featureGates={"KubeProxyNFAcct": False})["featureGates"]
    assert gates == {"KubeProxyIPVS": True, "KubeProxyNFAcct": False}


def test_other_modes_of_kube_proxy_have_no_gate() -> None:
    document = init_documents(cluster(kube_proxy={"mode": "iptables"}), token="")[-1]
    assert (document["kind"], document.get("featureGates")) == ("KubeProxyConfiguration", None)


def test_an_upgrade_names_the_version_and_asks_no_pods_of_a_cluster_without_a_network() -> None:
    # UpgradeConfiguration: https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/
    common = {"imagePullPolicy": "IfNotPresent", "ignorePreflightErrors": ["NumCPU", "Mem"]}
    assert upgrade_document(three(), carries_pods=True, patience_s=90) == {
        "apiVersion": "kubeadm.k8s.io/v1beta4",
        "kind": "UpgradeConfiguration",
        "apply": {"kubernetesVersion": three().kubernetes_version, **common},
        "node": common,
    }
    bare = upgrade_document(three(), carries_pods=False, patience_s=900)
    # Names of checks: cmd/kubeadm/app/phases/upgrade/health.go
    assert bare["node"]["ignorePreflightErrors"] == ["NumCPU", "Mem", "CreateJob", "ControlPlaneNodesReady"]
    assert bare["timeouts"]["upgradeManifests"] == "900s"
