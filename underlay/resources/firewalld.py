"""Underlay's rules in firewalld: a zone of pods, three policies and the address sets they use, as files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from shlex import quote
from xml.etree import ElementTree as ET

from .file import place, written
from .firewall import Pass
from .resource import NO_COMMAND, Host, Resource

DIRECTORY = "/etc/firewalld"
ZONE = "underlay"
# Ingress and egress of each policy. HOST is the machine. From ANY to ANY would not do: between links in no
# named zone, such as a bridge of pods and an overlay, firewalld applies no policy.
_POLICIES = {"input": ("ANY", "HOST"), "from-pods": (ZONE, "ANY"), "to-pods": ("ANY", ZONE)}
_NOT_RUNNING = 252  # firewall-cmd(1), exit codes
_WRITTEN = "Written by Underlay; changes are overwritten."
_UNSAVED = (
    "firewalld has runtime rules that the reload for Underlay's rules would drop; make them permanent with "
    "`firewall-cmd --runtime-to-permanent`, or drop them with `firewall-cmd --reload`"
)
# Of zones whose sources contain one another the one with the lower priority comes first, since firewalld 2.0; before,
# and without priorities, the first by name.
_FIRST = """\
case $(firewall-offline-cmd --version 2>/dev/null) in
  '' | 0.* | 1.*) ;;
  *) sed -i 's/<zone>/<zone ingress-priority="-10" egress-priority="-10">/' %s ;;
esac"""
# What it says of a file that it does not take is on standard error.
_RELOAD = "! systemctl is-active -q firewalld || firewall-cmd --reload >/dev/null"
_OURS = f"{DIRECTORY}/ipsets/underlay-*.xml {DIRECTORY}/policies/underlay-*.xml {DIRECTORY}/zones/{ZONE}.xml"


@dataclass(frozen=True)
class Firewalld(Resource):
    """Policies are evaluated before zones and leave what they do not accept to them.

    Other zones stay as they are: a zone with the nodes' addresses would take them out of the owner's zone.
    """

    passes: tuple[Pass, ...]

    kind = "firewall"
    restorable = True
    # Names of sets carry the digest of all files, so that the running firewalld can be queried for it. Links come and
    # go at run time, and a reload keeps them in their zones.
    prelude = """\
