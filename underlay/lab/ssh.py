"""How a host of a lab is reached by SSH: with the key that the lab made, and no trust in any host key it did not."""

from ipaddress import IPv4Address

from underlay.lab.model.paths import LabPaths


def variables(lab: str, address: IPv4Address) -> dict[str, str | bool]:
    """For pyinfra, as a host's variables."""
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
    """For the program ssh, whatever this machine's configuration of it says.

    :param remote: what to run there; a login without it.
    :param batch: never ask anybody anything.
    """
    at = LabPaths.of(lab)
    options = [f"UserKnownHostsFile={at.known_hosts}", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"]
    options += ["BatchMode=yes"] if batch else []
    told = [argument for option in options for argument in ("-o", option)]
    return ["ssh", "-F", "none", "-i", str(at.client_key), *told, f"root@{address}", *remote]
