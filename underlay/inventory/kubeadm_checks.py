"""The names of kubeadm's preflight checks, of which it ignores an unknown one without a word."""

from __future__ import annotations

import re

from .errors import nearest

# Kubernetes v1.37.2, cmd/kubeadm/app/preflight/checks.go, and the checks of one port, directory or file each.
_NAMES = (
    "all", "ContainerRuntimeVersion", "CRI", "Firewalld", "Hostname", "HTTPProxy", "HTTPProxyCIDR", "ImagePull",
    "IsPrivilegedUser", "KubeletVersion", "KubernetesVersion", "Mem", "NumCPU", "Swap", "SystemVerification",
)  # fmt: skip
_OF_ONE = re.compile(r"port-[0-9]+|(diravailable|fileavailable|fileexisting|filecontent|service)-\S+")


def check_problem(name: str) -> str | None:
    """Why kubeadm has no check of this name; it compares names without regard to case."""
    if name.lower() in map(str.lower, _NAMES) or _OF_ONE.fullmatch(name.lower()):
        return None
    near = nearest(name, _NAMES)
    return f"kubeadm has no check {name!r}; " + (f"did you mean {near}?" if near else f"known are {', '.join(_NAMES)}")
