"""A neighbour that FRR never tries to reach is woken; one that was up, or is to be tried again, is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.local_host import Shell
from underlay.routing.frr_drift import AWAKE

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


def woken(shell: Shell, conf: Path, *shown: str) -> tuple[int, list[str]]:
    """Exit status of `awake`, and the last thing of each that vtysh was told."""
    text = "\n".join(shown)
    fakes = f"""
sleep() {{ :; }}
vtysh() {{ case $2 in 'show bgp neighbors') cat <<'END'
{text}
END
;; *) for last in "$@"; do :; done; echo "$last";; esac; }}
"""
    ran = shell.run(f"{fakes}{AWAKE.replace('/etc/frr/frr.conf', str(conf))}\nawake\n")
    return ran.rc, ran.stdout.split("\n")[:-1]


def neighbour(peer: str, *, state: str = "Idle", count: int = 0, timer: str = "") -> str:
    return NEIGHBOUR.format(peer=peer, state=state, count=count, timer=timer)


WOKEN = [
    "no neighbor 192.0.2.2 bfd",
    "clear bgp 192.0.2.2",
    "neighbor 192.0.2.2 bfd",
    "neighbor 192.0.2.2 bfd profile UNDERLAY",
]


def test_one_that_is_never_tried_is_woken(shell: Shell, conf: Path) -> None:
    up = neighbour("192.0.2.3", state="Established, up for 00:00:03", count=1)
    assert woken(shell, conf, up, neighbour("192.0.2.2")) == (1, WOKEN)
    assert woken(shell, conf, neighbour("192.0.2.2"), up) == (1, WOKEN)
    assert woken(shell, conf, neighbour("192.0.2.9")) == (1, ["clear bgp 192.0.2.9"])


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
    assert woken(shell, conf, shown) == (0, [])
