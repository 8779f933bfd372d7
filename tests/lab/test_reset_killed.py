"""A reset whose shell on the host is killed at any moment, or whose host dies, is run again and ends as it should."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from .deployed import Deployed, Run
from .host_snapshot import difference, snapshot
from .operators_own import put

pytestmark = [pytest.mark.lab]

LAB = {"name": "undone", "network": "10.143.0.0/16", "workers": 0, "racks": 1}
# Seconds after the host's reset began; what takes longest is to end the pods, what follows is one step after another.
MOMENTS = (0.5, 1, 0.3, 1.5, 0.6, 2, 1, 3, 4)
# The shell that sshd has started for a run leads a group of its own.
KILL = r"""
for p in $(pgrep -x sh -P "$(pgrep -d, -f '^sshd.*root@notty')"); do kill -KILL -- -$p; echo killed; done"""
LASTING = ("path", "unit-file", "package", "user")


@pytest.fixture(scope="module")
def undone() -> Iterator[tuple[Deployed, list[str]]]:
    """A node with an operator's things on it, and what it was before its first deploy."""
    lab = Deployed(lab=LAB, cluster={"network": {"mode": "flannel-vxlan"}})
    with lab.booted():
        put(lab, "cp-1")
        yield lab, snapshot(lab, "cp-1")


def deploy(lab: Deployed) -> None:
    run = lab.deploy("--data", "verify=false")
    assert run.code == 0, run.end


def reset_interrupted(lab: Deployed, act: Callable[[], object], *, after: float) -> Run:
    def later() -> None:
        time.sleep(after)
        act()

    return lab.acting("reset", "resetting", later, "--yes")


def test_a_shell_that_is_killed_at_any_moment(undone: tuple[Deployed, list[str]]) -> None:
    lab, before = undone
    deploy(lab)
    killed = 0
    for moment in MOMENTS:
        ended: list[str] = []
        run = reset_interrupted(lab, lambda: ended.append(lab.ssh("cp-1", KILL)), after=moment)  # noqa: B023
        if run.code == 0:
            break
        assert any(ended), run.end
        killed += 1
    assert killed > 2
    last = lab.underlay("reset", "--yes")
    assert last.code == 0, last.end
    assert lab.underlay("reset", "--yes").text.count("nothing to reset") == 1
    left = difference(before, snapshot(lab, "cp-1"))
    assert not left, "\n".join(left)


def test_a_run_that_is_killed_while_its_script_works_on(undone: tuple[Deployed, list[str]]) -> None:
    lab, before = undone
    deploy(lab)
    script = "$(tail -n 1 /run/underlay/at-work | cut -d' ' -f1)"
    halfway = f"[ ! -e /etc/kubernetes/admin.conf ] && kill -STOP {script}"
    assert lab.killed_once("cp-1", halfway, "reset", "resetting", "--yes").code != 0
    lab.ssh("cp-1", f"p={script}; (sleep 5; kill -CONT $p) >/dev/null 2>&1 &")
    again = lab.underlay("reset", "--yes")
    assert again.code == 0, again.end
    assert again.text.count("nothing to reset") == 1
    left = difference(before, snapshot(lab, "cp-1"))
    assert not left, "\n".join(left)


def test_a_host_that_dies_in_the_middle(undone: tuple[Deployed, list[str]]) -> None:
    lab, before = undone
    deploy(lab)
    run = reset_interrupted(lab, lambda: lab.ssh("cp-1", "systemctl poweroff --force --force"), after=3)
    assert run.code == 1, run.end
    again = lab.underlay("reset", "--yes")
    assert again.code == 0, again.end
    # What an operator has set without a file is gone with the boot.
    lasting = [line for line in before if line.startswith(LASTING)]
    left = difference(lasting, [line for line in snapshot(lab, "cp-1") if line.startswith(LASTING)])
    assert not left, "\n".join(left)
