"""A host's record of what it was before Underlay's first change: written once, read by a reset.

The lines are those that resources were observed as. What other programs change (the kubelet, kube-proxy, plugins) is in
lists of its own. A record that begins on a host that was deployed to before says so: nobody knows what was there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from shlex import quote

from underlay.resources.api_server import MEMBER
from underlay.resources.resource import Resource
from underlay.resources.sysctl import PERSISTED

DIRECTORY = "/var/lib/underlay/record"
FILES = f"{DIRECTORY}/files"
"""Replaced files, under their paths."""
CONTENTS = f"{DIRECTORY}/contents"
"""Paths below PROGRAM_STATE that were there."""
LISTED = f"{DIRECTORY}/paths"
"""Paths that were there; in the form of an attempt's list, see `attempt.BEFORE`."""
VERSION, LATE = "1", "1 late"

# Where FRR keeps what it writes as it runs; of a daemon that did not run before, that goes.
FRR_STATE = ("/run/frr", "/var/lib/frr", "/var/tmp/frr")  # noqa: S108
# Directories that others may have put something into: what is Underlay's, kubeadm's or kubectl's goes by its name.
SHARED = (
    *("/etc/cni", "/etc/containerd", "/etc/kubernetes", "/etc/underlay", "/opt/cni", "/root/.kube", "/run/netns"),
    *("/usr/libexec/kubernetes", "/usr/local/lib/underlay", "/var/lib/etcd", "/var/lib/kubelet"),
)
# Those that programs fill for themselves: where they were there before, what has come since goes.
PROGRAM_STATE = (
    *("/root/.kube/cache", "/opt/containerd", "/run/calico", "/run/cilium", "/run/flannel", "/run/kubernetes"),
    *("/run/nri", "/var/lib/calico", "/var/lib/cilium", "/var/lib/cni", "/var/lib/weave", "/var/log/calico"),
    *("/var/log/containers", "/var/log/pods"),
)
# All of Kubernetes, containerd and the plugins.
DIRECTORIES = (
    *SHARED,
    *PROGRAM_STATE,
    *("/run/containerd", "/run/xtables.lock", "/sys/fs/bpf/calico", "/sys/fs/bpf/ctlb", "/sys/fs/bpf/tc"),
    *("/sys/fs/bpf/tcx", "/var/cache/underlay", "/var/lib/containerd", "/var/log/underlay-kubeadm.log"),
    "/root/.history_frr",
)
# The directories below these are listed, so that those which an apply makes on its way to a file are known.
_TREES = "/etc /usr/local /opt /usr/libexec"
# Sysctls below these are written down as they are.
_SYSCTLS = "net kernel/panic kernel/panic_on_oops kernel/keys vm/overcommit_memory vm/panic_on_oom"
# A reset asks the same again, and compares line by line. Rules are of both IP versions, e.g.
# "-4 9: from all fwmark 0x200/0xf00 lookup 2004".
SETS = "ipset list -n 2>/dev/null"
RULES = 'for f in -4 -6; do ip $f rule show 2>/dev/null | sed "s/^/$f /"; done'

