"""pyinfra's inventory -> a Spec, or one error that lists every problem, before any host is contacted."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, cast

import click
from pyinfra.api import Host, Inventory, State
from pyinfra.api.exceptions import PyinfraError
from pyinfra.context import ctx_state

from underlay.artifacts.site_lock import site_lock_of
from underlay.encoding import prepare_streams
from underlay.inventory.errors import InvalidInventory
from underlay.inventory.leaving import last, without
from underlay.inventory.limit import Limit, limited, of_names
from underlay.inventory.spec import GROUPS, Groups, Hosts, Spec, read_spec
from underlay.inventory.untested import untested

from .artifacts import requested_artifacts
from .artifacts_named import NamedArtifacts
from .claim import claim
from .interrupts import interrupt_the_command
from .inventory_file import group_problems, load_problem, patched
from .leaving import leaving
from .run import InventoryVariables, Run, begin


def hosts_and_groups(inventory: Inventory) -> tuple[Hosts, Groups]:
    """Variables of every host but those that are leaving, and members of every group, whatever `--limit` selects."""
    hosts = {host.name: host.data.dict() for host in inventory}
    groups = {g: tuple(h.name for h in inventory.get_group(g, default=None) or ()) for g in GROUPS}
    return without(hosts, groups, leaving())


def staying(inventory: Inventory) -> list[Host]:
    """The hosts that are not leaving."""
    return [host for host in inventory if host.name not in leaving()]


def _hosts_and_groups(inventory: Inventory, instead: Mapping[str, Any]) -> tuple[Hosts, Groups]:
    hosts, groups = hosts_and_groups(inventory)
    return {host: {**data, **instead} for host, data in hosts.items()}, groups


def read_run(inventory: Inventory, *, name: str, instead: Mapping[str, Any] = MappingProxyType({})) -> Run:
    """The run of an inventory, with its spec and artifacts, before any host is contacted.

    :param instead: variables of all hosts that take the place of the inventory's.
    :raises InvalidInventory: with every problem, the artifacts' among them.
    """
    hosts, groups = _hosts_and_groups(inventory, instead)
    spec = read_spec(hosts, groups)
    for line in untested(spec):
        click.echo(f"underlay: warning: {line}", err=True)
    artifacts = requested_artifacts(spec, lock=site_lock_of(name))
    return Run(inventory=InventoryVariables(name, hosts, groups), spec=spec, artifacts=artifacts)


def read_declared(inventory: Inventory, *, instead: Mapping[str, Any] = MappingProxyType({})) -> Spec:
    """What an inventory declares, for what installs nothing: its artifacts need not be there yet.

    :param instead: variables of all hosts that take the place of the inventory's.
    :raises InvalidInventory: with every problem.
    """
    return read_spec(*_hosts_and_groups(inventory, instead))


def read_unsourced(inventory: Inventory, *, name: str, behind: Collection[str] = ()) -> Run:
    """The run of an inventory for what installs nothing: its source of artifacts is not opened.

    :param behind: hosts that come after all others of their group.
    :raises InvalidInventory: with every problem.
    """
    hosts, groups = hosts_and_groups(inventory)
    groups = last(groups, behind)
    spec = read_spec(hosts, groups)
    artifacts = NamedArtifacts(kubernetes_version=spec.cluster.kubernetes_version)
    return Run(inventory=InventoryVariables(name, hosts, groups), spec=spec, artifacts=artifacts)


def before_connecting(state: State) -> None:
    """Have pyinfra's own command refuse an invalid inventory before it connects to any host.

    `State.init` is the one call between the loading of the inventory and the first connection.
    """
    from .connections import watch_connections  # noqa: PLC0415
    from .progress import watch  # noqa: PLC0415

    prepare_streams()
    init = state.init

    def checked(inventory: Inventory, config: Any, initial_limit: Any = None) -> None:
        if not len(inventory):
            refuse([f"inventory: {_argument()} does not exist or names no hosts; check the path"])
        back = _is_reset()
        try:
            limit = _limit(inventory, initial_limit)
            read = read_unsourced if back else read_run
            of_run = claim(_argument(), "reset" if back else "deploy")
            run = replace(read(inventory, name=_argument()), claim=of_run, limit=limit)
        except InvalidInventory as error:
            refuse(error.problems)
        if run.limit or leaving():
            # What the cluster is, the first control-plane host says.
            initial_limit = [
                h for h in staying(inventory) if h.name in run.limit or h.name == run.spec.cluster.first.name
            ]
        init(inventory, config, initial_limit=initial_limit)
        begin(state, run)
        watch_connections(state)
        watch(state, summary=not back)

    state.init = checked  # type: ignore[method-assign]


def _limit(inventory: Inventory, chosen: list[Any] | None) -> Limit:
    """What pyinfra's options limit the run to.

    :param chosen: the hosts that pyinfra has found for them.
    :raises InvalidInventory: when an option names nobody, of which pyinfra warns and goes on, or nobody is left.
    """
    hosts = [host.name for host in inventory]
    context = click.get_current_context(silent=True)
    limited(context.params.get("limit") or () if context else (), hosts, group_members(inventory))
    if chosen is None:
        return Limit()
    if not chosen:
        raise InvalidInventory(["--limit: selects no host; the hosts are " + ", ".join(sorted(hosts))])
    return of_names([host.name for host in chosen], hosts)


def group_members(inventory: Inventory) -> dict[str, list[str]]:
    """The hosts of every group that the inventory names."""
    return {name: [host.name for host in members] for name, members in inventory.groups.items()}


def refuse(problems: Any) -> NoReturn:
    """Print every problem and exit with status 1."""
    for problem in problems:
        click.echo(f"underlay: {problem}", err=True)
    sys.exit(1)


def _argument() -> str:
    """The inventory as the user named it on pyinfra's command line."""
    return next((a for a in sys.argv[1:] if a.endswith(".py") or a.startswith("@")), "the inventory")