u_firewalld_lists() {
  for what in zones policies; do firewall-cmd $1 --list-all-$what | sed -e 's/ (.*)$//' -e '/^  interfaces:/d'; done
  for what in chains rules passthroughs; do firewall-cmd $1 --direct --get-all-$what; done
  for n in $(firewall-cmd $1 --get-ipsets); do echo "$n"; firewall-cmd $1 "--ipset=$n" --get-entries; done
}
u_firewalld_stopped() { # its files are read when it starts
  if ! systemctl is-enabled -q firewalld; then echo none
  elif find /etc/firewalld/ipsets -name "underlay-$1-*" | grep -q .; then echo "current $1"
  else echo stopped; fi
}
u_firewalld() {
  systemctl is-active -q firewalld
  case $? in
    0) ;;
    3 | 4) u_firewalld_stopped "$1"; return ;;
    *) u_why='systemctl does not answer for firewalld'; return 1 ;;
  esac
  u_ask 20 firewall-cmd --get-ipsets >/dev/null || return
  case " $u_out " in *" underlay-$1-"*) echo "current $1"; return;; esac
  shift
  for n do
    zone=$(firewall-cmd --permanent "--get-zone-of-source=$n")
    case $zone in '' | 'no zone' | underlay) ;; *) echo "bound $n $zone"; return;; esac
  done
  [ "$(u_firewalld_lists)" = "$(u_firewalld_lists --permanent)" ] && echo closed || echo unsaved
}"""

    @property
    def name(self) -> str:
        return "firewalld"

    @cached_property
    def tag(self) -> str:
        return hashlib.sha256(repr(sorted(self._files("").items())).encode()).hexdigest()[:8]

    def files(self) -> dict[str, str]:
        """Path -> content of Underlay's files below /etc/firewalld."""
        return self._files(self.tag)

    def _inside(self) -> tuple[str, ...]:
        """What is routed for pods and Services."""
        forward = [p for p in self.passes if p.hook == "forward"]
        return tuple(dict.fromkeys(address for p in forward for address in (*p.sources, *p.destinations)))

    def _files(self, tag: str) -> dict[str, str]:
        inward = [p for p in self.passes if p.hook == "input" and not p.reply]
        sets = {
            addresses: f"underlay-{tag}-{number}"
            for number, addresses in enumerate(dict.fromkeys(p.sources for p in inward if p.sources), start=1)
        }
        family = {p.sources: p.family for p in inward}
        files = {f"{DIRECTORY}/ipsets/{name}.xml": _set(a, family[a]) for a, name in sets.items()}
        files[f"{DIRECTORY}/zones/{ZONE}.xml"] = _zone(self._inside())
        for policy, (ingress, egress) in _POLICIES.items():
            rules = [r for p in inward for r in _rules(p, sets)] if policy == "input" else []
            files[f"{DIRECTORY}/policies/underlay-{policy}.xml"] = _policy(ingress, egress, rules)
        return files

    def observe(self) -> str:
        return " ".join(["u_firewalld", self.tag, *map(quote, self._inside())])

    def difference(self, observed: str) -> str | None:
        if observed == "stopped":
            return "firewalld.service is enabled and closes it at the next boot -> open to the cluster"
        return None if observed in ("none", f"current {self.tag}") else "closed -> open to the cluster"

    def impossible(self, observed: str) -> str | None:
        if observed.startswith("bound "):
            _, subnet, zone = observed.split(maxsplit=2)
            remove = f"firewall-cmd --permanent --zone={zone} --remove-source={subnet} && firewall-cmd --reload"
            return f"firewalld's zone {zone} has the source {subnet}, which is the cluster's; take it out: `{remove}`"
        return _UNSAVED if observed == "unsaved" else None

    def apply(self) -> str:
        files = "\n".join(f"(\n{place(written(text), path, mode='644')}\n)" for path, text in self.files().items())
        first = _FIRST % f"{DIRECTORY}/zones/{ZONE}.xml"
        # Files that it does not take would keep it from its next start.
        back = f"{{ rm -f {_OURS}; {_RELOAD}; exit 1; }}"
        return f"rm -f {_OURS}\n{files}\n{first}\n{{ {_RELOAD}; }} || {back}"

    def remove(self) -> str:
        return f"""\
for f in {_OURS}; do
  [ -e "$f" ] || continue
  rm -f {_OURS}
  {_RELOAD}
done"""

    @classmethod
    def restore(cls, name: str, prior: str, *, kept: str) -> str:
        return cls(()).remove()

    def check(self, host: Host) -> str | None:
        state = host.run("firewall-cmd --state")
        if state.rc in (_NOT_RUNNING, NO_COMMAND):
            return None
        if state.rc:
            return f"firewalld: could not be asked ({state.stderr.strip()})"
        for policy in _POLICIES:
            if "(active)" not in host.run(f"firewall-cmd --info-policy=underlay-{policy}").stdout:
                return f"firewalld: policy underlay-{policy} is not active"
        return None


# All nodes have sets in common: written once, not once for each.
@cache
def _set(addresses: tuple[str, ...], family: int) -> str:
    root = ET.Element("ipset", type="hash:net")
    if family == 6:
        ET.SubElement(root, "option", name="family", value="inet6")
    for address in addresses:
        ET.SubElement(root, "entry").text = address
    return _text(root)


def _zone(subnets: Iterable[str]) -> str:
    root = ET.Element("zone")
    ET.SubElement(root, "description").text = _WRITTEN
    for subnet in subnets:
        ET.SubElement(root, "source", address=subnet)
    return _text(root)


def _policy(ingress: str, egress: str, rules: list[ET.Element]) -> str:
    """A policy that accepts what its rules match, or everything when it has none."""
    root = ET.Element("policy", priority="-10", target="CONTINUE" if rules else "ACCEPT")
    ET.SubElement(root, "description").text = _WRITTEN
    ET.SubElement(root, "ingress-zone", name=ingress)
    ET.SubElement(root, "egress-zone", name=egress)
    root.extend(rules)
    return _text(root)


def _rules(this: Pass, sets: dict[tuple[str, ...], str]) -> Iterator[ET.Element]:
    """One rule for each range: a firewalld rule has a single port element."""
    for first, last in this.ports or ((0, 0),):
        rule = ET.Element("rule", family=f"ipv{this.family}")
        if this.sources:
            ET.SubElement(rule, "source", ipset=sets[this.sources])
        if this.ports:
            port = str(first) if first == last else f"{first}-{last}"
            ET.SubElement(rule, "port", port=port, protocol=this.protocol)
        elif this.protocol:
            ET.SubElement(rule, "protocol", value=this.protocol)
        ET.SubElement(rule, "accept")
        yield rule


def _text(root: ET.Element) -> str:
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
