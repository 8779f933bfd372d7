"""The picture of who peers with whom: every host and every session of the inventory, and the one in docs is current."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.unit.clusters import cluster, node, with_bgp
from underlay.inventory.spec import read_spec
from underlay.routing.peering_picture import MOST, peering_picture

ROOT = Path(__file__).resolve().parents[3]


def words(picture: str) -> list[str]:
    return [t.text or "" for t in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314


def test_every_host_and_every_session_is_drawn() -> None:
    picture = peering_picture(cluster(bgp=with_bgp()))
    assert {"cp-1", "w-1", "w-2", "tor-1", "tor-2", "AS 64601"} <= set(words(picture))
    assert picture.count('class="session"') == 3


def test_sessions_within_an_as_are_dashed() -> None:
    mesh = cluster(bgp=with_bgp(routers=(), as_numbers={"rack-1": 64512, "rack-2": 64512}))
    assert peering_picture(mesh).count('class="session inner"') == 3


def test_a_large_rack_is_drawn_by_some_of_its_nodes() -> None:
    nodes = (*cluster().control_plane, *(node(f"w-{i}", i) for i in range(2, 40)))
    picture = peering_picture(cluster(nodes=nodes, bgp=with_bgp()))
    assert "rack-1: nodes in AS 64513, 33 more nodes like these" in words(picture)
    assert picture.count('class="host node"') == MOST


def test_the_picture_in_docs_is_what_is_drawn_now() -> None:
    # In a process of its own: reading an inventory has pyinfra patch the whole process.
    command = [sys.executable, "-m", "underlay.run.read_inventory", "inventories/lab_bgp.py"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    read = json.loads(done.stdout)
    spec = read_spec(read["hosts"], {name: tuple(members) for name, members in read["groups"].items()})
    kept = (ROOT / "docs/pictures/lab-bgp.svg").read_text()
    assert peering_picture(spec.cluster) == kept, "make docs draws it anew"
