"""firewalld: a zone of the pods, policies and sets in files of our own, by a firewall-cmd that says what was recorded."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.unit.local_host import Result, SayingHost, Shell
from underlay.resources.firewall import Pass
from underlay.resources.firewalld import Firewalld

NODES = ("192.0.2.1", "192.0.2.2")
PASSES = (
    Pass("input", 4, sources=NODES, reply=True),
    Pass("input", 4, protocol="tcp", ports=((6443, 6443), (30000, 32767))),
    Pass("input", 4, sources=NODES, protocol="4"),
    Pass("input", 6, sources=("2001:db8::1",), protocol="udp", ports=((8472, 8472),)),
    Pass("forward", 4, sources=("10.244.0.0/16",)),
    Pass("forward", 4, destinations=("10.244.0.0/16", "10.96.0.0/16")),
    Pass("output", 4, destinations=NODES),
)
RULES = Firewalld(PASSES)
# What firewalld 2.3.1 prints, shortened. The first line shows in brackets what is in use.
ZONES = """\
public (default{active})
  target: default
{interfaces}  services: dhcpv6-client ssh
"""


@pytest.fixture
def host(shell: Shell, tmp_path: Path) -> Path:
    """A host on which firewalld runs, until `stopped` is there; `zones` is what it does, `permanent` what it keeps."""
    shell.places = {"/etc/firewalld": str(tmp_path / "etc")}
    for name in ("ipsets", "policies", "zones"):
        (tmp_path / "etc" / name).mkdir(parents=True)
    (tmp_path / "etc/zones/public.xml").write_text("<zone/>\n")
    (tmp_path / "permanent").write_text(ZONES.format(active="", interfaces=""))
    (tmp_path / "zones").write_text(ZONES.format(active=", active", interfaces="  interfaces: eth0\n"))
    (tmp_path / "sets").write_text("site\n")
    (tmp_path / "direct").write_text("")
    (tmp_path / "bound").write_text("no zone\n")
    (tmp_path / "entries").write_text("192.0.2.9\n")
    shell.program_is("firewall-offline-cmd", "echo 2.3.1")
    shell.program_is("systemctl", f"[ ! -e {tmp_path}/stopped ] || case $1 in is-enabled) exit 1;; *) exit 3;; esac")
    shell.program_is(
        "firewall-cmd",
        f"""case "$*" in
          --get-ipsets) cat {tmp_path}/sets;;
          "--list-all-zones") cat {tmp_path}/zones;;
          "--permanent --list-all-zones") cat {tmp_path}/permanent;;
          *--list-all-policies) echo;;
          "--direct --get-all-rules") cat {tmp_path}/direct;;
          "--ipset="*) cat {tmp_path}/entries;;
          "--permanent --ipset="*) echo 192.0.2.9;;
          "--permanent --get-ipsets") cat {tmp_path}/sets;;
          "--permanent --get-zone-of-source="*) cat {tmp_path}/bound;;
          "--reload") echo reload >>{tmp_path}/log; ls {tmp_path}/etc/ipsets | sed 's/[.]xml//' >{tmp_path}/sets;;
        esac""",
    )
    return tmp_path


def ours(host: Path) -> list[str]:
    return sorted(str(p.relative_to(host / "etc")) for p in (host / "etc").glob("*/underlay*"))


def test_is_as_declared_where_firewalld_does_not_run(shell: Shell, host: Path) -> None:
    (host / "stopped").touch()
    assert shell.observe(RULES) == ["none"]
    assert RULES.sentence("none") is None


def test_one_that_starts_at_the_next_boot_is_opened_by_its_files(shell: Shell, host: Path) -> None:
    shell.program_is("systemctl", "[ $1 = is-enabled ] || exit 3")
    shell.program_is("firewall-cmd", "exit 252")
    assert RULES.sentence(shell.observe(RULES)[0]) == (
        "firewall firewalld: firewalld.service is enabled and closes it at the next boot -> open to the cluster"
    )
    assert shell.apply(RULES).unmet == ()
    assert len(ours(host)) == 6
    assert shell.observe(RULES) == [f"current {RULES.tag}"]


def test_opens_by_files_of_its_own_and_a_reload(shell: Shell, host: Path) -> None:
    assert RULES.sentence(shell.observe(RULES)[0]) == "firewall firewalld: closed -> open to the cluster"
    assert shell.apply(RULES).unmet == ()
    assert ours(host) == [
        f"ipsets/underlay-{RULES.tag}-1.xml",
        f"ipsets/underlay-{RULES.tag}-2.xml",
        "policies/underlay-from-pods.xml",
        "policies/underlay-input.xml",
        "policies/underlay-to-pods.xml",
        "zones/underlay.xml",
    ]
    assert (host / "etc/zones/public.xml").read_text() == "<zone/>\n"
    assert (host / "log").read_text() == "reload\n"


def test_sets_of_an_older_deploy_go(shell: Shell, host: Path) -> None:
    shell.apply(Firewalld(PASSES[2:]))
    assert shell.observe(RULES) == ["closed"]
    assert shell.apply(RULES).unmet == ()
    assert [name for name in ours(host) if name.startswith("ipsets") and RULES.tag not in name] == []


def test_rules_that_a_reload_would_lose_are_reported_before_anything_is_touched(shell: Shell, host: Path) -> None:
    (host / "zones").write_text((host / "zones").read_text() + "  ports: 8080/tcp\n")
    observed = shell.observe(RULES)[0]
    assert RULES.impossible(observed) == (
        "firewalld has runtime rules that the reload for Underlay's rules would drop; make them permanent with "
        "`firewall-cmd --runtime-to-permanent`, or drop them with `firewall-cmd --reload`"
    )
    assert RULES.impossible("closed") is None


# What firewalld 2.3.1 on Debian 13 showed of `firewall-cmd --direct --add-rule`, and of an entry added to a set.
@pytest.mark.parametrize(
    ("file", "text"),
    [("direct", "ipv4 filter INPUT 0 -p tcp --dport 7070 -j ACCEPT\n"), ("entries", "192.0.2.9\n192.0.2.10\n")],
)
def test_direct_rules_and_entries_of_sets_would_be_lost_as_well(shell: Shell, host: Path, file: str, text: str) -> None:
    assert shell.observe(RULES) == ["closed"]
    (host / file).write_text(text)
    assert shell.observe(RULES) == ["unsaved"]


@pytest.mark.parametrize(
    ("version", "zone"),
    [
        ("echo 2.3.1", '<zone ingress-priority="-10" egress-priority="-10">'),
        ("echo 10.0", '<zone ingress-priority="-10" egress-priority="-10">'),
        # Debian 12's knows no priorities, and reads no file with them.
        ("echo 1.3.3", "<zone>"),
        ("exit 127", "<zone>"),
    ],
)
def test_pods_come_before_a_zone_of_the_owners_that_contains_them(
    shell: Shell, host: Path, version: str, zone: str
) -> None:
    shell.program_is("firewall-offline-cmd", version)
    assert shell.apply(RULES).unmet == ()
    assert (host / "etc/zones/underlay.xml").read_text().splitlines()[1] == zone


def test_why_a_reload_fails_is_said(shell: Shell, host: Path) -> None:
    shell.program_is("firewall-cmd", "echo success; echo 'Error: ZONE_CONFLICT: 10.244.0.0/16' >&2; exit 13")
    outcome, said = shell.apply_and_tell(RULES)
    assert outcome.failed == RULES
    assert said == "Error: ZONE_CONFLICT: 10.244.0.0/16\n" * 2
    # They would keep it from its next start.
    assert ours(host) == []


def test_a_zone_of_the_owners_that_has_the_clusters_source_is_told_with_what_takes_it_out(
    shell: Shell, host: Path
) -> None:
    (host / "bound").write_text("internal\n")
    assert shell.observe(RULES) == ["bound 10.244.0.0/16 internal"]
    assert RULES.impossible("bound 10.244.0.0/16 internal") == (
        "firewalld's zone internal has the source 10.244.0.0/16, which is the cluster's; take it out: `firewall-cmd "
        "--permanent --zone=internal --remove-source=10.244.0.0/16 && firewall-cmd --reload`"
    )
    (host / "bound").write_text("underlay\n")
    assert shell.observe(RULES) == ["closed"]


def test_a_reset_takes_the_files_and_reloads_once(shell: Shell, host: Path) -> None:
    shell.apply(RULES)
    (host / "log").unlink()
    for _ in range(2):
        assert shell.run("set -eu\n" + RULES.remove()).rc == 0
    assert ours(host) == []
    assert (host / "log").read_text() == "reload\n"
    assert (host / "etc/zones/public.xml").exists()


def document(name: str) -> list[tuple[str, dict[str, str]]]:
    text = next(text for path, text in RULES.files().items() if path.endswith(name))
    return [(e.tag, dict(e.attrib)) for e in ET.fromstring(text.encode()).iter()]  # noqa: S314


def test_nodes_and_others_are_accepted_by_a_policy_that_leaves_the_rest_to_the_zones() -> None:
    first, second = f"underlay-{RULES.tag}-1", f"underlay-{RULES.tag}-2"
    assert document("underlay-input.xml") == [
        ("policy", {"priority": "-10", "target": "CONTINUE"}),
        ("description", {}),
        ("ingress-zone", {"name": "ANY"}),
        ("egress-zone", {"name": "HOST"}),
        ("rule", {"family": "ipv4"}),
        ("port", {"port": "6443", "protocol": "tcp"}),
        ("accept", {}),
        ("rule", {"family": "ipv4"}),
        ("port", {"port": "30000-32767", "protocol": "tcp"}),
        ("accept", {}),
        ("rule", {"family": "ipv4"}),
        ("source", {"ipset": first}),
        ("protocol", {"value": "4"}),
        ("accept", {}),
        ("rule", {"family": "ipv6"}),
        ("source", {"ipset": second}),
        ("port", {"port": "8472", "protocol": "udp"}),
        ("accept", {}),
    ]
    assert [e for e in document(f"{second}.xml") if e[0] == "option"] == [
        ("option", {"name": "family", "value": "inet6"})
    ]


def test_pods_are_a_zone_that_is_routed_to_and_from() -> None:
    sources = [attributes for tag, attributes in document("zones/underlay.xml") if tag == "source"]
    assert sources == [{"address": "10.244.0.0/16"}, {"address": "10.96.0.0/16"}]
    assert document("underlay-from-pods.xml")[::2] == [
        ("policy", {"priority": "-10", "target": "ACCEPT"}),
        ("ingress-zone", {"name": "underlay"}),
    ]
    assert document("underlay-to-pods.xml")[-1] == ("egress-zone", {"name": "underlay"})


@pytest.mark.parametrize(
    ("state", "policy", "problem"),
    [
        ("running\n", "underlay-input (active)\n  priority: -10\n", None),
        ("running\n", "underlay-input\n  priority: -10\n", "firewalld: policy underlay-input is not active"),
        ("", "", None),
    ],
)
def test_checks_that_the_policies_are_active(state: str, policy: str, problem: str | None) -> None:
    answers = {
        "firewall-cmd --state": Result(0 if state else 252, state),
        "firewall-cmd --info-policy": Result(0, policy),
    }
    assert RULES.check(SayingHost(answers)) == problem
