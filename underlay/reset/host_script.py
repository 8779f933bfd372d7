"""Shell that takes a host back: out of Kubernetes, free of the network's traces, everything else as it was recorded.

Each step is harmless where it has nothing to do; the record goes last, so that a reset that was killed is run again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from ipaddress import IPv4Network, IPv6Network
from pathlib import PurePosixPath
from shlex import quote

from underlay.plan.attempt import BEFORE, ETCD, undo
from underlay.plan.host_record import CONTENTS, DIRECTORIES, DIRECTORY, FRR_STATE, LISTED, PROGRAM_STATE, SHARED, Prior
from underlay.resources.api_server import MEMBER
from underlay.resources.unit import Unit

from .footprint import OF_IPTABLES, Footprint, chain_expression, quoted
from .kernel_traces import IPVS_REMOVAL, ipsec_removal, rule_removal, sets_removal
from .kinds import restore
from .questions import IPTABLES, HostState

STATE = "/var/lib/underlay"
IMAGES = "/var/lib/containerd"
NETNS = "/run/netns"
# Directories that kubeadm and the kubelet make, with any name in them.
_MADE = tuple(
    PurePosixPath(f"{directory}/any")
    for directory in (
        *("/etc/kubernetes/manifests", "/etc/kubernetes/pki/etcd", "/etc/kubernetes/tmp"),
        "/usr/libexec/kubernetes/kubelet-plugins/volume/exec",
    )
)

# Prints a table's base chains of iptables by which no packet is decided, and `rest` if there is more than those.
IDLE_CHAINS = r"""
$1 == "chain" { name = $2; rules = 0; accepts = 0; next }
$1 == "type" { accepts = / policy accept;/; next }
$1 == "}" && name != "" {
  if (!rules && accepts && name ~ /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/) print name; else print "rest"
  name = ""; next
}
/[^[:space:]]/ && name != "" { rules++; next }
$1 == "set" || $1 == "map" { print "rest" }
"""
# Of kubelet (pkg/kubelet/cm/container_manager_linux.go), of kube-proxy (pkg/proxy: conntrack, ipvs), of strongSwan in
# Flannel's IPsec, and what the kernel sets with ip_forward.
_SYSCTLS = (
    "^(kernel/(panic|panic_on_oops|keys/root_max(bytes|keys))|vm/(overcommit_memory|panic_on_oom)"
    "|net/netfilter/nf_conntrack_(max|tcp_timeout_(established|close_wait)|tcp_be_liberal|udp_timeout(_stream)?)"
    "|net/core/xfrm_acq_expires"
    "|net/ipv4/vs/(conntrack|conn_reuse_mode|expire_nodest_conn|expire_quiescent_template)"
    "|net/ipv[46]/conf/(all|default)/(forwarding|accept_redirects|send_redirects|route_localnet|arp_ignore|arp_announce)):"
)
# Modules that Kubernetes and the plugins have the kernel load.
_MODULES = (
    "^(br_netfilter|bridge|stp|llc|overlay|veth|vxlan|geneve|ipip|tunnel[46]|ip_tunnel|udp_tunnel|ip6_udp_tunnel|wireguard"
    "|dummy|ip_vs.*|ip_set.*|xt_.*|ipt_.*|ip6t_.*|nft_.*|iptable_.*|ip6table_.*|ip_tables|ip6_tables|x_tables|nf_.*"
    "|nfnetlink.*|libcrc32c|libcurve25519.*|curve25519.*|libchacha.*|chacha.*|poly1305.*|libpoly1305|xfrm_.*|esp4|esp6"
    "|authenc.*|echainiv|geniv|gcm|ghash.*|seqiv|cbc|ctr|ccm|cryptd|crypto_null|crypto_simd|aes.*|sha.*_generic|sha.*_ssse3"
    "|sch_ingress|cls_bpf|act_bpf|(inet|tcp|udp|unix)_diag)$"
)
RULES = r"""u_rules() { # PROGRAM EXPRESSION: what takes chains away, and what leads to them
  "$1-save" 2>/dev/null | awk -v ours="$2" '
    /^\*/ { print; n = 0 }
    /^:/ { name = substr($1, 2); if (name ~ ours) found[n++] = name }
    /^-A / {
      line = $0; gsub(/"([^"\\]|\\.)*"/, "text", line); many = split(line, word); target = ""
      for (i = 3; i < many; i++) if (word[i] == "-j" || word[i] == "-g") target = word[i + 1]
      if ($2 !~ ours && target ~ ours) print "-D" substr($0, 3)
    }
    /^COMMIT/ { for (i = 0; i < n; i++) print "-F " found[i]; for (i = 0; i < n; i++) print "-X " found[i]; print }'
}
"""


def leave(*, etcd: bool) -> str:
    """Shell that ends the kubelet and etcd, and prints etcd's data, base64 of a compressed archive, if there is any.

    etcd ends by itself first: what is copied then is whole.
    """
    save = f"""
