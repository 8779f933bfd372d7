"""What a change of the network would do, in words, and why it cannot be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from underlay.inventory.spec import Spec
from underlay.model.routes import Routes
from underlay.networks.network import Network

from .strategy import Strategy, shared_bridge, strategy


@dataclass(frozen=True)
class ChangePlan:
    """`comes` and `goes` are sentences by host; `resumed` is whether an earlier run has begun it."""

    old: Spec
    spec: Spec
    comes: Mapping[str, Sequence[str]]
    goes: Mapping[str, Sequence[str]]
    resumed: bool = False
    strategy: Strategy = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "strategy", strategy(self.old.network, self.spec.network))

    @property
    def lines(self) -> list[str]:
        """All of it, for the operator."""
        old, new = self.old.network, self.spec.network
        found = [
            f"network: {text_of(old)} -> {text_of(new)}{', begun before' if self.resumed else ''}",
            f"data path: {_both(old.data_path, new.data_path)}",
            f"strategy: {self.strategy}; {self.strategy.meaning}",
        ]
        if old.carries_pods and new.carries_pods:
            one, other = old.link_mtu(self.old.cluster), new.link_mtu(self.spec.cluster)
            found.append(f"MTU of pods: {_both(one, other)}{', set in running pods' if one != other else ''}")
        found += [f"lost: {line}" for line in self.losses]
        by_lines: dict[tuple[str, ...], list[str]] = {}
        for host in self.comes:
            by_lines.setdefault((*self.comes[host], *self.goes.get(host, ())), []).append(host)
        for lines, hosts in by_lines.items():
            found += [f"{', '.join(hosts)}:", *(f"  {line}" for line in lines or ("nothing changes on the host",))]
        found.append("way back: underlay change --back, until the change has ended; then the old mode in the inventory")
        return found

    @property
    def losses(self) -> list[str]:
        """What the old network does and the new one does not."""
        old, new = self.old.network.traits, self.spec.network.traits
        found = []
        if old.encryption and not new.encryption:
            found.append(f"encryption between nodes ({old.encryption})")
        if self.old.enforcer and not self.spec.enforcer:
            found.append(f"NetworkPolicies, which {self.old.enforcer} enforces; network_policy adds an engine")
        if self.old.network.carries_pods and not self.spec.network.carries_pods:
            found.append("the pod network: pods with addresses of it end, and start again when there is a network")
        return found


def _both(one: object, other: object) -> str:
    return f"{one} -> {other}" if one != other else f"{one}"


def text_of(network: Network) -> str:
    """A network with what it is set to apart from defaults."""
    set_to = network.model_dump(mode="json", exclude_defaults=True)
    return " ".join([network.mode, *(f"{name}={value}" for name, value in set_to.items())])


def obstacles(old: Spec, new: Spec) -> list[str]:
    """Why one network cannot become another on a running cluster; empty where it can."""
    found = [
        f"network.mode: {spec.network.mode} is installed by charts, and a change {way} it is not made yet; make a new "
        "cluster, or keep the network"
        for spec, way in ((old, "from"), (new, "to"))
        if spec.network.addon(spec.cluster).releases
    ]
    found += [
        f"routes: {spec.network.mode} has a VPC's routes, and a change {way} it is not made yet; keep the network, or "
        "make a new cluster"
        for spec, way in ((old, "from"), (new, "to"))
        if spec.cluster.routes is Routes.CLOUD
    ]
    both = old.network.carries_pods and new.network.carries_pods
    if found or not both or shared_bridge(old.network, new.network):
        return found
    return [
        f"network.mode: {old.network.mode} and {new.network.mode} attach pods in different ways, and such a change is "
        "not made yet; make a new cluster, or keep the network"
    ]
