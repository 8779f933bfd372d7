"""The recommendation is deployable and meets the demands, whatever they are. No mode is named here."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.clusters import MODES, REGISTERED_MODE, groups, hosts
from underlay.catalog import recommendation
from underlay.catalog.candidate import Candidate, best_of, oddness, unchanged_mode
from underlay.catalog.example_cluster import example_of
from underlay.catalog.exclusions import reasons_against
from underlay.catalog.inventory_snippet import inventory_lines
from underlay.catalog.proof import Proof
from underlay.catalog.recommendation import Choice, Fit, choose, relaxed, site_of
from underlay.catalog.sample_inventory import answers_of, cluster_of, shapes
from underlay.catalog.site import QUESTIONS, Addresses, Encrypted, Fabric, SiteAnswers, plain_answers
from underlay.cli.choose_prompt import prompt_for_rest
from underlay.cli.choose_text import as_text, chosen
from underlay.cli.main import main
from underlay.inventory.spec import read_spec
from underlay.model.traits import Reach, Status
from underlay.networks.registry import modes
from underlay.resources.kernel_module import KernelModule
from underlay.resources.resource import Resource

ANSWERS = st.builds(
    SiteAnswers,
    policies=st.booleans(),
    encryption=st.sampled_from(Encrypted),
    fabric=st.sampled_from(Fabric),
    overlay=st.booleans(),
    addresses=st.sampled_from(Addresses),
    egress=st.booleans(),
    clusters=st.booleans(),
    nodes=st.sampled_from((1, 2, 3, 10, 60, 150, 300)),
    kernel=st.sampled_from(((4, 19), (5, 4), (5, 10), (5, 15), (6, 1), (6, 12))),
    path_mtu=st.sampled_from((1280, 1460, 1500, 9001)),
)
SETTINGS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def choice(**changes: object) -> Choice:
    return choose(site_of(SiteAnswers(**changes)), {})  # type: ignore[arg-type]


@SETTINGS
@given(ANSWERS)
def test_whatever_it_recommends_is_accepted_and_meets_every_demand(answers: SiteAnswers) -> None:
    made = choose(site_of(answers), {})
    for fit in made.fits:
        accepted(fit)
        serves(fit, answers)
    assert sorted([*(f.mode for f in made.fits), *made.ruled_out]) == MODES
    assert all(made.ruled_out.values())
    assert [f.score for f in made.fits] == sorted((f.score for f in made.fits), reverse=True)
    complete(made)


@pytest.mark.parametrize("nodes", [1000, 5000])
def test_of_a_large_site_too(nodes: int) -> None:
    for fit in choice(nodes=nodes).fits[:2]:
        accepted(fit)


def accepted(fit: Fit) -> None:
    beside = {"network_policy": {"engine": fit.engine}} if fit.engine else {}
    hosts = fit.shape.inventory({"mode": fit.mode, **fit.candidate.settings})
    spec = read_spec({name: {**own, **beside} for name, own in hosts.items()}, fit.shape.groups)
    assert spec.network == fit.candidate.network
    assert spec.network.mode == fit.mode
    assert spec.enforcer == fit.engine or not fit.engine


def serves(fit: Fit, answers: SiteAnswers) -> None:
    network, traits = fit.candidate.network, fit.candidate.network.traits
    assert network.carries_pods
    assert traits.status is not Status.DEBUGGING
    assert bool(traits.policy or fit.engine) or not answers.policies
    assert not fit.engine or (answers.policies and not traits.policy)
    assert traits.egress or not answers.egress
    assert traits.clusters or not answers.clusters
    assert traits.kernel_since <= answers.kernel
    assert set(answers.addresses.families) <= set(traits.families)
    assert traits.encryption or answers.encryption is Encrypted.NO
    if not answers.overlay and answers.encryption is Encrypted.NO:
        assert network.headers(fit.shape.cluster) == ()
    if answers.fabric is Fabric.ROUTED:
        assert traits.reach is Reach.ANYWHERE


def complete(made: Choice) -> None:
    reasons = [
        *(r for rs in made.ruled_out.values() for r in rs),
        *(p.sentence for f in made.fits for p in f.score_items),
    ]
    assert all(reason and "\n" not in reason for reason in reasons)
    text = as_text(made, assumed=("nodes",), stated=frozenset())
    assert [mode for mode in MODES if mode not in text] == []
    assert json.loads(json.dumps(chosen(made, assumed=("nodes",), stated=frozenset())))


@pytest.fixture
def overlay_or_segment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two modes, of which none crosses racks without an overlay: another one that does may be there one day."""
    known = {mode: modes()[mode] for mode in ("flannel-host-gw", "flannel-vxlan")}
    monkeypatch.setattr(recommendation, "modes", lambda: known)


