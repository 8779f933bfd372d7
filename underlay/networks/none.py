"""Mode none: bring your own plugin."""

from __future__ import annotations

from underlay.model.traits import Reach, Status, Traits

from .network import Network


class NoNetwork(Network):
    """No plugin is installed: nodes stay NotReady until you install one.

    For a plugin that Underlay does not know, or a network that another tool installs.
    """

    data_path = "whatever you install"

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version="", reach=Reach.ANYWHERE, families=(4, 6))

    @property
    def carries_pods(self) -> bool:
        return False
