"""Networks with nothing of their own: what every cluster gets, and what every mode of a plugin gets.

A mode's golden document is its difference to one of these. They are registered nowhere, so that no mode's name and no
mode's settings are part of what modes have in common.
"""

from __future__ import annotations

from typing import Any

from tests.unit.clusters import PlainNetwork
from underlay.model.cluster import Cluster
from underlay.model.prerequisites import Port
from underlay.networks.calico.calico import Calico
from underlay.networks.cilium.cilium import Cilium
from underlay.networks.cilium.data_path import DataPath, Tunnel
from underlay.networks.flannel.flannel import Flannel
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.networks.weave.weave import Weave


class PlainFlannel(Flannel):
    """Flannel with a backend that needs nothing."""

    mode = "flannel"

    def backend(self, cluster: Cluster) -> dict[str, Any]:
        return {"Type": "plain"}


class PlainCalico(Calico):
    """Calico without an overlay."""

    mode = "calico"


class PlainCilium(Cilium):
    """Cilium without any feature, over the data path that most of its modes have."""

    mode = "cilium"

    def path(self, cluster: Cluster) -> DataPath:
        return Tunnel("vxlan", self.tunnel_port)


class PlainWeave(Weave):
    """Weave without a data path."""

    mode = "weave"
    path = "sleeve"

    @property
    def encryption(self) -> str:
        return ""

    def ports(self) -> tuple[Port, ...]:
        return ()

    def links(self) -> tuple[str, ...]:
        return ()


PLUGINS: tuple[type[Network], ...] = (PlainFlannel, PlainCalico, PlainCilium, PlainWeave)


def plain_of(mode: type[Network]) -> type[Network]:
    """What a mode is shown as the difference to: the mode it is derived from, its plugin, or no network at all."""
    for base in mode.__mro__[1:]:
        if base in modes().values():
            return base
        if plugin := next((plain for plain in PLUGINS if base in plain.__bases__), None):
            return plugin
    return PlainNetwork
