"""What each mode installs on clusters of several shapes, as reviewed: as its difference to what other modes have too."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.proof import saw
from tests.unit.clusters import MODES, PlainNetwork
from tests.unit.golden import DIRECTORY, golden
from tests.unit.golden.difference import difference
from tests.unit.golden.documents import COMMON, DOCUMENTS, document, rendering, served
from tests.unit.golden.plain import plain_of
from tests.unit.golden.rendering import Files, files
from underlay.model.cluster import Cluster
from underlay.model.prerequisites import Prerequisites
from underlay.networks.flannel import flannel
from underlay.networks.network import Network
from underlay.networks.registry import modes
from underlay.plan import host_prerequisites
from underlay.resources.file import File
from underlay.resources.kernel_module import KernelModule
from underlay.resources.packages import Packages
from underlay.resources.sysctl import Sysctl
from underlay.resources.sysctl_floor import SysctlFloor

REMEMBERED = rendering()
"""Renders of the plan as it is, each made once."""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_rendered_is_as_reviewed(name: str) -> None:
    text = document(name, REMEMBERED)
    assert text == golden(f"rendered/{name}.txt", text)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_serves_one_of_the_clusters(mode: str) -> None:
    assert served(modes()[mode])
    saw(mode, 1, "rendered for three clusters as reviewed; every key is known to its chart or CRD")


def test_no_document_of_a_mode_that_is_gone_is_kept() -> None:
    assert {p.name for p in (DIRECTORY / "rendered").iterdir()} == {f"{name}.txt" for name in DOCUMENTS}


def test_every_other_document_is_compared_with_by_some_test() -> None:
    sources = "".join(path.read_text() for path in DIRECTORY.parent.rglob("test_*.py"))
    names = re.findall(r'golden\(f?"([^"]+)"', sources) + re.findall(r'"golden" / "([^"]+)"', sources)
    patterns = [re.sub(r"\\{.*?\\}", ".+", re.escape(name)) for name in names]
    kept = [path.name for path in DIRECTORY.iterdir() if path.is_file() and path.suffix != ".py"]
    assert [name for name in kept if not any(re.fullmatch(pattern, name) for pattern in patterns)] == []


@pytest.mark.parametrize("mode", MODES)
def test_a_line_more_in_any_file_of_a_mode_is_in_its_document(mode: str) -> None:
    kind = modes()[mode]

    def marked(rendered: type[Network], shape: str) -> Files:
        found = REMEMBERED(rendered, shape)
        # In other words for every file, as the same line in several files of a host would be shown once.
        return (
            {key: f"{text}added to {key[1]}, {shape}\n" for key, text in found.items()} if rendered is kind else found
        )

    shown = document(mode, marked)
    for shape in served(kind):
        assert [path for _, path in REMEMBERED(kind, shape) if f"added to {path}, {shape}" not in shown] == []


@cache
def remembered() -> dict[str, str]:
    return {name: document(name, REMEMBERED) for name in DOCUMENTS}


def changed() -> list[str]:
    """The documents that are not as they were before a test changed the plan."""
    now = rendering()
    return [name for name, text in remembered().items() if document(name, now) != text]


@pytest.fixture(name="remembered")
def remembered_before_any_change() -> None:
    remembered()


@pytest.mark.usefixtures("remembered")
def test_a_package_more_on_every_host_changes_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_prerequisites, "PACKAGES", (*host_prerequisites.PACKAGES, "zstd"))
    assert changed() == [COMMON]


@pytest.mark.usefixtures("remembered")
def test_another_value_of_a_sysctl_changes_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_prerequisites, "INOTIFY", SysctlFloor(host_prerequisites.INOTIFY.name, 16384))
    assert changed() == [COMMON]


@pytest.mark.usefixtures("remembered")
def test_another_value_of_a_plugins_sysctl_changes_the_document_of_the_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flannel, "Sysctl", lambda name, value: Sysctl(name, "0" if "ip6tables" in name else value))
    assert changed() == [f"{COMMON}-flannel"]


class OneOfEach(PlainNetwork):
    """Brings one resource of each kind that hosts are prepared with."""

    def prerequisites(self, cluster: Cluster) -> Prerequisites:
        return Prerequisites(
            resources=(
                File("/etc/of-the-mode", "text"),
                Sysctl("net.of.the.mode", "1"),
                KernelModule("of_the_mode"),
                Packages(("of-the-mode",)),
            )
        )


def test_what_a_mode_brings_comes_after_what_every_host_has() -> None:
    lines = files(OneOfEach(), "small")["w-1", "resources.txt"].splitlines()
    before = {line: lines[i] for i, line in enumerate(lines[1:])}
    assert {line: before[line] for line in lines if re.search("of.the.mode", line)} == {
        "prepare: kernel module of_the_mode": "prepare: kernel module nf_conntrack",
        "prepare: sysctl net.of.the.mode, value 1": "prepare: sysctl net.ipv4.ip_forward, value 1",
        "prepare: file /etc/of-the-mode": before["prepare: file /etc/of-the-mode"],
        "prepare: packages of-the-mode": "prepare: file /etc/of-the-mode",
    }
    assert before["prepare: file /etc/of-the-mode"].startswith("prepare: unit systemd-networkd.service")


def test_a_file_that_is_new_is_shown_in_whole_and_once_for_hosts_that_share_it() -> None:
    text = "one line\nand another\n"
    after = {("a", "x"): text, ("b", "x"): text, ("c", "x"): f"{text}more\n"}
    assert difference(after, {}) == f"=== a, b: x\n{text}=== c: x: +more\n"


def test_of_a_changed_file_the_changed_lines_are_shown_with_the_keys_above_them() -> None:
    before = {("", "x"): "a:\n  b:\n    c: 1\n    d: 2\n"}
    after = {("", "x"): "a:\n  b:\n    c: 3\n    d: 2\n  e: 4\n"}
    assert difference(after, before) == "=== x\n@ a | +e: 4\n@ a b | ~c: 1 -> 3\n"


def test_a_file_that_is_missing_and_one_in_another_order_are_shown() -> None:
    before = {("a", "x"): "1\n", ("a", "y"): "1\n2\n"}
    assert difference({("a", "y"): "2\n1\n"}, before) == "=== a: x: (not here)\n=== a: y, in another order\n2\n1\n"


def test_what_is_expected_is_not_shown_again_and_what_is_missing_of_it_is() -> None:
    small, mode = {("a", "x"): "1\n"}, {("a", "x"): "1\nmode\n"}
    grown = {("a", "x"): "1\nv6\n"}
    assert difference({("a", "x"): "1\nmode\nv6\n"}, mode, expected=(grown, small)) == ""
    assert difference(mode, mode, expected=(grown, small)) == "=== a: x: -v6\n"


def test_a_mode_is_compared_with_what_it_is_derived_from() -> None:
    compared = {mode: plain_of(kind).mode for mode, kind in modes().items()}
    assert compared["routed"] == "plain"
    assert compared["flannel-vxlan"] == "flannel"
    assert compared["weave-encrypted"] == "weave-fast-datapath"
