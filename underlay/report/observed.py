"""The cluster as observed: the parts of the report that pictures are drawn from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of the report: nothing in it changes, and nothing unknown is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ObservedNetwork(Part):
    mode: str
    data_path: str = Field("", description="how a packet travels between nodes, in a few words")
    pod_subnet: str
    pod_subnets: list[str] = Field(default=[], description="all of them; two where the cluster is dual stack")
    service_subnets: list[str] = Field(default=[])
    pod_mtu: int = Field(description="bytes; the largest packet that a pod may send")
    path_mtu: int | None = Field(None, description="bytes; the largest packet that passes between any two nodes")
    kube_proxy: str = Field("", description="the requested mode; empty where the network replaces kube-proxy")
    routes: str = Field("", description="what installs the routes to the pod subnets")


class ObservedLink(Part):
    """A link of a node; the ends of pods' veth pairs are left out."""

    name: str
    kind: str = Field("", description="the kernel's name (vxlan, bridge, wireguard, …); empty for a plain device")
    mtu: int
    up: bool


class ObservedHop(Part):
    """How a node sends a packet to the pods of another, from `ip route get`."""

    to: str
    link: str
    kind: str = Field("", description="of that link; empty for a plain device, which is no tunnel")
    via: str = Field("", description="the next hop's address, where there is one")


class ObservedNode(Part):
    version: str = Field("", description="the kubelet's")
    state: str = Field("", description="Ready or NotReady")
    role: str = ""
    rack: str = ""
    address: str = ""
    system: str = ""
    kernel: str = ""
    runtime: str = ""
    pod_subnets: list[str] = Field(default=[])
    links: list[ObservedLink] = Field(default=[])
    hops: list[ObservedHop] = Field(default=[])
    ipsec_states: int = Field(0, description="security associations in the kernel")


class ObservedRouter(Part):
    rack: str
    address: str
    as_number: int
    managed: bool = Field(description="whether Underlay configures it")


class ObservedSession(Part):
    """A BGP session, both sides together."""

    one: str
    other: str
    one_as: int
    other_as: int
    state: str = Field(description="as both sides report it; joined by ' / ' where they differ")
    problem: str = Field("", description="empty when it is up with the expected prefixes")


class ObservedPath(Part):
    """What was measured from one node's pod to another's; `host_…` is the same between the nodes themselves."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    from_: str = Field(alias="from")
    to: str
    class_: str = Field("", alias="class", description="same node, same rack or across racks")
    checks: dict[str, str] = Field(default={}, description="check -> 'ok', or what is wrong")
    latency_ms: float | None = Field(None, description="a round trip; null where it was not measured")
    throughput_mbit: float | None = Field(None, description="megabits a second, TCP")
    host_latency_ms: float | None = None
    host_throughput_mbit: float | None = None
    capture: str | None = Field(None, description="what the wire between the nodes showed")

    @property
    def failed(self) -> list[str]:
        return [name for name, result in self.checks.items() if result != "ok"]
