"""kube-router as a policy engine alone (after its daemonset/kube-router-firewall-daemonset.yaml), as data.

It writes packet filter rules and address sets on every node; pods' links and routes stay the network's.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from underlay.model.addon import Addon, Object, Rollout
from underlay.model.check import Check
from underlay.model.cluster import Cluster
from underlay.model.cluster_policy import ClusterPolicySupport
from underlay.model.footprint import Traces
from underlay.model.prerequisites import Prerequisites
from underlay.patience import stretched
from underlay.resources.api_server import KUBECTL
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages
from underlay.resources.sysctl import Sysctl

from .settings import BUILT, PolicyEngineSettings

NAME = "kube-router"
NAMESPACE = "kube-system"
REPOSITORY = f"docker.io/cloudnativelabs/{NAME}"
TRACES = Traces(
    chains=("KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-"),
    address_sets=("KUBE-SRC-*", "KUBE-DST-*", "inet6:KUBE-SRC-*", "inet6:KUBE-DST-*"),
)
"""What it leaves on a host when it ends; its own --cleanup-config ends early on a kernel without IPVS."""
CLEANUP = f"for t in iptables ip6tables; do $t-save -t filter | grep -vE '{'|'.join(TRACES.chains)}' | $t-restore; done"
"""Shell that removes its rules from a host; address sets that no rule uses do nothing, and go with the next boot."""
STAYS = (
    f"network_policy: the cluster has {NAME}, and the inventory no engine (its rules stay on every node when it ends, "
    "and go on blocking); restore the variable, or take the engine away: "
    f"`{KUBECTL} delete daemonset {NAME} -n {NAMESPACE}`, then on every node `{CLEANUP}`"
)
CLUSTER_POLICY = ClusterPolicySupport(
    enforced=False,
    by="",
    source="kube-router.io, Network Policy Controller: networking.k8s.io/NetworkPolicy; its role reads no others",
)
_HEALTH = 20244
_WRITTEN_S = stretched(20)
"""Until its rules count as not written."""
_HOOKS = ("INPUT", "FORWARD", "OUTPUT")
_COMMANDS = {4: "iptables", 6: "ip6tables"}
# What its rules match and do: sets of addresses, marks, packets that a bridge passes on.
_MODULES = (
    *("ip_set", "ip_set_hash_ip", "ip_set_hash_net"),
    *("xt_set", "xt_addrtype", "xt_comment", "xt_conntrack", "xt_limit", "xt_mark", "xt_multiport", "xt_physdev"),
    "xt_NFLOG",
)


def addon(settings: PolicyEngineSettings, cluster: Cluster, *, bundled: bool, labels: dict[str, str]) -> Addon:
    """The engine on every node.

    :param bundled: whether images come from a bundle, which has one release; nodes pull any other.
    :param labels: by which its DaemonSet is known as this deploy's.
    """
    of_bundle = (NAME,) if settings.version == BUILT else ()
    images = of_bundle if bundled else (f"{NAME}@{settings.version.removeprefix('v')}",)
    return Addon(
        objects=(*_access(), _daemon_set(settings, cluster, labels)),
        images=images,
        rollouts=(Rollout("DaemonSet", NAMESPACE, NAME),),
    )


def prerequisites(cluster: Cluster) -> Prerequisites:
    """Modules for its rules, and that packets between pods on one bridge pass them."""
    return Prerequisites(
        resources=(
            # By which its sets can be looked at, and taken away.
            Packages(("ipset",)),
            *(KernelModule(m) for m in _MODULES),
            *(KernelModule(f"{'ipt' if v == 4 else 'ip6t'}_REJECT") for v in cluster.families),
            *(Sysctl(f"net.bridge.bridge-nf-call-{_COMMANDS[v]}", "1") for v in cluster.families),
        )
    )


def checks(cluster: Cluster) -> list[Check]:
    """That every packet passes its rules, on every node and for every IP version of pods.

    Its pod is ready before it has written the first rule (pkg/healthcheck/health_controller.go: healthy from the
    start), so what is missing is waited for.
    """
    jumps = "; ".join(
        f"{_COMMANDS[v]}-save -t filter | sed -nE 's/^-A (({'|'.join(_HOOKS)}) .*KUBE-ROUTER.*)/{v} \\1/p'"
        for v in cluster.families
    )
    enough = f'[ "$(echo "$jumps" | grep -c .)" -ge {len(_HOOKS) * len(cluster.families)} ]'
    late = f'[ "$n" -ge {_WRITTEN_S} ]'
    script = f'n=0; until jumps=$({jumps}); {enough} || {late}; do sleep 1; n=$((n + 1)); done; echo "$jumps"'
    look = f"the log of its pod there: `kubectl logs -n {NAMESPACE} daemonset/{NAME}`"
    return [Check(f"{NAME}'s rules", n.name, script, partial(_missing, cluster), look) for n in cluster.nodes]


def _missing(cluster: Cluster, output: str) -> str | None:
    rules = [line.split() for line in output.splitlines() if line]
    found = {tuple(w[:2]) for w in rules if f"KUBE-ROUTER-{w[1]}" in w[2:]}
    missing = [f"IPv{v} {hook}" for v in cluster.families for hook in _HOOKS if (str(v), hook) not in found]
    return f"no packets pass {NAME}'s rules here ({', '.join(missing)})" if missing else None


def _arguments(cluster: Cluster) -> list[str]:
    return [
        "--run-firewall=true",
        "--run-router=false",
        "--run-service-proxy=false",
        "--run-loadbalancer=false",
        "--enable-cni=false",
        f"--enable-ipv4={str(4 in cluster.families).lower()}",
        f"--enable-ipv6={str(6 in cluster.families).lower()}",
        *(f"--service-cluster-ip-range={subnet}" for subnet in cluster.service_subnets),
        "--hostname-override=$(NODE_NAME)",
        f"--health-port={_HEALTH}",
    ]


def _daemon_set(settings: PolicyEngineSettings, cluster: Cluster, labels: dict[str, str]) -> Object:
    name = {"k8s-app": NAME}
    probe = {"httpGet": {"path": "/healthz", "port": _HEALTH, "host": "127.0.0.1"}}
    container = {
        "name": NAME,
        "image": f"{REPOSITORY}:{settings.version}",
        "args": _arguments(cluster),
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "securityContext": {"privileged": True},
        "readinessProbe": {**probe, "periodSeconds": 2},
        "livenessProbe": {**probe, "initialDelaySeconds": 10, "periodSeconds": 10},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "volumeMounts": [
            {"name": "lib-modules", "mountPath": "/lib/modules", "readOnly": True},
            {"name": "xtables-lock", "mountPath": "/run/xtables.lock"},
        ],
    }
    pod = {
        "priorityClassName": "system-node-critical",
        "serviceAccountName": NAME,
        "hostNetwork": True,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists"}],
        "containers": [container],
        "volumes": [
            {"name": "lib-modules", "hostPath": {"path": "/lib/modules"}},
            {"name": "xtables-lock", "hostPath": {"path": "/run/xtables.lock", "type": "FileOrCreate"}},
        ],
    }
    template = {"metadata": {"labels": name}, "spec": pod}
    found = _object("apps/v1", "DaemonSet", spec={"selector": {"matchLabels": name}, "template": template})
    return {**found, "metadata": {**found["metadata"], "labels": {**labels, **name}}}


def _access() -> tuple[Object, ...]:
    api = "rbac.authorization.k8s.io"
    read = ["get", "list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": ["namespaces", "pods", "services", "nodes", "endpoints"], "verbs": read},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
    ]
    role = {"apiGroup": api, "kind": "ClusterRole", "name": NAME}
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}
    return (
        _object("v1", "ServiceAccount"),
        _wide("ClusterRole", rules=rules),
        _wide("ClusterRoleBinding", roleRef=role, subjects=[subject]),
    )


def _object(api_version: str, kind: str, **more: Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": NAME, "namespace": NAMESPACE}, **more}


def _wide(kind: str, **more: Any) -> Object:
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": NAME}, **more}
