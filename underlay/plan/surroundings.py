"""What a host lives by outside the cluster: shell that prints it, and what was printed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from shlex import quote

from underlay.model.cluster import Cluster
from underlay.resources.api_server import MEMBER

from . import answer_forms
from .probe import Probe

Address = IPv4Address | IPv6Address

# Each resolver configuration with its servers: the one that pods are given first, `!` where it is not there, then the
# host's own.
NAME_SERVERS = """\
u_name_servers() {
  u_need awk || return
  u_pods=$1
  if [ -z "$u_pods" ]; then
    u_pods=/etc/resolv.conf
    ! systemctl is-active -q systemd-resolved || u_pods=/run/systemd/resolve/resolv.conf
  fi
  [ "$u_pods" = /etc/resolv.conf ] || [ -e "$u_pods" ] || printf '%s !;' "$u_pods"
  for u_file in "$u_pods" /etc/resolv.conf; do
    [ -e "$u_file" ] || continue
    printf '%s' "$u_file"; awk '$1 == "nameserver" {printf " %s", $2}' "$u_file"; printf ';'
  done
}"""

# The first of the host's own name servers, if it answers anything to a question for the root's (RFC 1035): verification
# asks it again. A member is not asked.
ANSWERING = """\
u_answering() {
  [ ! -e "$1" ] && command -v bash >/dev/null || return 0
  u_server=$(awk '$1 == "nameserver" {print $2; exit}' /etc/resolv.conf)
  [ -n "$u_server" ] || return 0
  u_size=$(timeout 3 bash -c '
    exec 3<>"/dev/udp/$1/53" && printf "\\22\\64\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0\\0\\2\\0\\1" >&3 &&
      timeout 1.5 dd bs=4096 count=1 status=none <&3 | wc -c' - "$u_server")
  [ "${u_size:-0}" -eq 0 ] || printf %s "$u_server"
}"""

# Names, too: what a name leads to is in what the running service says.
TIME_SERVERS = """\
u_time_servers() {
  u_need awk || return
  {
    cat /etc/systemd/timesyncd.conf /etc/chrony/chrony.conf /etc/chrony.conf /etc/ntp.conf /etc/ntpsec/ntp.conf \\
      /etc/openntpd/ntpd.conf
    find /etc/systemd/timesyncd.conf.d /run/systemd/timesyncd.conf.d /etc/chrony/conf.d /etc/chrony/sources.d \\
      /run/chrony-dhcp -type f -exec cat {} +
  } | awk 'tolower($1) ~ /^(servers?|pool|peer)$/ {for (i = 2; i <= NF; i++) if ($i !~ /^-/) {printf "%s ", $i; break}}
    sub(/^[ \\t]*(Fallback)?NTP[ \\t]*=/, "") {printf "%s ", $0}'
  ! systemctl is-active -q systemd-timesyncd ||
    timeout 5 timedatectl show-timesync --value -p ServerAddress -p SystemNTPServers -p LinkNTPServers | tr '\\n' ' '
  ! command -v chronyc >/dev/null || timeout 5 chronyc -c -n sources | awk -F, '{printf "%s ", $3}'
  ! command -v ntpq >/dev/null || timeout 5 ntpq -pn | awk 'sub(/^[*+#xo.~ -]/, "") {printf "%s ", $1}'
  ! command -v ntpctl >/dev/null || timeout 5 ntpctl -s peers | awk '/^[0-9a-f]/ {printf "%s ", $1}'
  return 0
}"""

# Who is at the other end of each connection, and which program of the host has it.
CONNECTIONS = """\
u_connections() {
  u_need awk && u_ask 10 ss -Htunp state established >/dev/null || return
  printf '%s\\n' "$u_out" | awk '$5 {split($6, name, "\\""); print $5, name[2]}' | sort -u | head -n 200 | tr '\\n' ';'
}"""

# Numeric addresses in proxies, sources of packages and registries, without user and password; what a resolver on the
# host itself asks, and where its log goes.
ADDRESSES_IN_FILES = """\
u_addresses_in_files() {
  u_address="(\\[[0-9a-f:]+\\]|[0-9]{1,3}([.][0-9]{1,3}){3})"
  u_before="(https?://|(https?|ftp|all)_proxy=[\\"']?)([^/@ \\"']*@)?"
  u_asks="^[ 	]*(server=(/[^/ ]*)*/?|(forward|stub)-addr:[ 	]*|forwarders[ 	]*[{][ 	]*|[^#@]*[ 	]@@?)"
  timeout 10 grep -D skip -rsHoiE "$u_before$u_address|$u_asks($u_address|[0-9a-f]{1,4}:[0-9a-f:]+)" \\
    /etc/environment /etc/profile /etc/profile.d /etc/apt/apt.conf /etc/apt/apt.conf.d /etc/apt/sources.list \\
    /etc/apt/sources.list.d /etc/dnf/dnf.conf /etc/yum.repos.d /etc/containerd/certs.d /etc/systemd/system \\
    /etc/docker/daemon.json /etc/dnsmasq.conf /etc/dnsmasq.d /etc/NetworkManager/dnsmasq.d /etc/unbound /etc/bind \\
    /etc/rsyslog.conf /etc/rsyslog.d | sed -E 's/^([^:]*):.*[^][0-9a-fA-F:.]([][0-9a-fA-F:.]+)$/\\1 \\2/' | sort -u |
    tr '\\n' ';'
}"""

# What a name leads to; `unknown` where no name service has it, `silent` where none answers.
ENDPOINT = """\
u_resolved() {
  u_need getent || return
  u_out=$(timeout 10 getent ahosts "$1"); u_status=$?
  case $u_status in
    0) printf '%s\\n' "$u_out" | awk '{print $1}' | sort -u | tr '\\n' ' ';;
    124) printf silent;;
    *) printf unknown;;
  esac
}"""

# What each of the inventory's names leads to, on a host that is no member yet; nothing where no name service has it.
NAMES = """\
u_names() {
  [ ! -e "$1" ] || return 0
  shift
  u_need getent && u_need awk || return
  for u_name do
    printf '%s ' "$u_name"; timeout 5 getent ahosts "$u_name" | awk '{print $1}' | sort -u | tr '\\n' ' '; printf ';'
  done
}"""


def surrounding_probes(cluster: Cluster, names: Collection[str] = ()) -> tuple[Probe, ...]:
    """What preflight asks of these. Of what is only compared with the cluster's ranges, any answer will do.

    :param names: what else of the inventory hosts resolve by themselves.
    """
    stated = cluster.kubelet.get("resolvConf")
    file = quote(stated if isinstance(stated, str) else "")
    name = cluster.api_host
    resolve = ":" if numeric(name) else f"u_resolved {quote(name)}"
    return (
        Probe(
            "name-servers",
            f"u_name_servers {file}",
            "its name servers",
            answer_forms.name_servers,
            NAME_SERVERS,
            may_lack=True,
        ),
        Probe("answering", f"u_answering {MEMBER}", "whether its name server answers", bool, ANSWERING, may_lack=True),
        Probe("time-servers", "u_time_servers", "its time servers", bool, TIME_SERVERS, may_lack=True),
        Probe("connections", "u_connections", "what it is connected with", bool, CONNECTIONS, may_lack=True),
        Probe(
            "configured",
            "u_addresses_in_files",
            "which addresses its configuration has",
            bool,
            ADDRESSES_IN_FILES,
            may_lack=True,
        ),
        Probe(
            "names",
            f"u_names {MEMBER} {' '.join(map(quote, names))}" if names else ":",
            "what the inventory's names lead to",
            bool,
            NAMES,
            may_lack=True,
        ),
        Probe("endpoint", resolve, "the control_plane_endpoint", answer_forms.words, ENDPOINT, may_lack=True),
    )


@dataclass(frozen=True)
class Outside:
    """An address outside the cluster; `what` is what has it, in words."""

    what: str
    address: Address


def resolver_files(line: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each configuration of u_name_servers with its servers as they are written, the one for pods first."""
    parts = [entry.split() for entry in line.split(";") if entry.strip()]
    return [(file, tuple(servers)) for file, *servers in parts]


