"""What testinfra finds of every declared resource: hosts side by side, the resources of one in turn."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from underlay.resources.resource import Resource

from .target import Target

LANE = "states"
_HOSTS_AT_ONCE = 8


class States:
    """Asks from the moment it is made; `close` waits for what was begun."""

    def __init__(self, target: Target, wanted: dict[str, list[Resource]]) -> None:
        self._target = target
        self._pool = ThreadPoolExecutor(max_workers=_HOSTS_AT_ONCE)
        self._found: dict[str, Future[dict[Resource, str | Exception | None]]] = {
            name: self._pool.submit(self._ask, name, resources) for name, resources in wanted.items()
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

    def _ask(self, name: str, resources: list[Resource]) -> dict[Resource, str | Exception | None]:
        host = self._target.host(name, lane=LANE)
        return {resource: _problem(resource, host) for resource in resources}


def _problem(resource: Resource, host: object) -> str | Exception | None:
    try:
        return resource.check(host)  # type: ignore[arg-type]
    except Exception as error:
        return error
