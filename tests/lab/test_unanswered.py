"""An API server that does not answer hides a cluster and takes nothing away from it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest

from .deployed import Deployed

pytestmark = [pytest.mark.lab]

ADMIN = "/etc/kubernetes/admin.conf"
# Accepts connections, and says nothing.
MUTE = 'import socket, time; s = socket.create_server(("127.0.0.1", 6445)); time.sleep(600)'
# Refuses connections with an API server, as a host does whose server restarts.
SHUT = """\
table inet shut {
	chain output {
		type filter hook output priority 0;
		tcp dport { 6443, 6444 } reject with tcp reset
	}
}
"""
OTHER = {"mode": "flannel-vxlan"}


@pytest.fixture
def lost(api_server: Deployed) -> Iterator[Deployed]:
    """The cluster, whose first host looks for the API server where nobody listens."""
    api_server.ssh("cp-1", f"cp -p {ADMIN} /root/kept.conf; sed -i 's/:6443/:6444/' {ADMIN}")
    try:
        yield api_server
    finally:
        api_server.ssh("cp-1", f"mv /root/kept.conf {ADMIN}; systemctl stop mute 2>/dev/null || true")


def test_another_mode_is_refused_while_the_record_cannot_be_read(lost: Deployed) -> None:
    before = lost.kubectl("get", "daemonsets", "-A", "-o", "name")
    run = lost.deploy(network=OTHER)
    assert run.code == 1, run.text
    assert "could not be asked what its cluster was made with" in run.text
    assert "6444 was refused" in run.text
    assert lost.kubectl("get", "daemonsets", "-A", "-o", "name") == before
    record = json.loads(
        lost.kubectl("get", "configmap", "-n", "kube-system", "underlay", "-o", "jsonpath={.data.spec}")
    )
    assert record["network"] == {"mode": "none"}


def test_an_api_server_that_says_nothing_is_given_up_within_half_a_minute(lost: Deployed) -> None:
    lost.ssh("cp-1", f"sed -i 's/https:.*:6444/https:\\/\\/127.0.0.1:6445/' {ADMIN}")
    lost.ssh("cp-1", f"systemd-run -q --collect --unit=mute python3 -c '{MUTE}'")
    began = time.monotonic()
    run = lost.underlay("plan")
    # A busy machine is given twice the time.
    assert time.monotonic() - began < 60
    assert run.code == 1, run.text
    assert "could not be asked what its cluster was made with" in run.text
    assert "create" not in run.text


def test_an_endpoint_that_is_gone_is_told_from_its_server_at_once(lost: Deployed) -> None:
    lost.ssh(
        "cp-1", f"sed -i 's/https:.*:6444/https:\\/\\/192.0.2.99:6443/' {ADMIN}; ip route replace 192.0.2.99 dev lo"
    )
    run = lost.underlay("plan")
    lost.ssh("cp-1", "ip route del 192.0.2.99 dev lo")
    assert run.code == 1, run.text
    silent = r"no connection to 192\.0\.2\.99:6443 within \d+ s, though the API server of this host answers"
    assert re.search(silent, run.text), run.text
    assert "see why control_plane_endpoint does not lead there" in run.text


def test_an_api_server_that_comes_back_is_waited_for(lost: Deployed) -> None:
    # Down is what this host's own is, too.
    lost.ssh("cp-1", f"nft -f - <<'END'\n{SHUT}END")
    back = f"nft delete table inet shut; cp -p /root/kept.conf {ADMIN}"
    run = lost.acting("plan", "asking again", lambda: lost.ssh("cp-1", back))
    assert run.code == 0, run.end
    assert "cp-1: no change" in run.text
