"""The state of every declared resource, checked by testinfra: hosts in parallel, the resources of one in turn."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from underlay.resources.resource import Resource

from .target import Target

LANE = "states"
_HOSTS_AT_ONCE = 8


class ResourceStates:
    """Checks from the moment it is created; `close` waits for what was begun."""

    def __init__(self, target: Target, selected: dict[str, list[Resource]]) -> None:
        self._target = target
        self._pool = ThreadPoolExecutor(max_workers=_HOSTS_AT_ONCE)
        self._found: dict[str, Future[dict[Resource, str | Exception | None]]] = {
            name: self._pool.submit(self._check, name, resources) for name, resources in selected.items()
        }

    def problem(self, node: str, resource: Resource) -> str | None:
        """What is wrong with it.

        :raises Exception: what its check raised.
        """
        found = self._found[node].result()[resource]
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _check(self, name: str, resources: list[Resource]) -> dict[Resource, str | Exception | None]:
        host = self._target.host(name, lane=LANE)
        return {resource: _problem(resource, host) for resource in resources}


def _problem(resource: Resource, host: object) -> str | Exception | None:
    try:
        return resource.check(host)  # type: ignore[arg-type]
    except Exception as error:
        return error
