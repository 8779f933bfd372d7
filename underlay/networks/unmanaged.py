"""Links of the network that NetworkManager has to leave alone."""

from __future__ import annotations

from underlay.resources.file import File

NETWORK_MANAGER = "/etc/NetworkManager/conf.d/underlay.conf"


def unmanaged(*links: str) -> File:
    """Keeps NetworkManager off links, by name or pattern; harmless where there is no NetworkManager."""
    names = ";".join(f"interface-name:{link}" for link in dict.fromkeys((*links, "veth*")))
    return File(NETWORK_MANAGER, f"[keyfile]\nunmanaged-devices={names}\n")
