"""The machine's own mirrors are found in whatever form apt knows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from underlay.lab.apt import DEBIAN, Mirrors, Source, choose, mirrors, parse_deb822, parse_one_line

DEB822 = """\
# a comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites:
 bookworm-security
Components: main

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://docker.example/linux/debian bookworm stable
deb http://mirror.example/debian bookworm main contrib # ours
deb-src http://mirror.example/debian bookworm main
deb [trusted=yes] http://mirror.example/debian-security bookworm-security main
"""
EXPECTED = Mirrors("http://mirror.example/debian", "http://mirror.example/debian-security")


def test_reads_deb822() -> None:
    assert list(parse_deb822(DEB822)) == [
        Source(("http://mirror.example/debian",), ("bookworm", "bookworm-updates"), ("main", "contrib")),
        Source(("http://mirror.example/debian-security",), ("bookworm-security",), ("main",)),
    ]


def test_reads_one_line_sources() -> None:
    assert choose(parse_one_line(ONE_LINE), "bookworm") == EXPECTED


def test_chooses_debian_among_others() -> None:
    others = [Source(("http://node.example/20",), ("nodistro",), ("main",)), Source((), ("bookworm",), ("main",))]
    assert choose([*others, *parse_deb822(DEB822)], "bookworm") == EXPECTED


def test_leaves_security_out_where_the_machine_has_none() -> None:
    assert choose([Source(("http://a.example",), ("bookworm",), ("main",))], "bookworm").security is None


def test_follows_a_cloud_images_mirror_file(tmp_path: Path) -> None:
    (tmp_path / "debian.list").write_text("# ours\nhttp://mirror.example/debian\nhttp://second.example/debian\n")
    text = f"Types: deb\nURIs: mirror+file:{tmp_path}/debian.list\nSuites: trixie\nComponents: main\n"
    assert choose(parse_deb822(text), "trixie").archive == "http://mirror.example/debian"


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    return tmp_path


def test_asks_this_machines_release(apt: Path) -> None:
    release = apt / "os-release"
    release.write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    assert mirrors(apt, release) == EXPECTED


def test_falls_back_to_debians_own(apt: Path) -> None:
    release = apt / "os-release"
    release.write_text("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n")
    assert mirrors(apt, release) == DEBIAN
    release.write_text("ID=debian\nVERSION_CODENAME=sid\n")
    assert mirrors(apt, release) == DEBIAN
