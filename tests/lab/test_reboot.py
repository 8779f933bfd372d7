"""Every host is rebooted: what was declared is there again, and what did not survive is reported."""

from __future__ import annotations

import pytest

from .deployed import Deployed

pytestmark = [pytest.mark.lab]

BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
THEIRS = """
[Service]
Type=oneshot
ExecStart=/sbin/sysctl -qw net.bridge.bridge-nf-call-ip6tables=0
[Install]
WantedBy=multi-user.target
"""


def test_a_reboot_is_not_begun_without_a_confirmation(pair: Deployed) -> None:
    assert pair.deploy("--data", "verify=false").code == 0
    before = pair.ssh("w-1", BOOT_ID)
    run = pair.underlay("verify", "--reboot")
    assert run.code == 1
    assert run.text == (
        "underlay: --reboot: interrupts the pods on every host in turn, and there is no terminal to confirm it; "
        "add --yes\n"
    )
    assert pair.ssh("w-1", BOOT_ID) == before


def test_a_cluster_is_verified_after_a_reboot_of_all_its_hosts(pair: Deployed) -> None:
    before = {name: pair.ssh(name, BOOT_ID) for name in ("w-1", "cp-1")}
    run = pair.underlay("verify", "--reboot", "--yes")
    assert run.code == 0, run.end
    after = {name: pair.ssh(name, BOOT_ID) for name in before}
    assert not set(before.items()) & set(after.items())
    report = pair.report()
    assert report["verdict"] == "verified"
    assert [p["name"] for p in report["phases"]] == ["Reboot w-1", "Reboot cp-1", "Verify"]
    assert pair.underlay("plan").code == 0


def test_what_does_not_outlast_a_reboot_is_reported(pair: Deployed) -> None:
    # All that was declared is there, in files and live, and a program of somebody's changes it at the next boot.
    pair.ssh("w-1", f"echo '{THEIRS}' >/etc/systemd/system/theirs.service; systemctl -q enable theirs")
    assert pair.underlay("plan").code == 0
    run = pair.underlay("verify", "--reboot", "--yes")
    assert run.code == 1, run.text
    failed = [(c["area"], c["hosts"], c["name"]) for c in pair.report()["checks"] if c["outcome"] == "failed"]
    assert failed == [("Host state", ["w-1"], "w-1: sysctl net.bridge.bridge-nf-call-ip6tables")]
    pair.ssh("w-1", "systemctl -q disable theirs; rm /etc/systemd/system/theirs.service")
    pair.ssh("w-1", "sysctl -qw net.bridge.bridge-nf-call-ip6tables=1")
