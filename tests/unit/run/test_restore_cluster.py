"""Whether a backup belongs to an inventory's cluster, and its hosts are empty."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.backup.test_archive import BACKUP
from underlay.inventory.errors import InvalidInventory
from underlay.run import observe, restore_cluster
from underlay.run.restore_cluster import Beginning, backup_problems, beginning

from .answering_hosts import Answering
from .test_unanswered import MEMBER, REFUSED


@pytest.fixture(autouse=True)
def _written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "_API_BACK_S", 0)
    monkeypatch.setattr(observe, "run_as_root", lambda host, _script, _arguments: host.reply())


def problems(**differences: Any) -> list[str]:
    cluster = Answering().run.spec.cluster
    own = replace(
        BACKUP,
        cluster=cluster.name,
        endpoint=cluster.control_plane_endpoint,
        kubernetes=cluster.kubernetes_version,
    )
    return [*backup_problems(replace(own, **differences), cluster)]


def test_a_backup_of_the_cluster_fits() -> None:
    assert problems() == []


def test_all_that_does_not_fit_is_said_at_once() -> None:
    name, endpoint, version = problems(cluster="other", endpoint="192.0.2.9:6443", kubernetes="v1.30.0")
    assert name.startswith("the backup is of other, and the inventory's cluster is ")
    assert endpoint.startswith("control_plane_endpoint: the backup's is 192.0.2.9:6443, the inventory has ")
    assert version.endswith("; restore with the backup's, then upgrade")


def test_it_begins_on_an_empty_host_whatever_workers_are() -> None:
    # They have the kubelet of the cluster that is lost.
    found = beginning(Answering(said={"w-1": MEMBER}).state)
    assert (found.resumed, found.empty) == (False, {"cp-1", "w-2"})


@pytest.mark.parametrize("seed", [True, False])
def test_a_cluster_that_is_there_is_left_alone_unless_a_restore_has_made_it(
    monkeypatch: pytest.MonkeyPatch, seed: bool
) -> None:
    monkeypatch.setattr(restore_cluster, "_has_seed", lambda _: seed)
    answering = Answering(said=dict.fromkeys(("cp-1", "w-1", "w-2"), MEMBER))
    if seed:
        assert beginning(answering.state) == Beginning(resumed=True, empty=frozenset())
        return
    with pytest.raises(InvalidInventory, match="cp-1: is in a cluster, and a restore begins on empty"):
        beginning(answering.state)


def test_what_is_unknown_is_not_empty() -> None:
    with pytest.raises(InvalidInventory, match="cp-1: whether it is in a cluster is unknown"):
        beginning(Answering(ends={"cp-1": {"kubelet": f"1 {REFUSED}"}}).state)