u_etcd() {{ ctr -n k8s.io tasks ls 2>/dev/null | awk '$3 == "RUNNING" {{print $2}}' | while read -r p; do
  [ "$(cat /proc/$p/comm 2>/dev/null)" != etcd ] || echo $p; done; }}
for p in $(u_etcd); do kill -TERM $p; done
for u_try in $(seq 100); do [ -n "$(u_etcd)" ] || break; sleep 0.2; done
[ -z "$(u_etcd)" ] || {{ echo 'etcd does not end within 20 s; its data was not copied' >&2; exit 1; }}
[ ! -d {ETCD}/member ] || tar -C {ETCD} -cz member | base64 -w0"""
    # Of an attempt that ended early there is no such unit.
    return f"set -u\nsystemctl stop kubelet 2>/dev/null || :{save if etcd else ''}\n"


def host_script(
    state: HostState,
    found: Footprint,
    *,
    pods: Iterable[IPv4Network | IPv6Network],
    member: bool,
    keep_images: bool,
) -> str:
    """The whole reset of one host.

    :param pods: the cluster's pod subnets.
    :param member: whether its etcd is to leave others that stay.
    """
    lines = []
    if state.is_recorded:
        lines.append(f"[ -e {DIRECTORY}/version ] || {{ echo 'it was reset meanwhile; run again' >&2; exit 1; }}")
    steps: list[tuple[str, str]] = []
    if state.mark:
        begun = f"[ -e {BEFORE} ] || cp {LISTED} {BEFORE}; sed -i 's/^member /started /' {MEMBER}"
        steps.append(("Kubernetes' files", f"{begun}\n{undo(etcd=True, member=member, files=_cni(found), links=())}"))
    steps.append(("the network's traces", _traces(found, pods)))
    steps += [
        (f"{p.kind} {p.name}", text) for p in reversed(state.prior) if p.kind != "packages" and (text := restore(p))
    ]
    steps.append(("sysctls of other programs", _sysctls()))
    steps.append(("directories", _directories(state, keep_images=keep_images)))
    steps.append(("nftables tables of iptables", _idle_tables()))
    steps.append(("units that ran before", _started_again(state.prior)))
    steps += [(f"{p.kind}", text) for p in reversed(state.prior) if p.kind == "packages" and (text := restore(p))]
    steps.append(("kernel modules", _modules()))
    return "\n".join([*lines, in_steps(steps), end_record(), ""])


def in_steps(steps: Iterable[tuple[str, str]]) -> str:
    """Shell that takes each step, whatever becomes of the others, and fails in the end by the names of those that did.

    :param steps: (name, shell); a step without shell is none.
    """
    lines = ["set -u; u_failed=", 'u_do() { ( set -eu; eval "$2" ) </dev/null || u_failed="$u_failed; $1"; }']
    lines += [f"u_do {quote(what)} {quote(text)}" for what, text in steps if text]
    lines.append('[ -z "$u_failed" ] || { echo "not given back: ${u_failed#; }; run again" >&2; exit 1; }')
    return "\n".join(lines)


def end_record() -> str:
    """Shell that removes what Underlay keeps on a host, the record last and at once.

    Of half a record the next reset would take what is missing for what was not there.
    """
    return (
        f"find {STATE} -mindepth 1 -maxdepth 1 ! -path {DIRECTORY} -exec rm -rf {{}} +\n"
        f"mv -T {DIRECTORY} {DIRECTORY}.ended && rm -rf {STATE} /run/underlay"
    )


def _cni(found: Footprint) -> list[str]:
    return [p for p in found.paths if p.startswith("/etc/cni/net.d/")]


def _traces(found: Footprint, pods: Iterable[IPv4Network | IPv6Network]) -> str:
    lines = [
        "ip netns list 2>/dev/null | sed -n 's/^\\(cni-[-0-9a-f]*\\).*/\\1/p' |",
        "  while read -r n; do ip netns delete $n || :; done",
        IPVS_REMOVAL,
        traces_removal(found),
    ]
    for subnet in pods:
        family = "ipv6" if subnet.version == 6 else "ipv4"
        for end in ("-s", "-d"):
            lines.append(f"conntrack -D -f {family} {end} {subnet} >/dev/null 2>&1 || :")
    return "\n".join(lines)


def traces_removal(found: Footprint) -> str:
    """Shell that removes a network's traces; pods keep what they have."""
    lines = [f"ip {route} 2>/dev/null || :" for route in found.routes]
    lines += [rule_removal(rule) for rule in found.rules]
    for name in map(quote, found.links):
        # Pods' ends, where the plugin was not asked: the kernel takes them a while after their namespaces.
        lines.append(
            f"ip -o link show master {name} type veth 2>/dev/null | sed -n 's/^[0-9]*: \\([^@:]*\\)@if.*/\\1/p' |\n"
            '  while read -r l; do ip link delete "$l" || :; done'
        )
    lines += [f"ip link delete {quote(name)} 2>/dev/null || :" for name in found.links]
    for name in found.kernel_links:
        lines.append(f"ip address flush dev {quote(name)}; ip link set {quote(name)} down")
    lines += [f"nft delete table {table} 2>/dev/null || :" for table in found.tables]
    lines.append(RULES)
    lines.append(
        f"for p in {IPTABLES}; do\n"
        '  ! command -v "$p-save" >/dev/null || '
        f'u_rules "$p" {quote(chain_expression(found.patterns))} | "$p-restore" --noflush\ndone'
    )
    lines.append(sets_removal(found.set_patterns))
    lines += [program.removal for program in found.programs]
    lines += [ipsec_removal(argument) for argument in found.ipsec]
    lines += [f"umount -l {quote(path)} 2>/dev/null || :" for path in found.mounts]
    lines += [f"rm -rf --one-file-system -- {_with_rest(path)}" for path in found.paths]
    return "\n".join(lines)


