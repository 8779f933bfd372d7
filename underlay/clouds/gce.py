"""A GCE network: routes to nodes' instances, and the firewall rule for pods."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import IPv4Network, ip_network
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.api_core.extended_operation import ExtendedOperation
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import compute_v1

from .change import CloudChange, CloudError, PodRoute
from .settings import CloudSettings

_CHAIN = "GOOGLE_APPLICATION_CREDENTIALS, gcloud's application-default login, the instance's service account"
_OURS = "pods, by Underlay"
_PRIORITY = 1000
_TIMEOUT_S = 120.0


class Gce:
    """Requires compute.{routes,firewalls}.{list,create,delete}, compute.instances.list and compute.projects.get."""

    def __init__(self, settings: CloudSettings) -> None:
        self._settings = settings
        self._network = f"projects/{settings.project}/global/networks/{settings.network}"

    def _client(self, kind: Callable[..., Any]) -> Any:
        if self._settings.endpoint is None:
            return kind()
        # An emulator, which checks no credentials.
        return kind(credentials=AnonymousCredentials(), client_options={"api_endpoint": self._settings.endpoint})

    def plan(self, required: Sequence[PodRoute], pods: IPv4Network) -> list[CloudChange]:
        """See `Cloud.plan`."""
        with _errors():
            instances = self._instances()
            routes, there = self._there(pods)
            problems = [*_unsuitable(required, instances), *self._full(required, there)]
            if problems:
                raise CloudError(problems)
            return [*self._firewall(pods), *self._routes(routes, there, required, instances)]

    def removal(self, leaving: Sequence[str] | None, pods: IPv4Network) -> list[CloudChange]:
        """See `Cloud.removal`."""
        project = self._settings.project
        with _errors():
            instances = self._instances() if leaving else {}
            to = {_path(instances[a]) for a in leaving or () if a in instances}
            routes, there = self._there(pods)
            made = [
                CloudChange(
                    f"route {r.dest_range} ({r.name}) -> deleted",
                    _waited(partial(routes.delete, project=project, route=r.name)),
                )
                for r in there
                if r.description == _OURS and (leaving is None or any(r.next_hop_instance.endswith(p) for p in to))
            ]
            return [*made, *(self._firewall_removed() if leaving is None else ())]

    def _there(self, pods: IPv4Network) -> tuple[Any, list[Any]]:
        """The API's client for routes, and the routes to pods."""
        client = self._client(compute_v1.RoutesClient)
        return client, [r for r in client.list(project=self._settings.project) if self._of_pods(r, pods)]

    def _instances(self) -> dict[str, Any]:
        """Return address -> instance."""
        client = self._client(compute_v1.InstancesClient)
        return {
            link.network_i_p: instance
            for zone in self._settings.zones
            for instance in client.list(project=self._settings.project, zone=zone)
            for link in instance.network_interfaces
        }

    def _of_pods(self, route: Any, pods: IPv4Network) -> bool:
        same = route.network.endswith(self._network)
        return same and "/" in route.dest_range and _inside(route.dest_range, pods)

    def _full(self, required: Sequence[PodRoute], there: list[Any]) -> Iterator[str]:
        project = self._client(compute_v1.ProjectsClient).get(project=self._settings.project)
        quota = next((q for q in project.quotas if q.metric == "ROUTES"), None)
        if quota is None:
            return
        total = int(quota.usage) - len(there) + len(required)
        if total > quota.limit:
            yield (
                f"cloud: project {self._settings.project} would exceed its quota ({total} routes, quota "
                f"{int(quota.limit)}); raise it, or use an overlay"
            )

    @property
    def _rule(self) -> str:
        return f"underlay-pods-{self._settings.network}"

    def _firewall_removed(self) -> Iterator[CloudChange]:
        client, project = self._client(compute_v1.FirewallsClient), self._settings.project
        for rule in client.list(project=project):
            if rule.name == self._rule and rule.description == _OURS:
                delete = partial(client.delete, project=project, firewall=rule.name)
                yield CloudChange(f"firewall {rule.name}: deleted", _waited(delete))

    def _firewall(self, pods: IPv4Network) -> Iterator[CloudChange]:
        client = self._client(compute_v1.FirewallsClient)
        name = self._rule
        for rule in client.list(project=self._settings.project):
            if rule.name == name and str(pods) in rule.source_ranges:
                return
        rule = compute_v1.Firewall(
            name=name,
            network=self._network,
            direction="INGRESS",
            source_ranges=[str(pods)],
            allowed=[compute_v1.Allowed(I_p_protocol="all")],
            description=_OURS,
        )
        insert = partial(client.insert, project=self._settings.project, firewall_resource=rule)
        yield CloudChange(f"firewall {name}: allow {pods}", _waited(insert))

    def _routes(
        self, client: Any, there: list[Any], required: Sequence[PodRoute], instances: dict[str, Any]
    ) -> Iterator[CloudChange]:
        project = self._settings.project
        existing: dict[str, list[Any]] = {}
        for route in there:
            existing.setdefault(route.dest_range, []).append(route)
        made = []
        for pod_route in required:
            instance = instances[pod_route.address]
            right = [r for r in existing.get(pod_route.subnet, ()) if r.next_hop_instance.endswith(_path(instance))]
            if right:
                existing[pod_route.subnet].remove(right[0])
                continue
            route = compute_v1.Route(
                name=_name(pod_route),
                network=self._network,
                dest_range=pod_route.subnet,
                next_hop_instance=instance.self_link,
                priority=_PRIORITY,
                description=_OURS,
            )
            insert = _waited(partial(client.insert, project=project, route_resource=route))
            made.append(CloudChange(f"route {pod_route.subnet} -> {pod_route.node} ({instance.name})", insert))
        # Deletions first: a name may be used again, and two equal routes would share the traffic.
        for subnet, left in sorted(existing.items()):
            for route in left:
                delete = _waited(partial(client.delete, project=project, route=route.name))
                yield CloudChange(f"route {subnet} ({route.name}) -> deleted, no node has it", delete)
        yield from made