@pytest.mark.usefixtures("overlay_or_segment")
def test_a_demand_that_rules_all_out_is_named_with_what_would_serve_without_it() -> None:
    site = site_of(SiteAnswers(overlay=False, fabric=Fabric.ROUTED))
    assert choose(site, {}).fits == ()
    assert relaxed(site, {}) == {"with an overlay": choice(fabric=Fabric.ROUTED).fits[0].mode}


def test_a_setting_is_changed_only_where_the_defaults_do_not_serve() -> None:
    plain, encrypted = choice(), choice(encryption=Encrypted.ANY)
    assert not any(fit.candidate.changed for fit in plain.fits)
    changed = [fit for fit in encrypted.fits if fit.candidate.changed]
    assert changed
    for fit in changed:
        assert not unchanged_mode(fit.mode).network.traits.encryption
        assert fit.candidate.network.traits.encryption


def test_a_mode_made_for_it_comes_before_one_whose_settings_have_to_be_turned() -> None:
    fits = [f for f in choice(encryption=Encrypted.WIREGUARD, policies=True).fits if not f.candidate.examples]
    assert fits[0].candidate.changed == ()


def test_features_that_nobody_demands_cost_points() -> None:
    best = choice(fabric=Fabric.FLAT).fits[0].candidate.network.traits
    assert (best.policy, best.encryption, best.egress, best.clusters) == ("", "", False, False)


def test_an_inventory_answers_for_itself() -> None:
    cluster = cluster_of(hosts(), groups())
    assert answers_of(cluster, SiteAnswers()) == replace(SiteAnswers(), fabric=Fabric.ROUTED, nodes=3)
    bgp = {"as_number": 64512, "peers": [{"address": "192.0.2.200", "as_number": 64600, "rack": "rack-1"}]}
    with_bgp = hosts(bgp=bgp, path_mtu=9000)
    assert answers_of(cluster_of(with_bgp, groups()), SiteAnswers()).fabric is Fabric.BGP
    assert answers_of(cluster_of(with_bgp, groups()), SiteAnswers()).path_mtu == 9000


def test_an_inventory_is_read_whatever_network_it_names() -> None:
    for network in ({"mode": "no-such-mode"}, {}, {"mode": REGISTERED_MODE, "no_such_setting": 1}):
        nodes = {name: {**own, "network": network} for name, own in hosts().items()}
        assert len(cluster_of(nodes, groups()).nodes) == 3


@pytest.mark.parametrize("addresses", Addresses)
@pytest.mark.parametrize("nodes", [1, 3, 300])
def test_every_shape_is_a_cluster(addresses: Addresses, nodes: int) -> None:
    for fabric in Fabric:
        for shape in shapes(SiteAnswers(addresses=addresses, nodes=nodes, fabric=fabric)):
            assert len(shape.cluster.nodes) == nodes
            assert shape.cluster.families == addresses.families
            assert (len(shape.cluster.racks) == 1) == (fabric is Fabric.FLAT or nodes == 1)


def test_a_module_that_a_host_lacks_rules_out_who_needs_it() -> None:
    without = choose(site_of(SiteAnswers(), missing={"vxlan": "w-1"}), {})
    found = [r for reasons in without.ruled_out.values() for r in reasons if "vxlan" in r]
    assert "needs the kernel module vxlan, which w-1 lacks" in found
    assert len(without.fits) < len(choice().fits)


def test_where_the_hosts_modules_are_what_is_missing_that_is_said() -> None:
    needed = {r.module: "w-1" for m in MODES for r in needs_of(m) if isinstance(r, KernelModule)}
    site = site_of(SiteAnswers(encryption=Encrypted.ANY), missing=needed)
    assert choose(site, {}).fits == ()
    best = choice(encryption=Encrypted.ANY).fits[0].mode
    assert relaxed(site, {})["with all kernel modules on all hosts"] == best


def needs_of(mode: str) -> tuple[Resource, ...]:
    network, cluster = example_of(mode)
    return network.prerequisites(cluster).resources


