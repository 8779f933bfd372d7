"""Findings about the name servers that pods are given: none, or such as no pod reaches."""

from __future__ import annotations

from underlay.findings.finding import Problems
from underlay.plan.surroundings import numeric, resolver_files

OWN = "/etc/resolv.conf"


def resolver_problems(line: str) -> Problems:
    """What is wrong with the configuration that pods are given.

    :param line: the host's resolver configurations, as u_name_servers prints them.
    """
    files = resolver_files(line)
    if not files:
        return
    file, stated = files[0]
    servers = [address for s in stated if (address := numeric(s)) is not None]
    remedy = "name a server that pods reach" + (" (DNS= in systemd-resolved's configuration)" if file != OWN else "")
    if stated == ("!",):
        yield "resolver-missing", f"{file} is missing, which pods are given; create it, or correct kubelet.resolvConf"
    elif not servers:
        what = f"{file} names no name server" + (f" ({', '.join(stated)} is no address)" if stated else "")
        yield "resolver-empty", f"{what}; {remedy}: CoreDNS does not start without one"
    elif file != OWN and all(s.is_loopback for s in servers):
        yield "resolver-loop", f"{file} names only loopback addresses, which in a pod are the pod's own; {remedy}"
    elif all(s.is_link_local and s.version == 6 for s in servers):
        yield "resolver-link-local", f"{file} names only link-local addresses ({', '.join(stated)}); {remedy}"
