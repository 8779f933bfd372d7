"""An inventory's variables -> a valid cluster and its network, or every problem at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from underlay.load_balancers.settings import LoadBalancerSettings
from underlay.model.bgp import Bgp, Router
from underlay.model.cluster import Cluster
from underlay.model.node import Node, Role
from underlay.model.routes import Routes
from underlay.networks.network import Network
from underlay.networks.registry import mode_named, modes, retired
from underlay.policy_engines.settings import PolicyEngineSettings

from .bgp_variables import read_bgp
from .component_fields import component_problems
from .consistency import inconsistencies, load_balancer_problems, network_policy_problems
from .errors import InvalidInventory, from_validation, show, unknown
from .host_names import CONNECTOR, OF_CONNECTORS, bracketed, has_port, node_name_problem
from .login_variables import login_problems
from .outside_addresses import hiding
from .registry_variables import registries_of
from .rollout_settings import RolloutSettings, read_rollout
from .variables import ClusterVariables, HostVariables

ROLES = {"control_plane": Role.CONTROL_PLANE, "workers": Role.WORKER}
ROUTERS = "routers"
GROUPS = (*ROLES, ROUTERS)

_CLUSTER = frozenset(ClusterVariables.model_fields)
_HOST = frozenset(HostVariables.model_fields)
# What most paths carry: assumed until the path is measured.
USUAL_PATH_MTU = 1500
# Variables that belong to pyinfra and its connectors.
_FOREIGN = (*OF_CONNECTORS, "_")


# What is used of pyinfra's inventory: the variables of each host, and the members of each group.
Hosts = Mapping[str, Mapping[str, Any]]
Groups = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Spec:
    """The cluster and network of a valid inventory; `artifacts` names the source of binaries and images.

    `accepted` are preflight findings by code, with a reason each; without `path_stated` the cluster's path_mtu is
    measured before anything is installed.
    """

    cluster: Cluster
    network: Network
    artifacts: Mapping[str, Any]
    verify: bool
    accepted: Mapping[str, str] = field(default_factory=dict)
    path_stated: bool = False
    load_balancer: LoadBalancerSettings | None = None
    network_policy: PolicyEngineSettings | None = None
    rollout: RolloutSettings = field(default_factory=RolloutSettings)

    def with_path(self, mtu: int) -> Spec:
        """The same with a measured path MTU, in bytes."""
        return replace(self, cluster=replace(self.cluster, path_mtu=mtu))

    @property
    def enforcer(self) -> str:
        """What enforces NetworkPolicies: the network itself, or an engine beside it; "" where nothing does."""
        return self.network.traits.policy or (self.network_policy.engine if self.network_policy else "")

    @property
    def routers(self) -> tuple[Router, ...]:
        """The routers that are hosts of the inventory."""
        return tuple(r for r in self.cluster.bgp.routers if r.managed) if self.cluster.bgp else ()


def read_spec(hosts: Hosts, groups: Groups) -> Spec:
    """The Spec of an inventory.

    :raises InvalidInventory: with every problem found.
    """
    if not hosts:
        raise InvalidInventory(["inventory: it has no hosts; put them in the groups control_plane and workers"])
    problems: list[str] = [*login_problems(hosts)]
    shared = _shared(hosts, problems)
    variables, bad = _validated(ClusterVariables, shared, "", problems)
    nodes = _nodes(hosts, groups, problems)
    network = _network(variables, bad, problems)
    routers = _routers(hosts, groups, problems)
    bgp = None if "bgp" in bad else read_bgp(variables.bgp, routers, nodes, problems)
    cluster = _cluster(variables, nodes, bgp, _routes(variables, network, problems))
    rollout = read_rollout(
        variables.rollout, [h for g in ROLES for h in groups.get(g, ())], groups.get(ROUTERS, ()), problems
    )
    if nodes:
        problems += inconsistencies(cluster, variables, bad, members=len(set(groups.get("control_plane", ()))))
        problems += component_problems(cluster, network, variables, bad)
        problems += hiding(cluster, variables, bad, network=network, hosts=hosts)
        if network is not None:
            problems += network.problems(cluster)
            problems += load_balancer_problems(cluster, variables, network)
            problems += network_policy_problems(cluster, variables, network)
    if problems:
        raise InvalidInventory(problems)
    assert network is not None
    return Spec(
        cluster=cluster,
        network=network,
        artifacts=variables.artifacts,
        verify=variables.verify,
        accepted=variables.accepted,
        path_stated=variables.path_mtu is not None,
        load_balancer=variables.load_balancer,
        network_policy=variables.network_policy,
        rollout=rollout,
    )


def _shared(hosts: Hosts, problems: list[str]) -> dict[str, Any]:
    """The variables that apply to all hosts, each with one value."""
    shared: dict[str, Any] = {}
    first: dict[str, str] = {}
    reported = set()
    for host, variables in hosts.items():
        for key, value in variables.items():
            name = str(key)
            if name in _HOST or name.startswith(_FOREIGN):
                continue
            if name not in _CLUSTER:
                if name not in reported:
                    problems.append(unknown(name, name, _CLUSTER | _HOST, what="variable"))
            elif name in shared and shared[name] != value and name not in reported:
                problems.append(
                    f"{name}: differs between hosts ({first[name]}: {show(shared[name])}, {host}: {show(value)}); "
                    "set it once, for all hosts"
                )
            else:
                shared.setdefault(name, value)
                first.setdefault(name, host)
                continue
            reported.add(name)
    return shared


Model = TypeVar("Model", bound=BaseModel)


def _validated(
    model: type[Model], values: Mapping[str, Any], prefix: str, problems: list[str]
) -> tuple[Model, set[str]]:
    """The model with defaults in place of invalid fields, and the names of those fields."""
    try:
        return model.model_validate(dict(values)), set()
    except ValidationError as error:
        problems += from_validation(error, prefix=prefix, known=model.model_fields)
        bad = {str(item["loc"][0]) for item in error.errors()}
        return model.model_construct(**_good(model, values, bad)), bad


def _good(model: type[BaseModel], values: Mapping[str, Any], bad: set[str]) -> dict[str, Any]:
    good = {name: value for name, value in values.items() if name not in bad and name in model.model_fields}
    missing = {name for name, field in model.model_fields.items() if field.is_required()} - set(good)
    placeholders: dict[str, Any] = {"network": {}, "address": "192.0.2.1"}
    valid = model.model_validate(good | {name: placeholders[name] for name in missing})
    return {name: getattr(valid, name) for name in model.model_fields}


def _nodes(hosts: Hosts, groups: Groups, problems: list[str]) -> tuple[Node, ...]:
    nodes: list[Node] = []
    placed: set[str] = set()
    for group, role in ROLES.items():
        members = groups.get(group, ())
        for host in members:
            if host in placed:
                problems.append(f"{group}.{host}: the host is listed twice; a host has one role")
                continue
            placed.add(host)
            if problem := node_name_problem(host):
                problems.append(f"hosts.{host}: {problem}")
            own = {name: value for name, value in hosts[host].items() if name in _HOST}
            if "address" not in own and re.match(CONNECTOR, host):
                # It is no node, whatever its address.
                continue
            if "address" not in own and (known := _numeric(hosts[host].get("ssh_hostname") or host)):
                own["address"] = known
            variables, bad = _validated(HostVariables, own, f"hosts.{host}", problems)
            for name in ("as_number", "fabric_address"):
                if getattr(variables, name) is not None:
                    problems.append(
                        f"hosts.{host}.{name}: is for routers only; a node's AS is that of its rack in bgp.as_numbers"
                    )
            if not bad:
                nodes.append(
                    Node(
                        name=host,
                        address=variables.address,
                        role=role,
                        rack=variables.rack,
                        address_v6=variables.address_v6,
                    )
                )
    for host in sorted(set(hosts) - {h for group in GROUPS for h in groups.get(group, ())}):
        problems.append(f"hosts.{host}: is in no group with a role; put it in control_plane, workers or routers")
    if not groups.get("control_plane"):
        problems.append(
            "control_plane: the group is missing or empty; a cluster needs one control-plane host, or three"
        )
    return tuple(nodes)


def _routers(hosts: Hosts, groups: Groups, problems: list[str]) -> dict[str, dict[str, Any]]:
    """The variables of those hosts of the group routers that are valid."""
    found = {}
    for host in groups.get(ROUTERS, ()):
        if any(host in groups.get(group, ()) for group in ROLES):
            problems.append(f"{ROUTERS}.{host}: the host is listed twice; a host has one role")
            continue
        own = {name: value for name, value in hosts[host].items() if name in _HOST}
        variables, bad = _validated(HostVariables, own, f"hosts.{host}", problems)
        if not bad:
            found[host] = variables.model_dump()
    return found


def _numeric(name: object) -> str | None:
    try:
        return str(ip_address(str(name)))
    except ValueError:
        return None


def _network(variables: ClusterVariables, bad: set[str], problems: list[str]) -> Network | None:
    if "network" in bad:
        return None
    settings = dict(variables.network)
    mode = settings.pop("mode", None)
    if mode is None:
        problems.append(f"network.mode: is missing; choose one of {', '.join(modes())}")
        return None
    kind = mode_named(mode) if isinstance(mode, str) else None
    if kind is None and isinstance(mode, str) and mode in retired():
        problems.append(f"network.mode: {mode} is out of date; {retired()[mode]}")
        return None
    if kind is None:
        problems.append(unknown("network.mode", mode if isinstance(mode, str) else show(mode), modes(), what="mode"))
        return None
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        problems += from_validation(error, prefix="network", known=kind.model_fields, retired=kind.retired_settings)
        return None


def _routes(variables: ClusterVariables, network: Network | None, problems: list[str]) -> Routes:
    """What the inventory states, or the mode's default."""
    if network is None:
        return variables.routes or Routes.PLUGIN
    routes = variables.routes or network.routes[0]
    if routes not in network.routes:
        problems.append(
            f"routes: {network.mode} does not support {routes.value!r}; "
            f"use {' or '.join(r.value for r in network.routes)}"
        )
    return routes


