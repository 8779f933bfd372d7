"""Names and addresses of hosts: which ones kubeadm, the kubelet and resolvers take, and which no other host reaches."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

# RFC 1123; the labels' length is that of DNS, which kubeadm does not look at and every resolver does.
LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
NAME = rf"{LABEL}(\.{LABEL})*"
NAME_MAX = 253
# The kubelet labels its node with the name (kubernetes.io/hostname), and a label's value has 63 characters at most.
NODE_NAME_MAX = 63

ENDPOINT = "an endpoint is a host name or an address, with :port if it is not 6443"
_ENDPOINT = re.compile(r"(\[(?P<inner>[^\[\]%]*)\]|(?P<host>[^\[\]:]+))(:(?P<port>[1-9][0-9]{0,4}))?")
_LOOPBACK = re.compile(r"(.+\.)?localhost|localhost[46]?\.localdomain[46]?|localhost[46]|ip6-(localhost|loopback)")
_THIS_NETWORK = IPv4Network("0.0.0.0/8")  # RFC 1122
# The beginning of a name that pyinfra takes for one of its connectors.
CONNECTOR = r"@[a-z]+"
# How the variables of such connectors begin.
OF_CONNECTORS = ("ssh_", "lab_", "vagrant_", "terraform_", "docker_", "podman_", "dockerssh_", "chroot_", "local_")
_OVER_SSH = "name a host that SSH reaches, by a name of its own"
# pyinfra 3.10, connectors that are no SSH.
_WITHOUT_SSH = {
    "@local": "this machine itself",
    "@docker": "a container",
    "@podman": "a container",
    "@dockerssh": "a container on another machine",
    "@chroot": "a directory",
}
_LABELS = (
    "no host has such a name: between dots are 1 to 63 lower-case letters, digits and -, with a letter or digit at "
    f"both ends, and {NAME_MAX} characters in all"
)
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def node_name_problem(name: str) -> str | None:
    """Why no node can have this name, as `what is wrong (what it is); remedy`."""
    if connector := re.match(CONNECTOR, name):
        return f'{_reached_by(connector[0])}; {_OVER_SSH}: ("w-1", {{"ssh_hostname": "192.0.2.11"}})'
    if not re.fullmatch(NAME, name):
        return "is not a valid node name (lower-case letters, digits, - and .); rename the host"
    if len(name) > NODE_NAME_MAX:
        long = f"is too long for a node's name ({len(name)} characters)"
        return f"{long}; the kubelet takes {NODE_NAME_MAX} at most: rename the host, as without its domain"
    return None


def _reached_by(connector: str) -> str:
    """What a host is that one of pyinfra's connectors reaches, and why it can be no node."""
    if connector in _WITHOUT_SSH:
        return f"is {_WITHOUT_SSH[connector]}, reached without SSH ({connector}), and a deploy runs over SSH alone"
    if connector == "@ssh":
        return "is a host over SSH, which is what a name without @ssh/ means"
    return f"is a name that pyinfra's connector {connector} gives, and no node can have it"


def endpoint_problem(endpoint: str) -> str | None:
    """Why kubeadm, or a host that is to reach the API, refuses an endpoint `host[:port]`."""
    found = _ENDPOINT.fullmatch(endpoint)
    if found is None or int(found["port"] or 6443) >= 2**16:
        return ENDPOINT
    if found["inner"] is not None:
        address = _address(found["inner"])
        return _unreachable(address) if isinstance(address, IPv6Address) else ENDPOINT
    host = found["host"]
    if (known := _address(host)) is not None:
        return _unreachable(known)
    return _name_problem(host)


def _name_problem(host: str) -> str | None:
    rules = {
        ENDPOINT: not re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_.]*", host),
        "it is neither a name nor an IPv4 address, which has four numbers from 0 to 255": (
            _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2])
        ),
        f"kubeadm takes names in lower case alone; write {host.lower()}": host != host.lower(),
        f"kubeadm takes no name with a dot at its end; write {host.rstrip('.')}": host.endswith("."),
        _LABELS: not re.fullmatch(NAME, host) or len(host) > NAME_MAX,
        "pods alone resolve such a name; use a name or an address that leads to the API from all hosts": (
            re.fullmatch(r"(.+\.)?(svc|cluster\.local)", host)
        ),
        "on every host this is the host itself; use a name or an address that leads to the API from all hosts": (
            _LOOPBACK.fullmatch(host)
        ),
    }
    return next((problem for problem, broken in rules.items() if broken), None)


def _unreachable(address: IPv4Address | IPv6Address) -> str | None:
    if why := unusable(address):
        return f"no other host reaches an address that is {why}; use one that leads to the API from all hosts"
    return None


def unusable(address: IPv4Address | IPv6Address) -> str:
    """What an address is that no other host is reached at (`loopback`, `multicast`, …); empty for any other."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return "IPv4 in IPv6's notation"
    if address.is_unspecified or address in _THIS_NETWORK:
        return "unspecified"
    kinds = {
        "loopback": address.is_loopback,
        "multicast": address.is_multicast,
        "link-local": address.is_link_local,
        "reserved": isinstance(address, IPv4Address) and address.is_reserved,
    }
    return next((kind for kind, holds in kinds.items() if holds), "")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def bracketed(address: str) -> str:
    """An address as it stands before a port."""
    return f"[{address}]" if ":" in address else address


def has_port(endpoint: str) -> bool:
    return ":" in endpoint.rsplit("]", 1)[-1]