def _with_rest(path: str) -> str:
    """A path for a command; of a trailing *, which stands for the rest of a name, the shell makes what is there."""
    return f"{quote(path.removesuffix('*'))}{'*' * path.endswith('*')}"


def _sysctls() -> str:
    """What others have set since, among what they are known to set; recorded line by line as `path:value`."""
    return f"""\
grep -E {quote(_SYSCTLS)} {DIRECTORY}/sysctls | while IFS=: read -r k v; do
  [ ! -w "/proc/sys/$k" ] || [ "$(cat "/proc/sys/$k" 2>/dev/null)" = "$v" ] || echo "$v" >"/proc/sys/$k" || :
done"""


def _directories(state: HostState, *, keep_images: bool) -> str:
    """Directories that were not there: a program's own state goes whole, of others what is empty.

    Of those that were there goes what has come since.
    """
    own = [d for d in DIRECTORIES if d not in state.paths and not (keep_images and d == IMAGES)]
    lines = [f"rm -rf --one-file-system -- {quoted(d for d in own if d not in SHARED)}"]
    lines.append(since(PROGRAM_STATE, CONTENTS))
    if NETNS in own:
        # containerd mounts it upon itself (its pkg/netns, and `ip netns add`).
        lines.append(f'[ -n "$(ls -A {NETNS} 2>/dev/null)" ] || umount {NETNS} 2>/dev/null || :')
    lines += [f"find {quote(d)} -depth -type d -empty -delete 2>/dev/null || :" for d in own if d in SHARED]
    lines += [
        f'while read -r m o p; do [ ! -e "$p" ] || {{ chown $o "$p"; chmod $m "$p"; }}; done <{DIRECTORY}/rights',
        of_resources(state.prior, _MADE),
    ]
    return "\n".join(lines)


