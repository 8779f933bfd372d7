"""SSH to a host of a lab: with the lab's key, trusting only host keys that the lab generated."""

from ipaddress import IPv4Address

from underlay.lab.model.paths import LabPaths


def variables(lab: str, address: IPv4Address) -> dict[str, str | bool]:
    """Return the SSH variables of a host, for pyinfra."""
    at = LabPaths.of(lab)
    return {
        "ssh_hostname": str(address),
        "ssh_user": "root",
        "ssh_key": str(at.client_key),
        "ssh_known_hosts_file": str(at.known_hosts),
        "ssh_strict_host_key_checking": "yes",
        "ssh_allow_agent": False,
        "ssh_look_for_keys": False,
    }


def command(lab: str, address: IPv4Address, *remote: str, batch: bool = False) -> list[str]:
    """Return a command line of ssh, independent of this machine's configuration of it.

    :param remote: the command to run there; none for a login.
    :param batch: never prompt.
    """
    at = LabPaths.of(lab)
    options = [f"UserKnownHostsFile={at.known_hosts}", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"]
    options += ["BatchMode=yes"] if batch else []
    arguments = [argument for option in options for argument in ("-o", option)]
    return ["ssh", "-F", "none", "-i", str(at.client_key), *arguments, f"root@{address}", *remote]
