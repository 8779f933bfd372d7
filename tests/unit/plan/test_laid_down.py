"""What each mode lays down for three clusters, as reviewed: what a render has with the mode and not without one."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

import pytest

from tests.proof import saw
from tests.unit.clusters import MODES, PaperArtifacts, cluster, dual_stack, network, one_rack, with_bgp
from tests.unit.golden import DIRECTORY, golden
from underlay.inventory.spec import Spec
from underlay.model.cluster import Cluster
from underlay.model.traits import Reach, Status, Traits
from underlay.networks.network import Network
from underlay.plan.render import rendered

CLUSTERS = {
    "small": (one_rack(bgp=None), one_rack()),
    "racks-with-bgp": (cluster(bgp=with_bgp()),),
    "dual-stack": (dual_stack(),),
}


class Nothing(Network):
    """Lays nothing down: what is the same whatever the mode."""

    mode = "nothing"

    @property
    def traits(self) -> Traits:
        return Traits(status=Status.SUPPORTED, version="", reach=Reach.ANYWHERE)


@pytest.mark.parametrize("name", CLUSTERS)
@pytest.mark.parametrize("mode", MODES)
def test_what_a_mode_lays_down_is_as_reviewed(mode: str, name: str) -> None:
    text = laid_down(network(mode), name)
    assert text == golden(f"laid-down/{mode}-{name}.txt", text)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_serves_one_of_the_clusters(mode: str) -> None:
    made = network(mode)
    assert [name for name in CLUSTERS if served(made, name)]
    saw(mode, 1, "rendered for three clusters as reviewed; every key is known to its chart or CRD")


def test_no_document_of_a_mode_that_is_gone_is_kept() -> None:
    known = {f"{mode}-{name}.txt" for mode in MODES for name in CLUSTERS}
    assert sorted({p.name for p in (DIRECTORY / "laid-down").glob("*.txt")} - known) == []


def laid_down(made: Network, name: str) -> str:
    """The document: in whole for the first cluster, for the others what differs from that."""
    shape = served(made, name)
    if shape is None:
        return "".join(f"refused: {problem}\n" for problem in made.problems(CLUSTERS[name][-1]))
    parts = parts_of(made, shape)
    first = served(made, next(iter(CLUSTERS)))
    if first is None or first == shape:
        return "\n".join(f"=== {path}\n{text}" for path, text in parts.items())
    before = parts_of(made, first)
    changed = [
        f"=== {path}\n{text if path not in before else only_changes(before[path], text)}"
        for path, text in parts.items()
        if text != before.get(path)
    ]
    gone = [f"=== {path}\nnot here\n" for path in before if path not in parts]
    if not changed and not gone:
        return "as for the small cluster\n"
    return "\n".join(["as for the small cluster, but:\n", *changed, *gone])


def served(made: Network, name: str) -> Cluster | None:
    return next((c for c in CLUSTERS[name] if not made.problems(c)), None)


def parts_of(made: Network, shape: Cluster) -> dict[str, str]:
    """Path -> what is there because of the mode: of files that every mode has the lines, of others the whole."""
    with_it = rendered(spec(made, shape), PaperArtifacts())
    without = rendered(spec(Nothing(), shape), PaperArtifacts())
    found = {}
    for path, text in with_it.items():
        # The record repeats the settings beside what is the cluster's.
        if text == without.get(path) or path.endswith("-configmap-underlay.yaml"):
            continue
        shared = path in without and (path.startswith("hosts/") or "kubeadm" in path)
        found[path] = only_changes(without[path], text) if shared else text
    return together(found)


def spec(made: Network, shape: Cluster) -> Spec:
    asked = replace(shape, routes=made.routes[0])
    return Spec(cluster=asked, network=made, artifacts={"source": "upstream"}, verify=True)


def together(files: dict[str, str]) -> dict[str, str]:
    """The files with those that are the same on several hosts told once: hosts/{cp-1,w-1}/path."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for path, text in files.items():
        if found := re.fullmatch(r"hosts/([^/]+)/(.*)", path):
            hosts.setdefault((found[2], text), []).append(found[1])
    alike = {(p, t): n[0] if len(n) == 1 else f"{{{','.join(n)}}}" for (p, t), n in hosts.items()}
    cluster = {path: text for path, text in files.items() if not path.startswith("hosts/")}
    return dict(sorted(cluster.items())) | {f"hosts/{n}/{p}": t for (p, t), n in sorted(alike.items())}


def only_changes(before: str, after: str) -> str:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return "".join(f"{line}\n" for line in lines if not line.startswith("@@"))


def test_files_that_hosts_share_are_told_once() -> None:
    files = {"hosts/a/x": "1", "hosts/b/x": "1", "hosts/b/y": "2", "cluster/z": "3"}
    assert together(files) == {"cluster/z": "3", "hosts/{a,b}/x": "1", "hosts/b/y": "2"}


def test_of_a_changed_file_the_changed_lines_are_told() -> None:
    assert only_changes("a\nb\nc\n", "a\nB\nc\nd\n") == "-b\n+B\n+d\n"
