"""Virtual machines that Vagrant makes: `vagrant up`, then this inventory like any other.

vagrant.json says how many, in how many racks, and what they are made of; the Vagrantfile reads the same list.
"""

from underlay.vagrant.inventory import hosts

_machines = hosts("vagrant.json")
control_plane = _machines.control_plane
workers = _machines.workers

cluster = (
    [*control_plane, *workers],
    {
        "cluster_name": _machines.name,
        "network": {"mode": "flannel-vxlan"},
        # Release downloads and registries of upstream; or {"source": "bundle", "path": "…"} where there is no way out.
        "artifacts": {"source": "upstream"},
    },
)
