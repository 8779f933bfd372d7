"""Whatever becomes of a member, what a plan prints to do about it leads back to a cluster that is as declared."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

import pytest

from underlay.resources.api_server import KUBECTL

from .deployed import Deployed
from .waiting import until

pytestmark = [pytest.mark.lab]

NOT_VERIFIED = ("--data", "verify=false")
FLAGS = "/var/lib/kubelet/kubeadm-flags.env"
MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
SHUT = "while ss -Hltn sport = :6443 | grep -q .; do sleep 0.2; done"
# Another CA, as a host has whose cluster nobody here knows.
FOREIGN = r"""
ca=$(openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=kubernetes -days 9 2>/dev/null | base64 -w0)
sed -i "s|certificate-authority-data: .*|certificate-authority-data: $ca|" /etc/kubernetes/kubelet.conf
rm /var/lib/underlay/member
"""
# As flanneld 0.28 writes it.
NOTED = "FLANNEL_NETWORK=10.244.0.0/16\\nFLANNEL_SUBNET=10.244.77.1/24\\nFLANNEL_MTU=1450\\nFLANNEL_IPMASQ=true\\n"
DNS_PODS = (
    *("get", "pods", "-n", "kube-system", "-l", "k8s-app=kube-dns", "--field-selector=spec.nodeName=w-1"),
    *("-o", "jsonpath={range .items[*]}{.status.podIP} {end}"),
)
JOIN = ["cp-1: no change", "w-1: 1 changes", "  cluster: join"]


@pytest.fixture(scope="module")
def members(attempts: Deployed) -> Deployed:
    run = attempts.deploy(*NOT_VERIFIED)
    assert run.code == 0, run.text
    return attempts


def refusals(members: Deployed) -> list[str]:
    """The lines of a plan that refuses."""
    run = members.underlay("plan")
    assert run.code == 1, run.text
    return [line.partition("underlay: ")[2] for line in run.text.splitlines() if line.startswith("underlay: ")]


def remedies(members: Deployed, *patterns: str) -> list[str]:
    """What each refusal of a plan says to do, the groups of its pattern, which matches the whole of it."""
    lines = refusals(members)
    assert len(lines) == len(patterns), lines
    found = [next(filter(None, (re.fullmatch(pattern, line) for line in lines)), None) for pattern in patterns]
    assert all(found), lines
    return [group for match in found if match for group in match.groups()]


def converges(members: Deployed) -> None:
    run = members.deploy(*NOT_VERIFIED)
    assert run.code == 0, run.text
    # For a moment the API still has the old node's pods, which were ready.
    until(lambda: members.underlay("plan").code == 0, within=60)


def test_the_administrators_kubeconfig_is_written_again(members: Deployed) -> None:
    members.ssh("cp-1", "mv /etc/kubernetes/admin.conf /root/kept.conf")
    (command,) = remedies(
        members,
        r"cp-1: could not be asked what its cluster was made with, .* \(/etc/kubernetes/admin.conf is missing\); "
        r"restore it, for instance by `(.*)` there",
    )
    members.ssh("cp-1", command)
    plan = members.underlay("plan")
    assert plan.code == 0, plan.text


def test_an_api_server_that_is_down_is_looked_at_where_it_is_said(
    members: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    members.ssh("cp-1", f"mv {MANIFEST} /root/; {SHUT}")
    with monkeypatch.context() as impatient:
        impatient.setenv("UNDERLAY_PATIENCE", "20")
        log, pods = remedies(
            members,
            r"cp-1: could not be asked what its cluster was made with, .* \(kubectl: .* was refused .*\); "
            r"see there why the API server does not answer \(`(.*)`, (\S+)\), and run again once it does",
        )
    said = members.ssh("cp-1", f"{log} --no-pager | tail -n 50; ls -d {pods}")
    assert "6443: connect: connection refused" in said
    assert "/kube-system_etcd-cp-1_" in said
    members.ssh("cp-1", f"mv /root/kube-apiserver.yaml {MANIFEST}")
    plan = members.underlay("plan")
    assert plan.code == 0, plan.text


def test_a_worker_that_has_left_in_part_or_is_listed_elsewhere_joins_anew(members: Deployed) -> None:
    members.ssh("w-1", "cd /etc/kubernetes && mv kubelet.conf bootstrap-kubelet.conf && systemctl stop kubelet")
    (command,) = remedies(
        members,
        r"w-1: has left the cluster in part \(/etc/kubernetes/bootstrap-kubelet.conf of \S+ exists\); `(.*)` there, "
        "which deletes the cluster's data on this host",
    )
    members.ssh("w-1", f"{command} >/dev/null 2>&1")
    assert planned(members) == JOIN
    other = '[{"op": "replace", "path": "/status/addresses/0/address", "value": "192.0.2.77"}]'
    members.kubectl("patch", "node", "w-1", "--subresource=status", "--type=json", "-p", other)
    command, where = remedies(
        members,
        "w-1: the cluster has a node w-1 at 192.0.2.77, and this host is 10.201.1.21; give it another name in the "
        r"inventory, or remove that node: `(.*)` on (\S+)",
    )
    members.ssh(where, command)
    assert planned(members) == JOIN
    converges(members)


def test_a_worker_that_is_in_the_cluster_under_another_name_joins_under_its_own(members: Deployed) -> None:
    members.ssh("w-1", f"sed -i 's/ARGS=\"/&--hostname-override=old-1 /' {FLAGS}")
    renamed = f"""{KUBECTL} get node w-1 -o json | sed 's/"w-1"/"old-1"/' | {KUBECTL} create -f -"""
    members.ssh("cp-1", f"{renamed}; {KUBECTL} delete node w-1")
    drain, delete, where, reset = remedies(
        members,
        "w-1: is in the cluster as node old-1; name it so in the inventory, or have it join anew: "
        r"`(.*)` and `(.*)` on (\S+), then `(.*)` there, which deletes the cluster's data on this host, and run again",
    )
    members.ssh(where, f"{drain} 2>&1 && {delete}")
    members.ssh("w-1", f"{reset} >/dev/null 2>&1")
    # Pods wait for the node, and are on it before its agent is, which noted another subnet in its former life.
    members.ssh("w-1", f"mkdir -p /run/flannel; printf '{NOTED}' >/run/flannel/subnet.env")
    members.kubectl("cordon", "cp-1")
    members.kubectl("delete", "pods", "-n", "kube-system", "-l", "k8s-app=kube-dns", "--wait=false")
    run = members.deploy(*NOT_VERIFIED)
    assert run.code == 0, run.end
    members.kubectl("uncordon", "cp-1")
    members.kubectl("rollout", "status", "-n", "kube-system", "deployment/coredns", "--timeout=300s")
    subnet = ip_network(members.kubectl("get", "node", "w-1", "-o", "jsonpath={.spec.podCIDR}"))
    addresses = members.kubectl(*DNS_PODS).split()
    assert addresses
    assert [a for a in addresses if ip_address(a) not in subnet] == [], subnet
    converges(members)


def test_a_worker_of_an_unknown_cluster_is_emptied_step_by_step_and_joins(members: Deployed) -> None:
    members.ssh("w-1", FOREIGN)
    file = r"w-1: has a CNI configuration not managed by Underlay \((\S+)\); remove it from (\S+)"
    left = r"w-1: pod_subnet 10.244.0.0/16 overlaps \S+ on link {}, which flannel-vxlan left; `(.*)`"
    links = [left.format(name) for name in ("flannel.1", "cni0")]
    reset, *_ = remedies(
        members,
        r"w-1: is a member of a cluster not managed by Underlay \(/etc/kubernetes/kubelet.conf of \S+ exists\); "
        "take the host out of the inventory, or end that cluster on it: `(.*)` there, which deletes the cluster's data "
        "on this host",
        file,
        *links,
    )
    members.ssh("w-1", f"{reset} >/dev/null 2>&1")
    name, folder, *commands = remedies(members, file, *links)
    members.ssh("w-1", "; ".join([f"rm {folder}/{name}", *commands]))
    converges(members)


def planned(members: Deployed) -> list[str]:
    """What a plan says, without the reasons."""
    return [line for line in members.underlay("plan").text.splitlines() if line.startswith(("cp-1", "w-1", "  "))]
