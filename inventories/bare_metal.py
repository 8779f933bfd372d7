"""An example of a rollout on real hosts: three control-plane hosts behind a load balancer, two racks.

Copy it, put in your hosts, and look at what would change before anything does: underlay plan inventories/mine.py
"""

control_plane = [
    ("cp-1.example.org", {"address": "192.0.2.11", "rack": "rack-1"}),
    ("cp-2.example.org", {"address": "192.0.2.75", "rack": "rack-2"}),
    ("cp-3.example.org", {"address": "192.0.2.139", "rack": "rack-3"}),
]
workers = [
    ("w-1.example.org", {"address": "192.0.2.21", "rack": "rack-1"}),
    ("w-2.example.org", {"address": "192.0.2.85", "rack": "rack-2"}),
]

cluster = (
    [*control_plane, *workers],
    {
        "ssh_user": "root",
        "cluster_name": "example",
        # Your load balancer in front of the three, on TCP 6443.
        "control_plane_endpoint": "api.example.org:6443",
        "network": {"mode": "flannel-vxlan", "direct_routing": True},
        # Release downloads and registries of upstream; or a mirror of them: {"source": "mirror", "url": "https://…"};
        # or a directory made by `underlay bundle` where there is no way out: {"source": "bundle", "path": "…"}.
        "artifacts": {"source": "upstream"},
    },
)
