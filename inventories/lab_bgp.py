"""The lab with a BGP fabric: racks whose top-of-rack routers are hosts that run FRR, and no overlay.

One AS per rack for the nodes, one for each router. The sessions of nodes and routers are made from these facts.
"""

import runpy

from underlay.artifacts.home import bundle_directory
from underlay.lab.inventory import Lab, hosts

# What hosts made of namespaces carry and cannot do, with the reasons, is the plain lab's.
_plain = runpy.run_path("inventories/lab.py")
_lab = hosts(
    Lab(name="bgp", network="10.62.0.0/16", control_planes=1, workers=2, racks=2, routers=1, **_plain["_carried"])
)

control_plane = _lab.control_plane
workers = _lab.workers
routers = [(name, {**data, "as_number": 64601 + number}) for number, (name, data) in enumerate(_lab.routers)]

cluster = (
    [*routers, *control_plane, *workers],
    {
        "cluster_name": "bgp",
        "network": {"mode": "routed"},
        "bgp": {
            "as_numbers": {"rack-1": 64513, "rack-2": 64514},
            "password": "lab-only",
            "bfd": True,
            # Routers here share this machine's cores with everything else: a busy second is not a dead peer.
            "bfd_interval": 1000,
            "ttl_security": True,
        },
        "artifacts": {"source": "bundle", "path": str(bundle_directory())},
        **_plain["_concessions"],
    },
)
