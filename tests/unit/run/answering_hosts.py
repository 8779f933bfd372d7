"""Hosts that print what a test has written down, in a run of pyinfra that has connected to nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from gevent.pool import Pool
from pyinfra.api import Config, State

from tests.unit.clusters import PaperArtifacts, spec
from tests.unit.fit_answers import FIT
from underlay.resources.static_pods import StaticPods
from underlay.run.run import InventoryVariables, Run, begin

Spoil = Callable[[list[str]], list[str]]


@dataclass
class Answering:
    """A run on hosts that answer. `said` are lines by host and probe, over those of a fresh host; `ends` are exit
    status and reason of questions, by host and probe or title of a resource; `spoils` is done to a host's output.
    """

    mode: str = "flannel-vxlan"
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ends: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    spoils: Mapping[str, Spoil] = field(default_factory=dict)
    queried: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        made = spec(self.mode)
        self.run = Run(InventoryVariables("x", {}, {}), spec=made, artifacts=PaperArtifacts())
        self.state = State()
        self.state.config = Config()
        self.state.pool = Pool()
        hosts = [self._host(node.name) for node in made.cluster.nodes]
        self.state.inventory = cast(Any, SimpleNamespace(get_active_hosts=lambda: hosts))
        begin(self.state, self.run)

    def _host(self, name: str) -> Any:
        def reply() -> tuple[int, bytes, bytes]:
            self.queried.append(name)
            lines = self.spoils.get(name, lambda lines: lines)(self.output(name))
            return 0, "\n".join(lines).encode(errors="surrogatepass"), b""

        host = SimpleNamespace(name=name, reply=reply, state=self.state, print_prefix=f"[{name}] ")
        host.data, host.current_deploy_kwargs = SimpleNamespace(), None
        return host

    def output(self, name: str) -> list[str]:
        """What the host's shell prints."""
        plan = self.run.plan_of(name)
        node = self.run.spec.cluster.node(name)
        own = {
            "hostname": name,
            "machine-id": name,
            "addresses": f'[{{"ifname":"eth0","mtu":1500,"addr_info":[{{"local":"{node.address}","prefixlen":24}}]}}]',
        }
        known = FIT | own | {StaticPods().title: "behind:"} | dict(self.said.get(name, {}))
        ends = self.ends.get(name, {})
        lines = [""]
        for number, key in enumerate([*(p.name for p in plan.probes), *(r.title for r in plan.resources)]):
            end = ends.get(key, "0 ")
            line = "" if key in ends else known.get(key, "absent")
            lines += [f"@{number} {line}", "", f"@{number}={end}"]
        return lines