@contextmanager
def _errors() -> Iterator[None]:
    """Errors of Google's API become lines for a person."""
    try:
        yield
    except DefaultCredentialsError as error:
        raise CloudError([f"cloud: no Google credentials found; provide them by one of {_CHAIN}"]) from error
    except GoogleAPICallError as error:
        raise CloudError([f"cloud: GCE rejects the request ({error.message})"]) from error


def _unsuitable(required: Sequence[PodRoute], instances: dict[str, Any]) -> Iterator[str]:
    for pod_route in required:
        instance = instances.get(pod_route.address)
        if instance is None:
            yield f"cloud: no instance has the address of {pod_route.node} ({pod_route.address}); see cloud.zones"
        elif not instance.can_ip_forward:
            yield (
                f"cloud: instance {instance.name} of {pod_route.node} cannot forward packets of pods; stop it and set "
                "canIpForward (gcloud compute instances export, edit, update-from-file)"
            )


def _waited(start: Callable[[], ExtendedOperation]) -> Callable[[], object]:
    return lambda: start().result(timeout=_TIMEOUT_S)


def _name(pod_route: PodRoute) -> str:
    """A route's name; it has the subnet, so that a node that returns with another one causes no conflict."""
    text = re.sub(r"[^a-z0-9]+", "-", f"pods-{pod_route.node}-{pod_route.subnet}".lower())
    return text[:63].strip("-")


def _path(instance: Any) -> str:
    return "/".join(instance.self_link.split("/")[-6:])


def _inside(text: str, pods: IPv4Network) -> bool:
    found = ip_network(text)
    return isinstance(found, IPv4Network) and found.subnet_of(pods)
