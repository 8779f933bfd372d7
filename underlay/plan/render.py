"""Everything a deploy would apply, as texts at paths: for review, for GitOps, for golden tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from underlay.inventory.spec import Spec
from underlay.model.addon import Object
from underlay.resources.file import File
from underlay.resources.firewalld import Firewalld
from underlay.resources.objects import Objects
from underlay.resources.packet_filter import PacketFilter
from underlay.resources.release import HelmRelease

from .artifacts import Artifacts
from .declared import declared
from .host_plan import HostPlan, Phase, plans
from .kubeadm import discovery, init_documents, join_documents, upload_documents
from .secrets import Secrets, named
from .yaml_text import as_yaml

TOKEN = named("kube-system/bootstrap-token")
CERTIFICATE_KEY = named("kube-system/kubeadm-certs.certificate-key")


def rendered(spec: Spec, artifacts: Artifacts) -> dict[str, str]:
    """Path -> text, sorted; deterministic for a spec. Secrets are replaced by their names."""
    secrets = Secrets(spec)
    hosts = plans(spec, artifacts)
    found: dict[str, str] = {}
    for name, plan in hosts.items():
        found |= _host(name, plan, secrets)
    found |= _kubeadm(spec, secrets)
    found |= _network(spec, hosts, artifacts, secrets)
    return dict(sorted(found.items()))


def _host(name: str, plan: HostPlan, secrets: Secrets) -> dict[str, str]:
    """A host's files with their contents, its resources as lines, and what its firewall accepts."""
    root = f"hosts/{name}"
    found = {f"{root}/resources.txt": secrets.text("".join(_lines(plan)))}
    firewalls = [r for r in plan.resources if isinstance(r, (PacketFilter, Firewalld))]
    if firewalls:
        passes = dict.fromkeys(p.sentence for firewall in firewalls for p in firewall.passes)
        found[f"{root}/firewall.txt"] = "".join(f"{sentence}\n" for sentence in passes)
    for resource in plan.resources:
        if isinstance(resource, File) and resource.content is not None:
            content = f"{named(resource.path)}\n" if resource.secret else secrets.text(resource.content)
            found[f"{root}{resource.path}"] = content
    return found


def _lines(plan: HostPlan) -> Iterator[str]:
    for phase in Phase:
        for resource in plan.of(phase):
            yield from (f"{phase}: {line}\n" for line in declared(resource))


def _kubeadm(spec: Spec, secrets: Secrets) -> dict[str, str]:
    cluster = spec.cluster
    init = init_documents(cluster, token=TOKEN, kube_proxy=not spec.network.replaces_kube_proxy)
    found = {"cluster/kubeadm-init.yaml": as_yaml(*secrets.hidden(init))}
    others = [n for n in cluster.nodes if n != cluster.first]
    if others:
        ca = named("kube-system/kubeadm.ca.crt")
        found["cluster/kubeadm-discovery.yaml"] = as_yaml(secrets.hidden(discovery(cluster, ca=ca, token=TOKEN)))
    if any(n.is_control_plane for n in others):
        upload = upload_documents(cluster, certificate_key=CERTIFICATE_KEY)
        found["cluster/kubeadm-upload-certs.yaml"] = as_yaml(*secrets.hidden(upload))
    for node in others:
        join = join_documents(cluster, node, certificate_key=CERTIFICATE_KEY)
        found[f"hosts/{node.name}/kubeadm-join.yaml"] = as_yaml(*secrets.hidden(join))
    return found


def _network(spec: Spec, hosts: dict[str, HostPlan], artifacts: Artifacts, secrets: Secrets) -> dict[str, str]:
    """The network's objects and charts, numbered in the order they are applied in."""
    before, after = "cluster/objects", "cluster/objects-after-release"
    objects: dict[str, list[Object]] = {before: [], after: []}
    folder = before
    for resource in hosts[spec.cluster.first.name].of(Phase.NETWORK):
        if isinstance(resource, HelmRelease):
            folder = after
        elif isinstance(resource, Objects):
            objects[folder] += resource.objects
    found = {"cluster/network.yaml": as_yaml(secrets.hidden(_summary(spec, artifacts)))}
    for where, items in objects.items():
        found |= _numbered(where, items, secrets)
    for number, release in enumerate(spec.network.addon(spec.cluster).releases, start=1):
        about = {
            "order": number,
            "name": release.name,
            "namespace": release.namespace,
            "chart": release.chart.name,
            "version": release.chart.version,
            "repository": release.chart.repository,
        }
        found[f"cluster/releases/{release.name}.yaml"] = as_yaml(about)
        found[f"cluster/releases/{release.name}-values.yaml"] = as_yaml(secrets.hidden(release.values))
    return found


def _summary(spec: Spec, artifacts: Artifacts) -> dict[str, Any]:
    """The network in short, for reviewers and for those who run the firewalls between nodes."""
    network, cluster = spec.network, spec.cluster
    addon = network.addon(cluster)
    return {
        "mode": network.mode,
        "settings": network.model_dump(mode="json"),
        "kube-proxy": "replaced by the network" if network.replaces_kube_proxy else cluster.kube_proxy_mode,
        "path-mtu": cluster.path_mtu,
        "pod-mtu": network.pod_mtu(cluster),
        "headers": [
            f"{h.name} {h.size} ({h.note})" if h.note else f"{h.name} {h.size}" for h in network.headers(cluster)
        ],
        "ports-between-nodes": [p.sentence for p in network.prerequisites(cluster).ports],
        "images-on-every-node": [artifacts.reference(name) for name in addon.images],
        "waited-for": [f"{r.kind} {r.namespace}/{r.name}" for r in addon.rollouts],
    }


def _numbered(folder: str, objects: Iterable[Object], secrets: Secrets) -> dict[str, str]:
    found = {}
    for number, item in enumerate(objects, start=1):
        name = re.sub(r"[^a-z0-9.-]+", "-", f"{item['kind']}-{item['metadata']['name']}".lower())
        found[f"{folder}/{number:02}-{name}.yaml"] = as_yaml(secrets.hidden(item))
    return found
