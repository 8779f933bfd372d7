"""The pictures of data paths: true to the modes' data, and those in docs/ are what is drawn now."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.clusters import MODES, REGISTERED_MODE
from underlay.catalog.comparison import Comparison, compared, comparison
from underlay.catalog.packet_layout import boxes, growth
from underlay.catalog.picture_text import picture_text
from underlay.catalog.pictures import OVERVIEW, drawn, overview, picture
from underlay.model.packet_header import ETHERNET, Header, ip, udp

KEPT = Path(__file__).resolve().parents[3] / "docs/pictures"
SVG = "{http://www.w3.org/2000/svg}"


def made(**changes: object) -> Comparison:
    headers = (ip(), udp(8472), Header("VXLAN", 8, "VNI 1"), ETHERNET)
    plain = {"mode": "plain", "headers": headers, "overhead": 50, "pod_mtu": 1450, "path_mtu": 1500}
    base = compared(REGISTERED_MODE, {})
    return replace(base, **{**plain, "traits": replace(base.traits, encryption=""), **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_adds_up(mode: str) -> None:
    row = compared(mode, {})
    found = boxes(row)
    assert bool(found) == (row.pod_mtu is not None)
    if found:
        assert sum(b.size for b in found[1:]) <= row.path_mtu
        assert [b.size for b in found if b.role not in ("frame", "pod", "reserve")] == [h.size for h in row.headers]


@pytest.mark.parametrize("mode", [m for m in MODES if boxes(compared(m, {}))])
def test_a_figure_is_well_formed_and_no_box_leaves_it(mode: str) -> None:
    root = ET.fromstring(picture(compared(mode, {})))  # noqa: S314
    width, height = int(root.attrib["width"]), int(root.attrib["height"])
    rects = [r for r in root.iter(f"{SVG}rect") if "x" in r.attrib]
    assert rects
    for rect in rects:
        assert int(rect.attrib["x"]) + int(rect.attrib["width"]) <= width
        assert int(rect.attrib["y"]) + int(rect.attrib["height"]) <= height
    texts = ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]
    for header in compared(mode, {}).headers:
        assert header.name in texts


def test_words_of_a_figure_cannot_break_it() -> None:
    text = picture(made(mode='a<b>&"c', headers=(Header("<x>", 8, "a & b"),)))
    assert ET.fromstring(text) is not None  # noqa: S314


def test_the_overview_shows_each_data_path_once() -> None:
    one, other, plain = made(), made(mode="other"), made(mode="bare", headers=(), overhead=0, pod_mtu=1500)
    texts = ["".join(t.itertext()) for t in ET.fromstring(overview([one, other, plain])).iter(f"{SVG}text")]  # noqa: S314
    assert [t for t in texts if t in ("plain, other", "bare")] == ["bare", "plain, other"]


def test_what_nobody_can_read_is_hatched() -> None:
    headers = (ip(), Header("ESP", 37), ip(note="pod to pod"))
    sealed = made(headers=headers, overhead=77, traits=replace(made().traits, encryption="IPsec"))
    assert [b.encrypted for b in boxes(sealed)] == [False, False, False, True, True]
    assert picture(sealed).count('class="sealed"') == 2
    assert 'class="sealed"' not in picture(made())


def test_a_packet_in_text_has_what_the_drawing_has() -> None:
    assert picture_text(made()) == (
        "┌─────────────┬──────────────┬───────────┬─────────┬─────────────┬─────────────────────┐\n"
        "│ Ethernet 14 │   IPv4 20    │   UDP 8   │ VXLAN 8 │ Ethernet 14 │ pod's packet ≤ 1450 │\n"
        "│ node's link │ node to node │ port 8472 │  VNI 1  │    inner    │     in the clear    │\n"
        "└─────────────┴──────────────┴───────────┴─────────┴─────────────┴─────────────────────┘\n"
        "              ╰──────────────────── 50 more ─────────────────────╯\n"
        "              ╰───────────────────── at most 1500, the path's MTU ─────────────────────╯\n"
    )


def test_lines_of_a_packet_in_text_are_of_one_length() -> None:
    for row in comparison({}):
        lines = picture_text(row).splitlines()
        assert len({len(line) for line in lines[:4]}) <= 1
        assert all(len(line) <= len(lines[0]) for line in lines)


def test_what_a_plugin_keeps_free_is_reported() -> None:
    assert growth(made(overhead=60)) == "50 more, 10 kept free"
    assert [b.size for b in boxes(made(overhead=60)) if b.role == "reserve"] == [10]


def test_the_pictures_in_docs_are_what_is_drawn_now() -> None:
    now = drawn(comparison({}))
    assert OVERVIEW in now
    kept = {p.name: p.read_text() for p in KEPT.glob("*.svg")}
    assert [name for name in now if kept.get(name) != now[name]] == [], "run make docs"
    plugins = {row.plugin for row in comparison({})}
    assert [name for name in kept if name.partition("-")[0] in plugins and name not in now] == [], "of former modes"


def test_packets_that_differ_in_a_number_share_a_row() -> None:
    other = made(mode="other", headers=(ip(), udp(4789), Header("VXLAN", 8, "VNI 1"), ETHERNET))
    texts = ["".join(t.itertext()) for t in ET.fromstring(overview([made(), other])).iter(f"{SVG}text")]  # noqa: S314
    assert "port 8472 or 4789" in texts