# Fills $d.new with what there is.
_LISTS = f"""\
(cd /proc/sys && grep -rHs '' {_SYSCTLS} || :) 2>/dev/null >$d.new/sysctls
cut -d' ' -f1 /proc/modules >$d.new/modules 2>/dev/null || :
{{ dpkg-query -W -f '${{Package}}\\n' || rpm -qa --qf '%{{NAME}}\\n' || :; }} 2>/dev/null | sort >$d.new/packages
nft list tables 2>/dev/null >$d.new/tables || :
{SETS} >$d.new/sets || :
{{ {RULES}; }} >$d.new/rules
for f in -4 -6; do
  ip $f route show table all 2>/dev/null | sed -n "/ table local /d; / table /s/^/$f /p" || :
done >$d.new/routes
tc qdisc show 2>/dev/null | awk '$2 == "clsact" {{ print $5 }}' >$d.new/clsact || :
nft list chains 2>/dev/null | awk '/^table/ {{ t = $2 " " $3 }} $1 == "chain" {{ print t, $2 }}' >$d.new/chains || :
{{
  find /etc/kubernetes/ /etc/cni/net.d/ /opt/cni/bin/ -mindepth 1 2>/dev/null || :
  find /var/lib/kubelet/ /var/lib/etcd/ /sys/class/net/ -mindepth 1 -maxdepth 1 2>/dev/null || :
  find {" ".join(FRR_STATE)} 2>/dev/null || :
  for p in {" ".join(DIRECTORIES)}; do [ ! -e $p ] || echo $p; done
  echo complete
}} >$d.new/paths
find {_TREES} -xdev -type d 2>/dev/null >$d.new/directories || :
find {" ".join(PROGRAM_STATE)} -xdev 2>/dev/null >$d.new/contents || :
stat -c '%a %u:%g %n' {" ".join(DIRECTORIES)} 2>/dev/null >$d.new/rights || :
: >$d.new/resources; : >$d.new/modes"""
_BEGIN = f"""\
umask 077; d={DIRECTORY}
if [ ! -e $d/version ]; then
rm -rf $d.new; mkdir -p $d.new/files
{_LISTS}
if [ -e {PERSISTED} ] || [ -e {MEMBER} ]; then echo '{LATE}'; else echo {VERSION}; fi >$d.new/version
rm -rf $d; mv -T $d.new $d
fi
t=$d/.resources.new
u_keep() {{ # KIND NAME: a file that is about to be replaced, unless the resource is known already
  ! grep -qsF -e "$(printf '%s\\t%s\\t' "$1" "$2")" $d/resources || return 0
  [ ! -e "$2" ] && [ ! -L "$2" ] || cp -a --parents -- "$2" $d/files
}}"""
_END = """\
awk -F'\\t' 'FILENAME == ARGV[1] { known[$1 FS $2] = 1; next } !(($1 FS $2) in known)' $d/resources $t >$t.more
cat $d/resources $t.more >$t; rm -f $t.more; mv -f $t $d/resources"""


# Of these directories others are who may have filled them, where nobody has written down who did.
ANYBODYS = (
    *("/etc/containerd", "/opt/cni", "/opt/containerd", "/root/.kube", "/run/containerd", "/run/netns", "/run/nri"),
    *("/run/xtables.lock", "/usr/libexec/kubernetes", "/var/lib/containerd", "/var/cache/underlay"),
)
UNRECORDED = "unrecorded"
"""Stands in a member's mark for the name of a cluster that nobody wrote down."""


@dataclass(frozen=True)
class Prior:
    """What one resource was observed as before it was first applied."""

    kind: str
    name: str
    line: str


def record_script(pending: Sequence[tuple[Resource, str]], *, mode: str) -> str:
    """Shell that writes down what resources are before they are applied; what is written already stays.

    :param pending: resources that are about to be applied, with the lines they were observed as.
    :param mode: the network's mode as in `recorded_mode.mode_line`; by its traces a reset looks for what it left.
    """
    known = [(r, line) for r, line in pending if r.restorable]
    if not known:
        return ""
    rows = "\n".join(f"{r.kind}\t{r.name}\t{line}" for r, line in known)
    keeps = [f"u_keep {quote(r.kind)} {quote(path)}" for r, line in known if (path := r.replaces(line))]
    lines = [
        "(",
        "set -eu",
        _BEGIN,
        f"grep -qxF {quote(mode)} $d/modes || echo {quote(mode)} >>$d/modes",
        *keeps,
        f"cat >$t <<'UNDERLAY_END'\n{rows}\nUNDERLAY_END",
        _END,
        ") || { echo 'what the host was could not be written down' >&2; exit 1; }",
    ]
    return "\n".join([*lines, ""])


def late_record(modes: Iterable[str]) -> str:
    """Shell that writes a record for a host in a cluster that has none: what is Kubernetes' came, the rest was there.

    :param modes: names of those by whose traces a reset looks for what a network left.
    """
    return f"""\
(
set -eu
umask 077; d={DIRECTORY}
rm -rf $d.new; mkdir -p $d.new/files
{_LISTS}
: >$d.new/clsact
nft list tables 2>/dev/null | grep -E '^table ip6? (filter|nat|mangle|raw)$' >$d.new/tables || :
{{ find /opt/cni/bin/ {" ".join(FRR_STATE)} 2>/dev/null || :
for p in {" ".join(ANYBODYS)}; do [ ! -e $p ] || echo $p; done; echo complete; }} >$d.new/paths
printf '%s\\n' {" ".join(modes)} >$d.new/modes
echo {VERSION} >$d.new/version
[ -e {MEMBER} ] || echo 'started {UNRECORDED}' >{MEMBER}
rm -rf $d; mv -T $d.new $d
)
"""


def read_resources(rows: Iterable[str]) -> list[Prior]:
    """The lines of a record's `resources`, in the order in which they were first applied."""
    parts = (row.split("\t", 2) for row in rows if row.count("\t") >= 2)
    return [Prior(*part) for part in parts]
