"""A neighbour that FRR never starts is restarted; one that was established, or has a timer, is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.routing.frr_drift import RESTART_IDLE

# As FRR 10.3 printed them, as far as they are read.
NEIGHBOUR = """\
BGP neighbor is {peer}, remote AS 64512, local AS 64512, internal link
  Local Role: undefined
  BGP state = {state}
  Last read 00:00:31, Last write never
  Connections established {count}; dropped 0
  Last reset 00:00:31,  Update source change (n/a)
BGP Connect Retry Timer in Seconds: 10
{timer}
"""


FILE = """\
router bgp 64512
 neighbor 192.0.2.2 remote-as 64512
 neighbor 192.0.2.2 bfd
 neighbor 192.0.2.2 bfd profile UNDERLAY
 neighbor 192.0.2.3 bfd
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "frr.conf"
    path.write_text(FILE)
    return path


def restarted(shell: Shell, conf: Path, *shown: str) -> tuple[int, list[str]]:
    """Exit status of `restart_idle`, and the last command of each call of vtysh."""
    text = "\n".join(shown)
    fakes = f"""
sleep() {{ :; }}
vtysh() {{ case $2 in 'show bgp neighbors') cat <<'END'
{text}
END
;; *) for last in "$@"; do :; done; echo "$last";; esac; }}
"""
    ran = shell.run(f"{fakes}{RESTART_IDLE.replace('/etc/frr/frr.conf', str(conf))}\nrestart_idle\n")
    return ran.rc, ran.stdout.split("\n")[:-1]


def neighbour(peer: str, *, state: str = "Idle", count: int = 0, timer: str = "") -> str:
    return NEIGHBOUR.format(peer=peer, state=state, count=count, timer=timer)


RESTARTED = [
    "no neighbor 192.0.2.2 bfd",
    "clear bgp 192.0.2.2",
    "neighbor 192.0.2.2 bfd",
    "neighbor 192.0.2.2 bfd profile UNDERLAY",
]


def test_one_that_is_never_tried_is_restarted(shell: Shell, conf: Path) -> None:
    up = neighbour("192.0.2.3", state="Established, up for 00:00:03", count=1)
    assert restarted(shell, conf, up, neighbour("192.0.2.2")) == (1, RESTARTED)
    assert restarted(shell, conf, neighbour("192.0.2.2"), up) == (1, RESTARTED)
    assert restarted(shell, conf, neighbour("192.0.2.9")) == (1, ["clear bgp 192.0.2.9"])


@pytest.mark.parametrize(
    "shown",
    [
        neighbour("192.0.2.2", timer="Next start timer due in 4 seconds"),
        neighbour("192.0.2.2", count=1),
        neighbour("192.0.2.2", state="Active"),
        neighbour("192.0.2.2", state="Established, up for 00:00:03", count=1),
    ],
)
def test_others_are_left_alone(shell: Shell, conf: Path, shown: str) -> None:
    assert restarted(shell, conf, shown) == (0, [])
