"""Links of the network that NetworkManager must not manage."""

from __future__ import annotations

from underlay.resources.file import File

NETWORK_MANAGER = "/etc/NetworkManager/conf.d/underlay.conf"


def unmanaged(*links: str) -> File:
    """Marks links, by name or pattern, as unmanaged; has no effect where there is no NetworkManager."""
    names = ";".join(f"interface-name:{link}" for link in dict.fromkeys((*links, "veth*")))
    return File(NETWORK_MANAGER, f"[keyfile]\nunmanaged-devices={names}\n")
