"""What a host of arm64 is given: the files that upstream publishes for it, by the checksums that upstream publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from underlay.artifacts.download_source import DownloadSource
from underlay.artifacts.fetch import fetch_script
from underlay.artifacts.trust import Wanted, trusted

PLUGINS = "github.com/containernetworking/plugins/releases/download/v1.9.1/cni-plugins-linux-arm64-v1.9.1.tgz"
# As kubespray's table of upstream's checksums has them: roles/kubespray_defaults/vars/main/checksums.yml at 46dbdd3994b3.
PUBLISHED = {
    ("kubeadm", "1.36.4"): (
        "dl.k8s.io/release/v1.36.4/bin/linux/arm64/kubeadm",
        "6a849c07d3e1c708f5c40f1ac8be03a56124204dfc7e1931e4113634019c0dad",
    ),
    ("kubelet", "1.36.4"): (
        "dl.k8s.io/release/v1.36.4/bin/linux/arm64/kubelet",
        "fd53ea3fcbd077844f50a3c67e9b52f62972a563674956bab0c0f4fb7ea37d50",
    ),
    ("kubectl", "1.36.4"): (
        "dl.k8s.io/release/v1.36.4/bin/linux/arm64/kubectl",
        "0ecf44450ee6063bf19dd166a103ee6df4a9034455c2abce626e6eea657d73fb",
    ),
    ("bridge", "1.9.1"): (PLUGINS, "56171987d3947707c3563db2f4001bccaf50fd63468611b9f3cbecb1375ee7ec"),
    ("loopback", "1.9.1"): (PLUGINS, "56171987d3947707c3563db2f4001bccaf50fd63468611b9f3cbecb1375ee7ec"),
}


@pytest.mark.parametrize(("name", "version"), list(PUBLISHED))
def test_is_what_upstream_publishes_for_it(tmp_path: Path, name: str, version: str) -> None:
    wanted = Wanted(commands=frozenset(PUBLISHED))
    source = DownloadSource("https://", trusted(wanted, prefix="https://", lock=tmp_path / "none", locked=True))
    path, sha256 = PUBLISHED[name, version]
    found = source.binary(name, version, "arm64")
    assert (found.url, found.sha256) == (f"https://{path}", sha256)
    script = fetch_script([source.binary(name, version), found], "/usr/local/bin/it")
    (case,) = [line for line in script.splitlines() if line.startswith("aarch64) ")]
    assert f" https://{path} {sha256} " in case
    assert "amd64" not in case
