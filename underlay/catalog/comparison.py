"""What to know of each mode before choosing it: the rows of every table, the data of every picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from inspect import cleandoc
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from underlay.model.cluster import Cluster
from underlay.model.cluster_policy import ClusterPolicySupport
from underlay.model.packet_header import Header
from underlay.model.traits import Traits
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.plan.declared import declared
from underlay.policy_engines import kube_router
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages

from .example_cluster import example_of
from .proof import Proof, Proofs, proof_of


@dataclass(frozen=True)
class Setting:
    """A setting of a mode; `default` and `bounds` as they are written in an inventory."""

    name: str
    default: str
    bounds: str
    meaning: str


@dataclass(frozen=True)
class Comparison:
    """A mode on its example cluster. Sizes in bytes; `pod_mtu` is None where the mode carries no pods."""

    mode: str
    plugin: str
    what: str
    advice: str
    data_path: str
    headers: tuple[Header, ...]
    path_mtu: int
    overhead: int
    pod_mtu: int | None
    needs: tuple[str, ...]
    prerequisites: tuple[str, ...]
    ports: tuple[str, ...]
    traits: Traits
    settings: tuple[Setting, ...]
    proof: Proof

    @property
    def policy(self) -> str:
        """What enforces NetworkPolicies, and which engine can where the mode enforces none."""
        return self.traits.policy or f"by {kube_router.NAME}"

    @property
    def cluster_policy(self) -> ClusterPolicySupport:
        """What becomes of policies of the whole cluster, by the mode or by the engine beside one that enforces none."""
        return self.traits.cluster_policy if self.traits.policy else kube_router.CLUSTER_POLICY

    @property
    def kernel(self) -> str:
        return ".".join(map(str, self.traits.kernel_since))

    @property
    def families(self) -> str:
        return "dual stack" if len(self.traits.families) == 2 else f"IPv{self.traits.families[0]}"

    def as_json(self) -> dict[str, Any]:
        """Plain data for JSON: the traits are fields next to the others, and the proof has its word."""
        found = asdict(self)
        traits = found.pop("traits")
        return {
            **found,
            **{key: list(value) if isinstance(value, tuple) else value for key, value in traits.items()},
            "kernel_since": self.kernel,
            "proof": {**found["proof"], "word": self.proof.word},
        }


def comparison(proofs: Proofs) -> tuple[Comparison, ...]:
    """Every mode, in alphabetical order."""
    return tuple(compared(mode, proofs) for mode in modes())


def compared(mode: str, proofs: Proofs) -> Comparison:
    """One mode, on its example cluster."""
    network, cluster = example_of(mode)
    what, _, advice = cleandoc(type(network).__doc__ or "").partition("\n")
    return Comparison(
        mode=mode,
        plugin=plugin_of(mode),
        what=what,
        advice=advice.strip(),
        data_path=network.data_path,
        headers=network.headers(cluster),
        path_mtu=cluster.path_mtu,
        overhead=network.overhead(cluster),
        pod_mtu=network.pod_mtu(cluster) if network.carries_pods else None,
        needs=tuple(_needs(network, cluster)),
        prerequisites=tuple(line for r in network.prerequisites(cluster).resources for line in declared(r)),
        ports=tuple(p.sentence for p in network.prerequisites(cluster).ports),
        traits=network.traits,
        settings=tuple(_settings(type(network))),
        proof=proof_of(mode, proofs),
    )


def enforcer_of(network: Network) -> str:
    """What enforces NetworkPolicies in a mode, or can beside it; "" where the mode carries no pods."""
    return network.traits.policy or (kube_router.NAME if network.carries_pods else "")


def plugin_of(mode: str) -> str:
    return mode.partition("-")[0]


# Kinds that the deploy provides on any host.
_OURS = ("file", "directory", "sysctl", "unit")
# More names of a kind than this are counted, but for modules, which a kernel may lack.
_NAMED = 2


def _needs(network: Network, cluster: Cluster) -> list[str]:
    """What not every host or site has, in a few words each."""
    names: dict[str, list[str]] = {}
    for resource in network.prerequisites(cluster).resources:
        if resource.kind not in _OURS:
            names.setdefault(resource.kind, []).append(resource.name)
    return [
        *(["one L2 segment"] if network.needs_one_segment else []),
        *(["BGP with routers"] if network.peers_with_routers else []),
        *([network.traits.cloud] if network.traits.cloud else []),
        *(_counted(kind, found) for kind, found in names.items()),
    ]


def _counted(kind: str, names: Sequence[str]) -> str:
    one = "package" if kind == Packages.kind else kind
    many = one if one.endswith("s") else f"{one}s"
    if len(names) > _NAMED and kind != KernelModule.kind:
        return f"{len(names)} {many}"
    return f"{many if len(names) > 1 else one} {', '.join(names)}"


def _settings(kind: type[Network]) -> list[Setting]:
    return [
        Setting(name, _default(kind, name), _bounds(kind, name), field.description or "")
        for name, field in kind.model_fields.items()
    ]


def _default(kind: type[Network], name: str) -> str:
    value = kind.model_fields[name].get_default(call_default_factory=True)
    if value in (PydanticUndefined, None, (), {}, "", []) or isinstance(value, SecretStr):
        return ""
    return str(getattr(value, "value", value))


def _bounds(kind: type[Network], name: str) -> str:
    """The values of a setting, from the JSON schema that pydantic makes of its type."""
    schema = _schema(kind)
    return _choices(schema["properties"][name], schema.get("$defs", {}))


@cache
def _schema(kind: type[Network]) -> dict[str, Any]:
    return kind.model_json_schema(mode="validation")


def _choices(schema: dict[str, Any], defs: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _choices(defs[schema["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(filter(None, (_choices(s, defs) for s in schema["anyOf"]))))
    if "enum" in schema or "const" in schema:
        *names, last = map(str, schema.get("enum", [schema.get("const")]))
        return f"{', '.join(names)} or {last}" if names else last
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1 if "exclusiveMinimum" in schema else None)
    high = schema.get("maximum", schema["exclusiveMaximum"] - 1 if "exclusiveMaximum" in schema else None)
    if low is not None or high is not None:
        return f"{low if low is not None else ''} to {high if high is not None else ''}".strip()
    kind = schema.get("type", "")
    words = {"boolean": "True or False", "string": "text", "integer": "number", "array": "list", "object": "table"}
    formats = {
        "ipv4network": "IPv4 subnet",
        "ipv6network": "IPv6 subnet",
        "ipv4": "IPv4 address",
        "ipv6": "IPv6 address",
    }
    if schema.get("writeOnly"):
        return "secret"
    return formats.get(schema.get("format", ""), words.get(kind, ""))
