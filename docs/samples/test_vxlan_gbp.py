"""What only flannel-vxlan-gbp does: marks."""

from __future__ import annotations

import pytest

from underlay.networks.flannel.vxlan import FlannelVxlan
from underlay.networks.flannel.vxlan_gbp import FlannelVxlanGbp

from .samples import judged, link, net_conf


def test_flanneld_makes_a_link_with_marks() -> None:
    assert net_conf(FlannelVxlanGbp())["Backend"] == net_conf(FlannelVxlan())["Backend"] | {"GBP": True}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"id": 1, "port": 8472, "gbp": True}, None),
        ({"id": 1, "port": 8472}, "flannel.1: no marks, expected gbp"),
    ],
)
def test_a_link_without_marks_is_reported(data: dict[str, object], problem: str | None) -> None:
    assert judged(FlannelVxlanGbp(), "the VXLAN link's marks", link("flannel.1", "vxlan", 1450, **data)) == problem
