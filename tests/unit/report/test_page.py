"""The page: verdict first, everything escaped, no external resource; and what its pictures show."""

from __future__ import annotations

import re

import pytest

from underlay.report.matrix import matrix
from underlay.report.observed import ObservedHop, ObservedNode
from underlay.report.page import page
from underlay.report.topology import topology

from .reports import CHECKS, NODES, check, node, path, report, with_failure, with_routers

MADE = {"verified": report(), "failed": with_failure(), "routers": with_routers()}


def words(markup: str) -> str:
    """The visible text, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def connections(made) -> list[str]:
    return re.findall(r'class="connection ([^"]+)".*?<text[^>]*>([^<]*)', topology(made), re.DOTALL)


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_the_page_has_no_external_resource(made) -> None:
    found = re.findall(r'(?:src|href|action)="([^"]*)"|url\(([^)]*)\)|@import', page(made))
    assert {link for pair in found for link in pair if link} <= {"data:,", "report.json", "junit.xml"}
    assert "<script" not in page(made)


def test_the_page_begins_with_the_verdict() -> None:
    assert words(page(report()).partition("<body>")[2]).startswith(
        "✓ Verified demo some-overlay All 13 checks that ran passed;"
    )
    assert words(page(with_failure()).partition("<body>")[2]).startswith(
        "✗ Not verified demo some-overlay 1 of 13 checks failed;"
    )


def test_failures_come_first_and_unfolded() -> None:
    titles = re.findall(r"<h2[^>]*>([^<]*)", page(with_failure()))
    assert titles[:2] == ["What failed", "What was proven, and what was not"]
    failure = page(with_failure()).partition("<article")[2].partition("</article>")[0]
    assert "10.244.2.5:8080 does not answer" in failure.partition("<details")[0]


def test_identical_failures_are_shown_once() -> None:
    same = [check("Pod to pod", f"{a} to w-2", "failed", "no answer", hosts=[a]) for a in ("cp-1", "w-1")]
    made = page(report(checks=[*same, check("Pod to pod", "w-2 to w-1", "failed", "refused")]))
    assert [words(article) for article in re.findall(r"<article.*?</article>", made, re.DOTALL)] == [
        "✗ 3 failed Pod to pod cp-1 to w-2, w-1 to w-2 : no answer w-2 to w-1 : refused"
    ]


def test_what_was_not_proven_comes_before_what_was() -> None:
    section = page(report()).partition('id="proven"')[2].partition("</section>")[0]
    assert words(section.partition("</h2>")[2]) == (
        "Not proven – A LoadBalancer answers 1 skipped: no provider of LoadBalancers is there "
        "Proven Cluster ✓ Exactly the inventory&#39;s hosts are nodes 1 Hosts ✓ Host state 3 "
        "Network ✓ Pod to pod over TCP 9"
    )


def test_a_claim_does_not_repeat_its_group() -> None:
    made = report(checks=[check("Cluster: every pod runs", "the cluster", group="Cluster")])
    section = page(made).partition("<h3>Proven</h3>")[2].partition("</section>")[0]
    assert words(section) == "Cluster ✓ every pod runs 1"


def test_output_of_hosts_is_text_and_never_markup() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    made = report(
        checks=[check(evil, evil, "failed", evil, group=evil), *CHECKS],
        cluster=evil,
        nodes={
            evil: ObservedNode(rack=evil, address=evil, state=evil, hops=[ObservedHop(to=evil, link=evil, kind=evil)])
        },
        versions={evil: [evil]},
        paths=[
            path("cp-1", "w-1", **{"from": evil, "to": evil, "class": evil, "checks": {evil: evil}, "capture": evil})
        ],
    )
    assert "<script" not in page(made)
    assert "<img" not in page(made)
    assert page(made).count("&lt;script&gt;") > 10


def test_empty_sections_are_left_out() -> None:
    bare = report(nodes={}, paths=[], phases=[], checks=[])
    assert re.findall(r"<h2[^>]*>([^<]*)", page(bare)) == [
        "What was proven, and what was not", "All checks", "Nodes and versions",
    ]  # fmt: skip


def test_every_picture_is_described_in_words() -> None:
    assert re.findall(r'aria-label="([^"]*)"', topology(report())) == [
        "Topology as measured: rack-1 has 2 nodes, rack-2 has 1 nodes. "
        "vxlan over tun7, MTU 1450: 6 of 6 directions between nodes"
    ]
    assert re.findall(r'aria-label="([^"]*)"', matrix(with_failure())) == [
        "Path matrix: 9 directed paths tested, 8 passed, 1 with failures"
    ]


def test_a_path_that_fell_back_to_another_link_is_shown_apart() -> None:
    straight = [ObservedHop(to="cp-1", link="eth0"), node("w-1").hops[1]]
    made = report(nodes={n: node(n, **({"hops": straight} if n == "w-1" else {})) for n in NODES})
    assert connections(made) == [
        ("tunnel", "vxlan over tun7, MTU 1450: 5 of 6 directions between nodes"),
        ("direct", "no tunnel, direct over eth0, MTU 1500: 1 of 6 directions between nodes (w-1 to cp-1)"),
    ]


def test_nodes_that_differ_in_the_tunnels_mtu_show_both() -> None:
    odd = [link.model_copy(update={"mtu": 1400}) for link in node("w-1").links]
    made = report(nodes={n: node(n, **({"links": odd} if n == "w-1" else {})) for n in NODES})
    assert connections(made) == [("tunnel", "vxlan over tun7, MTU 1400 and 1450: 6 of 6 directions between nodes")]


def test_ipsec_is_shown_although_it_has_no_link() -> None:
    made = report(nodes={n: node(n, ipsec_states=4) for n in NODES})
    assert connections(made) == [("tunnel", "vxlan over tun7, MTU 1450, with IPsec: 6 of 6 directions between nodes")]


def test_a_session_that_is_down_has_a_mark() -> None:
    drawn = topology(with_routers())
    assert (drawn.count('class="up"'), drawn.count('class="down"')) == (5, 1)


def test_sessions_between_routers_are_counted_and_those_down_named() -> None:
    down = [s.model_copy(update={"problem": "it is down"}) if s.other == "tor-4" and s.one == "tor-1" else s for s in with_routers().sessions]  # fmt: skip
    made = with_routers().model_copy(update={"sessions": down})
    assert connections(made)[0] == ("session bad", "✗ BGP between routers: 2 of 3 sessions up; down: tor-1 and tor-4")


def test_a_host_with_failed_checks_shows_how_many() -> None:
    assert words(topology(with_failure())).count("✗ 1 failed") == 2


def test_in_a_large_rack_nodes_with_failures_are_drawn_and_the_rest_counted() -> None:
    many = {f"w-{i}": node("w-1") for i in range(40)}
    made = report(nodes=many, checks=[check("Host state", "w-37", "failed", "no", hosts=["w-37"])], paths=[])
    drawn = words(topology(made))
    assert "w-37" in drawn
    assert "and 30 more nodes" in drawn


def test_a_cell_shows_what_failed_by_more_than_its_colour() -> None:
    cells = re.findall(r"<title>([^<]*)</title>.*?mark\"[^>]*>([^<]*)", matrix(with_failure()), re.DOTALL)
    assert len(cells) == 9
    assert [mark for title, mark in cells if title.startswith("w-1 to w-2")] == ["✗"]
    assert {mark for title, mark in cells if not title.startswith("w-1 to w-2")} == {"✓"}


def test_a_path_that_was_not_tested_is_neither_good_nor_bad() -> None:
    made = report(paths=[p for p in report().paths if (p.from_, p.to) != ("w-2", "cp-1")])
    assert matrix(made).count('class="cell none"') == 1


def test_a_large_cluster_is_shown_by_racks() -> None:
    nodes = {f"w-{i}": node("w-1", rack=f"rack-{i % 3}") for i in range(30)}
    paths = [path("w-1", "w-2", **{"from": a, "to": b}) for a in nodes for b in nodes]
    drawn = matrix(report(nodes=nodes, paths=paths))
    assert drawn.count("<rect") == 9
    assert "100 of 100" in words(drawn)