def name_servers(line: str) -> Iterator[Outside]:
    for file, servers in resolver_files(line):
        for server in servers:
            yield from _outside(f"the name server of {file}", server)


def time_servers(line: str) -> Iterator[Outside]:
    for word in line.split():
        yield from _outside("a time server", word)


def connections(line: str) -> Iterator[Outside]:
    for entry in line.split(";"):
        peer, _, program = entry.strip().partition(" ")
        yield from _outside(f"the other end of a connection of {program or 'the host'}", peer.rpartition(":")[0])


def addresses_in_files(line: str) -> Iterator[Outside]:
    for entry in line.split(";"):
        file, _, address = entry.strip().rpartition(" ")
        yield from _outside(f"an address in {file}", address)


def named(line: str) -> Iterator[Outside]:
    for entry in line.split(";"):
        name, *found = entry.split() or [""]
        for address in found:
            yield from _outside(f"{name} as the host resolves it", address)


def resolved(line: str) -> tuple[Address, ...]:
    """The addresses of u_resolved; none where it found none."""
    return tuple(found for word in line.split() if (found := numeric(word)) is not None)


def numeric(text: str) -> Address | None:
    """The address that a text is, without brackets and zone, IPv4 where it is mapped into IPv6."""
    try:
        found = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _outside(what: str, text: str) -> Iterator[Outside]:
    if (address := numeric(text)) is not None and not address.is_loopback:
        yield Outside(what, address)