def _is_reset() -> bool:
    """Whether pyinfra runs reset.py, which installs nothing."""
    return any(Path(argument).name == "reset.py" for argument in sys.argv[1:])


def load(path: str, *, data: dict[str, Any] | None = None) -> Inventory:
    """The inventory file as pyinfra's own command would load it.

    :raises InvalidInventory: when there is no such file or it fails.
    """
    # pyinfra_cli patches the process for gevent when it is imported.
    from pyinfra_cli import inventory as files  # noqa: PLC0415
    from pyinfra_cli.exceptions import UnexpectedExternalError, WrappedError  # noqa: PLC0415

    interrupt_the_command()
    if not Path(path).is_file():
        near = ", ".join(sorted(str(p) for p in Path("inventories").glob("*.py")))
        raise InvalidInventory([f"inventory: {path} does not exist; inventories here are {near or 'none'}"])
    read = files._get_groups_from_filename

    def checked(filename: str) -> dict[str, Any]:
        groups = cast("dict[str, Any]", read(filename))
        if problems := list(group_problems(groups)):
            raise InvalidInventory(problems)
        return groups

    try:
        # pyinfra records in its state which file it executes; of hosts that a group names twice it takes the last.
        with ctx_state.use(State()), patched(files, "_get_groups_from_filename", checked):
            return cast(Inventory, files.make_inventory_from_files(path, data or {}, str(Path.cwd())))
    except InvalidInventory:
        raise
    except (WrappedError, UnexpectedExternalError) as error:
        raise InvalidInventory([load_problem(path, error.exception)]) from error
    except PyinfraError as error:
        # A connector that cannot name its hosts: vagrant or terraform is not there, or knows none.
        said = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
        raise InvalidInventory([f"inventory: {path}: {said}; name hosts that SSH reaches instead"]) from error
    except Exception as error:  # whatever a file of the operator's raises
        raise InvalidInventory([load_problem(path, error)]) from error


def main() -> None:
    """Print an inventory's hosts and groups as JSON: `python -m underlay.run.read_inventory FILE`."""
    try:
        hosts, groups = hosts_and_groups(load(sys.argv[1]))
        read_spec(hosts, groups)
    except InvalidInventory as error:
        refuse(error.problems)
    click.echo(json.dumps({"hosts": hosts, "groups": groups}, default=str))


if __name__ == "__main__":
    main()
