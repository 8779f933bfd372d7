"""Random things of an operator's, most of them named nearly as a plugin's: a reset leaves every one as it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from random import Random
from shlex import quote

# Beginnings as plugins use them; with these ends none is a name that a plugin would give.
_BEGINNINGS = (
    *("flannel", "flannel.", "flannel-", "cali", "calico-", "vxlan", "vxlan.", "cilium_", "cilium-", "lxc", "weave"),
    *("weave-", "vethwe-", "tunl", "wg", "cni", "cni-", "kube-", "kube-ipvs", "nodelocal", "KUBE", "docker", "br-"),
)
_ENDS = ("office", "lab", "x0", "site", "-a", "_b", "9z", "dmz", "q.7")
_KINDS = ("bridge", "veth", "vxlan", "macvlan", "ifb")
_CHAINS = ("KUBE", "KUBECTL", "CNIX", "cali", "calico", "CILIUM", "CILIUMISH", "WEAVERS", "FLANNEL", "site")
_PLACES = (
    *("/etc/cni", "/etc/cni/net.d", "/opt/cni", "/opt/cni/bin", "/etc/kubernetes", "/etc/containerd", "/root/.kube"),
    *("/etc/sysctl.d", "/etc/modules-load.d", "/etc/systemd/system", "/etc/apt", "/usr/local/bin", "/usr/local/lib"),
    *("/usr/libexec/kubernetes", "/var/cache", "/etc/frr", "/run/site", "/opt"),
)
# Of these, which are one program's alone, a reset spares what was there before the first deploy.
_STATE = (
    *("/var/lib/kubelet", "/var/lib/cni", "/opt/containerd", "/run/flannel", "/var/log/pods", "/var/lib/calico"),
    *("/var/lib/cilium", "/var/lib/weave"),
)
_NAMES = (
    "-rf",
    "a b",
    "kubeadm.conf.old",
    "Büro",
    "it's",
    "50-underlay.conf.site",
    "$HOME",
    "*",
    "flannel.bak",
    ".hid",
)
_MODES = ("600", "640", "644", "700", "755", "4711", "2750", "444")

_ABSENT = "/tmp/absent"  # noqa: S108
# Before all else: the tables and chains that iptables makes when it is first used and never takes away, and a list of
# the directories that are not there.
PREPARE = f"""\
for p in iptables ip6tables; do for c in "filter INPUT" "filter FORWARD" "nat POSTROUTING"; do
  $p -t ${{c% *}} -A ${{c#* }} -j RETURN; $p -t ${{c% *}} -D ${{c#* }} -j RETURN
done; done
for p in {" ".join(_PLACES + _STATE)}; do [ -d $p ] || echo $p; done >{_ABSENT}"""


@dataclass
class RandomThings:
    """Shell that makes random things, that fails unless each is still as it was made, and that takes them away.

    :param tag: keeps the names of one set apart from another's.
    :param late: whether it is made only after a deploy.
    """

    seed: int
    tag: str
    late: bool = False
    made: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        random = Random(f"{self.seed} {self.tag}")  # noqa: S311
        links = random.sample([f"{b}{e}"[:13] + self.tag for b in _BEGINNINGS for e in _ENDS], 8)
        for number, name in enumerate(links):
            self._link(random, name, number)
        for number, place in enumerate(random.sample(_PLACES if self.late else _PLACES + _STATE, 12)):
            self._path(random, f"{place}/{self.tag}{number}{random.choice(_NAMES)}")
        for number, chain in enumerate(random.sample(_CHAINS, 4)):
            self._chain(random, f"{chain}.{self.tag}{number}", number)
        for number in range(4, 7) if self.late else range(3):
            selector = (
                f"from 192.0.2.{random.randrange(256)} lookup {700 + number} priority {random.randrange(9, 8999)}"
            )
            self._both(f"ip rule add {selector}", f"ip rule del {selector}")
            target = f"203.0.113.{random.randrange(64) * 4}/30 table {700 + number} proto {random.randrange(5, 250)}"
            self._both(f"ip route add blackhole {target}", f"ip route del blackhole {target}")

    def script(self, which: str) -> str:
        """One of `made`, `kept` and `undone`; `undone` in the reverse order."""
        lines: list[str] = getattr(self, which)
        if which == "kept":
            lines = [f"{{ {line}; }} || {{ echo {quote(line)} >&2; exit 1; }}" for line in lines]
        return "\n".join(["set -eu", *(reversed(lines) if which == "undone" else lines)])

    def _both(self, made: str, undone: str) -> None:
        self.made.append(made)
        self.undone.append(undone)

    def _link(self, random: Random, name: str, number: int) -> None:
        more = {
            "veth": f" peer name p{number}{self.tag}",
            "vxlan": f" id {random.randrange(1, 1 << 24)} dstport {random.randrange(1024, 65536)}",
            "macvlan": " link eth0",
        }
        kind = random.choice(_KINDS)
        mac = ":".join(["02", *(f"{random.randrange(256):02x}" for _ in range(5))])
        parent = more.get(kind, "") if kind == "macvlan" else ""
        rest = "" if parent else more.get(kind, "")
        self._both(f"ip link add {name}{parent} address {mac} type {kind}{rest}", f"ip link del {name}")
        self.made.append(f"ip link set {name} addrgenmode none")
        if random.random() < 0.6:
            self.made.append(f"ip address add 198.51.{100 + number}.{random.randrange(1, 250)}/24 dev {name}")
        if random.random() < 0.6:
            self.made.append(f"ip link set {name} up")
        self.kept.append(f"ip -d link show {name} | grep -q '{mac}' && ip -d link show {name} | grep -qw {kind}")

    def _path(self, random: Random, path: str) -> None:
        there, mode = quote(path), random.choice(_MODES)
        above = quote(path.rsplit("/", 1)[0])
        self._both(
            f"mkdir -p {above}",
            f"for p in {above} $(dirname {above}); do ! grep -qxF $p {_ABSENT} || rmdir $p 2>/dev/null || :; done",
        )
        # An empty directory goes with the one above it, if a deploy has made that.
        match random.randrange(1 if self.late else 0, 4):
            case 1:
                self._both(f"ln -s {random.choice(('/nowhere', '/etc', '../x'))} {there}", f"rm -- {there}")
                self.kept.append(f"[ -L {there} ]")
            case 0:
                self._both(f"mkdir -m {mode} -- {there}", f"rmdir -- {there}")
                self.kept.append(f"[ -d {there} ]")
            case _:
                content = f"{random.getrandbits(64):x}\n" * random.randrange(1, 9)
                digest = hashlib.sha256(content.encode()).hexdigest()
                owner = f"{random.randrange(1000, 9000)}:{random.randrange(1000, 9000)}"
                self._both(f"printf %s {quote(content)} >{there}", f"rm -f -- {there}")
                self.made.append(f"chown {owner} -- {there}; chmod {mode} -- {there}")
                self.kept.append(f"[ \"$(sha256sum <{there})\" = '{digest}  -' ]")
                self.kept.append(f'[ "$(stat -c "%u:%g %a" -- {there})" = "{owner} {mode}" ]')

    def _chain(self, random: Random, name: str, number: int) -> None:
        program = random.choice(("iptables", "ip6tables"))
        table, base = random.choice((("filter", "INPUT"), ("filter", "FORWARD"), ("nat", "POSTROUTING")))
        comment = quote(random.choice(("site, not KUBE-FIREWALL", 'a "b" -j KUBE-SERVICES', "-A cali-INPUT")))
        jump = f"-p tcp --dport {random.randrange(1, 65535)} -m comment --comment {comment} -j {name}"
        self._both(f"{program} -t {table} -N {name}", f"{program} -t {table} -X {name}")
        self._both(f"{program} -t {table} -A {name} -j RETURN", f"{program} -t {table} -F {name}")
        self._both(f"{program} -t {table} -A {base} {jump}", f"{program} -t {table} -D {base} {jump}")
        nft = f"inet {name.replace('.', '_').lower()}_{number}"
        self._both(
            f"nft add table {nft}; nft add chain {nft} site", f"nft delete chain {nft} site; nft delete table {nft}"
        )
