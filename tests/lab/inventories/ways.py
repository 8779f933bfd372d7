"""Two hosts of a lab as plain SSH hosts: how each is reached stands in the environment (see tests/lab/test_ways.py)."""

import json
import os
import runpy

from underlay.artifacts.home import bundle_directory

_given = json.loads(os.environ["UNDERLAY_TEST"])
control_plane = [("cp-1", {"address": "10.203.1.11", "rack": "rack-1", **_given["cp-1"]})]
workers = [("w-1", {"address": "10.203.1.21", "rack": "rack-1", **_given["w-1"]})]
cluster = (
    [*control_plane, *workers],
    {
        "cluster_name": "ways",
        "network": {"mode": "flannel-vxlan"},
        "artifacts": {"source": "bundle", "path": str(bundle_directory())},
        **runpy.run_path("inventories/lab.py")["_concessions"],
    },
)