def test_a_proof_speaks_for_a_mode() -> None:
    behind = choice().fits[1]
    site = site_of(SiteAnswers())
    best = choose(site, {behind.mode: Proof(rung=5)}).fits
    assert next(f for f in best if f.mode == behind.mode).score == behind.score + 6


def test_keys_and_site_names_are_left_to_the_site() -> None:
    for mode in MODES:
        candidate = unchanged_mode(mode)
        if candidate.settings:
            assert candidate.examples == frozenset(modes()[mode].example())
    shown = choice(encryption=Encrypted.IPSEC)
    for fit in shown.fits:
        lines = "\n".join(inventory_lines(fit))
        secrets = [v for k, v in fit.candidate.settings.items() if "key" in k or "psk" in k or "password" in k]
        assert not [s for s in secrets if isinstance(s, str) and s in lines]


def test_what_is_to_be_pasted_is_python_and_is_accepted() -> None:
    for fit in choice(fabric=Fabric.BGP, policies=True, kernel=(5, 10)).fits:
        if fit.candidate.examples:
            continue
        found: dict[str, object] = {}
        exec("\n".join(inventory_lines(fit)), found)  # noqa: S102
        del found["__builtins__"]
        inventory = {n: {**own, **found} for n, own in fit.shape.hosts.items()}
        assert read_spec(inventory, fit.shape.groups).network.mode == fit.mode


def test_the_plainest_mode_of_a_plugin_is_not_odd() -> None:
    plugins = {mode.partition("-")[0] for mode in MODES}
    for plugin in plugins:
        assert min(oddness(m) for m in MODES if m.partition("-")[0] == plugin) <= 1


def test_settings_are_turned_until_nothing_speaks_against_it() -> None:
    site = site_of(SiteAnswers(encryption=Encrypted.ANY))

    def reasons(candidate: Candidate) -> list[str]:
        return reasons_against(candidate, site)

    for mode in MODES:
        found, against = best_of(mode, reasons)
        assert len(against) <= len(reasons(unchanged_mode(mode)))
        assert against == reasons(found)


def test_a_person_is_prompted_for_what_no_option_says() -> None:
    with CliRunner().isolation(input="y\nwireguard\nflat\ny\nipv4\nn\n7\n5.15\n") as (out, *_):
        found = prompt_for_rest({"egress": False}, SiteAnswers())
        prompts = out.getvalue().decode()
    assert found == {
        "path_mtu": 1500,
        "policies": True,
        "encryption": "wireguard",
        "fabric": "flat",
        "overlay": True,
        "addresses": "ipv4",
        "egress": False,
        "clusters": False,
        "nodes": 7,
        "kernel": (5, 15),
    }
    assert [q.field for q in QUESTIONS if q.words not in prompts] == ["egress"]
    assert {q.field for q in QUESTIONS} == set(plain_answers(SiteAnswers())) - {"path_mtu"}


def underlay(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from underlay.cli.main import main; sys.argv[0] = 'underlay'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], input="", capture_output=True, text=True, check=False
    )


def test_without_a_terminal_there_is_no_prompt_and_assumptions_are_printed() -> None:
    ran = underlay("choose", "--fabric", "flat", "--nodes", "5")
    assert ran.returncode == 0
    assert "given: fabric flat, nodes 5\n" in ran.stdout
    assert "assumed: policies no, encryption no, overlay yes, " in ran.stdout


@pytest.mark.usefixtures("overlay_or_segment")
def test_where_nothing_serves_it_says_so_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["underlay", "choose", "--no-overlay", "--fabric", "routed"])
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(SystemExit) as ended:
        main()
    ran = capsys.readouterr()
    assert ended.value.code == 1
    assert ran.err.startswith("underlay: choose: no network meets all requirements; with an overlay it would be ")
    assert "ruled out:" in ran.out


def test_an_inventory_is_read_by_the_command(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.py"
    inventory.write_text(
        "control_plane = [('cp-1', {'address': '192.0.2.1'})]\nworkers = [('w-1', {'address': '192.0.2.2'})]\n"
    )
    document = json.loads(underlay("choose", "--inventory", str(inventory), "--json").stdout)
    assert (document["asked"]["fabric"], document["asked"]["nodes"]) == ("flat", 2)
    assert "fabric" not in document["assumed"]
