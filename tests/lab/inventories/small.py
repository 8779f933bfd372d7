"""A lab of the tests: inventories/lab.py's concessions, the rest from the environment (see tests/lab/deployed.py)."""

import json
import os
import runpy

from underlay.artifacts.home import bundle_directory
from underlay.lab.inventory import Lab, hosts

_asked = json.loads(os.environ["UNDERLAY_TEST"])
_plain = runpy.run_path("inventories/lab.py")
_carried = _plain["_carried"] if _asked.get("carried", True) else {}
_mounts = {**_carried.get("mounts", {}), **_asked["lab"].get("mounts", {})}
_hosts = hosts(Lab(**{**_carried, **_asked["lab"], "mounts": _mounts}))
control_plane = _hosts.control_plane
workers = _hosts.workers
if _asked.get("one_rack"):
    # What an inventory says that does not know better.
    control_plane, workers = ([(n, d | {"rack": "rack-1"}) for n, d in group] for group in (control_plane, workers))
if _asked.get("only_v6"):
    _sixth = lambda data: {k: v for k, v in data.items() if k != "address_v6"} | {"address": data["address_v6"]}  # noqa: E731
    control_plane, workers = ([(n, _sixth(d)) for n, d in group] for group in (control_plane, workers))
elif "pod_subnet_v6" not in _asked.get("cluster", {}):
    # The hosts may have more addresses than the cluster is to use.
    _without = lambda data: {key: value for key, value in data.items() if key != "address_v6"}  # noqa: E731
    control_plane, workers = ([(n, _without(d)) for n, d in group] for group in (control_plane, workers))
if _own := _asked.get("own"):
    # Variables of single hosts, over those of the lab.
    control_plane, workers = (
        [(n, d | _own.get(n.rpartition(":")[2].rpartition("/")[2], {})) for n, d in group]
        for group in (control_plane, workers)
    )
if _first := _asked.get("first"):
    control_plane = sorted(control_plane, key=lambda host: not host[0].endswith(f":{_first}"))
# Routers that are not ours stand in `bgp` alone.
_ours = [] if _asked.get("foreign_routers") else enumerate(_hosts.routers)
routers = [(name, {**data, "as_number": 64601 + number}) for number, (name, data) in _ours]
cluster = (
    [*routers, *control_plane, *workers],
    {
        "cluster_name": _asked["lab"]["name"],
        "network": {"mode": "flannel-vxlan"},
        "artifacts": {"source": "bundle", "path": str(bundle_directory())},
        **_plain["_concessions"],
        **_asked.get("cluster", {}),
    },
)
