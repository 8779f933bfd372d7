"""What Flannel's CNI plugin notes of each pod; without it, it lets go of no pod that another plugin has attached."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Any

CNI_NAME = "cbr0"
ADDRESSES = f"/var/lib/cni/networks/{CNI_NAME}"
# The plugin's dataDir: for each container the configuration of the bridge plugin that it delegated to (cni-plugin
# v1.9.1, flannel_linux.go, saveScratchNetConf). A removal without that file does nothing, and the address stays taken.
SCRATCH = "/var/lib/cni/flannel"


def adoption(delegate: Mapping[str, Any], subnets: Iterable[str]) -> str:
    """Shell that writes those notes for the containers that host-local has addresses of.

    :param subnets: the node's pod subnets.
    """
    ranges = [[{"subnet": subnet}] for subnet in subnets]
    conf = {
        "name": CNI_NAME,
        "cniVersion": "0.3.1",
        "type": "bridge",
        **delegate,
        "ipam": {"type": "host-local", "ranges": ranges},
    }
    text = json.dumps(conf, sort_keys=True)
    return f"""\
mkdir -p -m 700 {SCRATCH}
for a in {ADDRESSES}/*[.:]*; do
  # Two lines: the container, and its link; what was last reserved has one.
  [ -f "$a" ] && [ "$(grep -c . "$a")" = 2 ] || continue
  c=$(head -n 1 "$a" | tr -d '\\r')
  [ -e "{SCRATCH}/$c" ] || {{ printf '%s' {quote(text)} >"{SCRATCH}/.$c" && mv -f "{SCRATCH}/.$c" "{SCRATCH}/$c"; }}
done"""
