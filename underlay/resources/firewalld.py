"""Rules of ours in firewalld: a zone of the pods, three policies, and the sets of addresses they name, as files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from .file import place, written
from .firewall import Pass
from .resource import Host, Resource

DIRECTORY = "/etc/firewalld"
ZONE = "underlay"
# Ingress and egress of each policy. HOST is the machine. From ANY to ANY would be less than it says: between links
# that are in no zone by name, such as a bridge of pods and an overlay, firewalld asks no policy.
_WAYS = {"input": ("ANY", "HOST"), "from-pods": (ZONE, "ANY"), "to-pods": ("ANY", ZONE)}
_WRITTEN = "Written by Underlay; changes are overwritten."
_UNSAVED = (
    "firewalld has rules that are not permanent, and the reload that ours need would lose them; keep them with "
    "`firewall-cmd --runtime-to-permanent`, or drop them with `firewall-cmd --reload`"
)
_OURS = f"{DIRECTORY}/ipsets/underlay-*.xml {DIRECTORY}/policies/underlay-*.xml {DIRECTORY}/zones/{ZONE}.xml"


@dataclass(frozen=True)
class Firewalld(Resource):
    """Policies come before the zones and leave to them what they do not let through. Zones of others stay as they are:
    a zone with the nodes' addresses would take from nodes what the owner's zone lets them do."""

    passes: tuple[Pass, ...]

    kind = "firewall"
    # Names of sets carry the digest of everything, so that the running firewalld can be asked for it. Links come and
    # go at run time, and a reload leaves them where they are.
    prelude = """\
u_firewalld_lists() {
  for what in zones policies; do firewall-cmd $1 --list-all-$what | sed -e 's/ (.*)$//' -e '/^  interfaces:/d'; done
}
u_firewalld() {
  if ! systemctl is-active -q firewalld; then echo none; return; fi
  case " $(firewall-cmd --get-ipsets) " in *" underlay-$1-"*) echo "current $1"; return;; esac
  [ "$(u_firewalld_lists)" = "$(u_firewalld_lists --permanent)" ] && echo closed || echo unsaved
}"""

    @property
    def name(self) -> str:
        return "firewalld"

    @property
    def tag(self) -> str:
        return hashlib.sha256(repr(sorted(self._files("").items())).encode()).hexdigest()[:8]

    def files(self) -> dict[str, str]:
        """Path -> content of everything of ours below /etc/firewalld."""
        return self._files(self.tag)

    def _files(self, tag: str) -> dict[str, str]:
        inward = [p for p in self.passes if p.hook == "input" and not p.reply]
        inside = [address for p in self.passes if p.hook == "forward" for address in (*p.sources, *p.destinations)]
        sets = {
            addresses: f"underlay-{tag}-{number}"
            for number, addresses in enumerate(dict.fromkeys(p.sources for p in inward if p.sources), start=1)
        }
        family = {p.sources: p.family for p in inward}
        files = {f"{DIRECTORY}/ipsets/{name}.xml": _set(a, family[a]) for a, name in sets.items()}
        files[f"{DIRECTORY}/zones/{ZONE}.xml"] = _zone(dict.fromkeys(inside))
        for way, (ingress, egress) in _WAYS.items():
            rules = [r for p in inward for r in _rules(p, sets)] if way == "input" else []
            files[f"{DIRECTORY}/policies/underlay-{way}.xml"] = _policy(ingress, egress, rules)
        return files

    def observe(self) -> str:
        return f"u_firewalld {self.tag}"

    def difference(self, seen: str) -> str | None:
        return None if seen in ("none", f"current {self.tag}") else "closed -> open to the cluster"

    def impossible(self, seen: str) -> str | None:
        return _UNSAVED if seen == "unsaved" else None

    def apply(self) -> str:
        files = "\n".join(f"(\n{place(written(text), path, mode='644')}\n)" for path, text in self.files().items())
        return f"rm -f {_OURS}\n{files}\nfirewall-cmd -q --reload"

    def remove(self) -> str:
        return f"""\
for f in {_OURS}; do
  [ -e "$f" ] || continue
  rm -f {_OURS}
  ! systemctl is-active -q firewalld || firewall-cmd -q --reload
done"""

    def check(self, host: Host) -> str | None:
        if host.run("firewall-cmd --state").stdout.strip() != "running":
            return None
        for way in _WAYS:
            if "(active)" not in host.run(f"firewall-cmd --info-policy=underlay-{way}").stdout:
                return f"firewalld has no active policy underlay-{way}"
        return None


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
    """One that lets through what its rules name, and everything when it has none."""
    root = ET.Element("policy", priority="-10", target="CONTINUE" if rules else "ACCEPT")
    ET.SubElement(root, "description").text = _WRITTEN
    ET.SubElement(root, "ingress-zone", name=ingress)
    ET.SubElement(root, "egress-zone", name=egress)
    root.extend(rules)
    return _text(root)


def _rules(this: Pass, sets: dict[tuple[str, ...], str]) -> Iterator[ET.Element]:
    """A rule takes one port."""
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
