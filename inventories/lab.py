"""The embedded lab: hosts in namespaces of this machine, booted when pyinfra connects."""

from underlay.artifacts.build.prefill import prefilled
from underlay.artifacts.home import bundle_directory
from underlay.lab.inventory import Lab, hosts

_images = prefilled(bundle_directory())
_carried = {
    # The bundle is shown to the hosts as it is, as an air-gapped site would carry it in; nothing is copied.
    "mounts": {"/var/cache/underlay/blobs": str(bundle_directory() / "blobs")},
    # Hosts start with the images unpacked, as a site's machine image would have them; without, they are imported.
    "templates": {"containerd": str(_images)} if _images else {},
}
# True: hosts, pods and Services have IPv6 addresses too. A lab that stands has to be taken down first.
_dual_stack = False

# More hosts or racks: change the numbers and run again.
_lab = hosts(Lab(control_planes=1, workers=2, racks=2, network_v6="fd61::/48" if _dual_stack else "", **_carried))

# True: MetalLB gives Services of type LoadBalancer an address. Have it built first: underlay bundle --with metallb
_load_balancer = False

# True: kube-router enforces NetworkPolicies. Have it built first: underlay bundle --with kube-router. It is the newest
# release that can be built, and security flaws of it are published: a site states no version and gets a current one.
_network_policy = False

control_plane = _lab.control_plane
workers = _lab.workers

# Concessions to hosts made of namespaces, on a machine that may lack what hosts have. None of them is a default.
_concessions = {
    # Swap is this machine's, not the host's.
    "swap": "keep",
    "accepted": {"disk-slow": "the hosts of a lab share one disk"},
    # kubeadm reads the kernel configuration and counts cores and memory of the machine around.
    "ignore_preflight_errors": ("SystemVerification", "Swap", "Mem", "NumCPU"),
    "kubelet": {
        # The controllers are cgroup v1 on some machines, and systemd in a host does not own them.
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        # Nobody may lower an OOM score without CAP_SYS_RESOURCE.
        "oomScoreAdj": 0,
        # The kubelet sees this machine's disk: at 85 % it would delete images that were brought in by hand.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        # A share of it says nothing of a host: with 15 % left of a large one the kubelet would evict pods.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1Gi",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1Gi",
            "imagefs.inodesFree": "1%",
        },
    },
    "kube_proxy": {
        "oomScoreAdj": 0,
        # nf_conntrack_max belongs to the machine and is read-only in a namespace.
        "conntrack": {"maxPerCore": 0, "min": 0},
    },
    "containerd": {"plugins": {"io.containerd.cri.v1.runtime": {"restrict_oom_score_adj": True}}},
}

lab = (
    [*control_plane, *workers],
    {
        "cluster_name": "lab",
        "network": {"mode": "flannel-vxlan"},
        "artifacts": {"source": "bundle", "path": str(bundle_directory())},
        **({"pod_subnet_v6": "fd00:10:244::/56", "service_subnet_v6": "fd00:10:96::/112"} if _dual_stack else {}),
        **({"load_balancer": {"addresses": _lab.spare}} if _load_balancer else {}),
        **({"network_policy": {"engine": "kube-router", "version": "v2.1.0"}} if _network_policy else {}),
        **_concessions,
    },
)