def of_resources(prior: Collection[Prior], others: Iterable[PurePosixPath] = ()) -> str:
    """Shell that removes what came with recorded resources: what FRR writes as it runs, and directories that were not
    there, where they are empty.

    :param others: paths with such directories that no record has.
    """
    lines = []
    if any(p.name == "frr.service" and not Unit.was_active(p.line) for p in prior):
        lines.append(since(FRR_STATE, LISTED))
    lines += [
        f"for p in {quoted(_parents(prior, others))}; do",
        f'  grep -qxF -e "$p" {DIRECTORY}/directories || rmdir "$p" 2>/dev/null || :',
        "done",
    ]
    return "\n".join(lines)


def since(places: Iterable[str], listed: str) -> str:
    """Shell that removes what is below some paths and in no list of what was there; nothing where there is no list."""
    return (
        f"[ ! -e {listed} ] || find {quoted(places)} -xdev -depth 2>/dev/null | grep -vxFf {listed} |\n"
        '  while IFS= read -r p; do if [ -d "$p" ] && [ ! -L "$p" ]; then rmdir -- "$p" 2>/dev/null || :; '
        'else rm -f -- "$p"; fi; done'
    )


def _parents(prior: Iterable[Prior], others: Iterable[PurePosixPath]) -> list[str]:
    """The directories of recorded paths below those that are listed, the deepest first."""
    paths = [*others, *(PurePosixPath(p.name) for p in prior if p.kind in ("file", "binary", "directory"))]
    found = {str(d) for path in paths for d in path.parents if len(d.parts) > 2}
    return sorted(found, key=len, reverse=True)


def _idle_tables() -> str:
    """What iptables of the nft kind has made by itself and nothing is left in."""
    return f"""\
for t in {" ".join(name.replace(" ", "/") for name in OF_IPTABLES)}; do
  family=${{t%/*}} table=${{t#*/}}
  listed=$(nft list table $family $table 2>/dev/null) || continue
  idle=$(printf '%s\\n' "$listed" | awk {quote(IDLE_CHAINS)})
  for c in $idle; do
    [ $c = rest ] || grep -qxF "$family $table $c" {DIRECTORY}/chains || nft delete chain $family $table $c
  done
  case $idle in *rest*) ;; *)
    grep -qxF "table $family $table" {DIRECTORY}/tables || nft delete table $family $table
  esac
done"""


def _started_again(prior: Iterable[Prior]) -> str:
    ran = [p.name for p in prior if p.kind == "unit" and Unit.was_active(p.line)]
    lines = ["systemctl daemon-reload"]
    lines += [f"! systemctl cat {quote(u)} >/dev/null 2>&1 || systemctl reload-or-restart {quote(u)}" for u in ran]
    return "\n".join(lines)


def _modules() -> str:
    return f"""\
[ ! -s {DIRECTORY}/modules ] || for u_try in 1 2 3 4 5; do
  awk '$3 == 0 {{print $1}}' /proc/modules | grep -E {quote(_MODULES)} | grep -vxFf {DIRECTORY}/modules |
    while read -r m; do modprobe -q -r "$m" 2>/dev/null || :; done
done"""