def _cluster(variables: ClusterVariables, nodes: tuple[Node, ...], bgp: Bgp | None, routes: Routes) -> Cluster:
    kube_proxy = {"mode": "nftables", **variables.kube_proxy}
    first = next((n for n in nodes if n.is_control_plane), None)
    endpoint = variables.control_plane_endpoint or (bracketed(str(first.address)) if first else "")
    return Cluster(
        name=variables.cluster_name,
        kubernetes_version=variables.kubernetes_version,
        nodes=nodes,
        pod_subnet=variables.pod_subnet,
        service_subnet=variables.service_subnet,
        control_plane_endpoint=endpoint if has_port(endpoint) else f"{endpoint}:6443",
        path_mtu=variables.path_mtu or USUAL_PATH_MTU,
        swap=variables.swap,
        ignore_preflight_errors=variables.ignore_preflight_errors,
        kubelet=variables.kubelet,
        kube_proxy=kube_proxy,
        containerd=variables.containerd,
        pod_subnet_v6=variables.pod_subnet_v6,
        service_subnet_v6=variables.service_subnet_v6,
        bgp=bgp,
        routes=routes,
        cloud=variables.cloud,
        tunnel_offload=variables.tunnel_offload == "keep",
        registries=registries_of(variables.registries),
        proxy=variables.proxy.proxy if variables.proxy else None,
    )
