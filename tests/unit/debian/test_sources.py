"""The machine's Debian mirrors are found in both of apt's formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from underlay.debian.sources import (
    DEBIAN,
    AptSource,
    DebianMirrors,
    choose_mirrors,
    debian_mirrors,
    parse_deb822,
    parse_one_line,
)

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
EXPECTED = DebianMirrors("http://mirror.example/debian", "http://mirror.example/debian-security")


def test_reads_deb822() -> None:
    assert list(parse_deb822(DEB822)) == [
        AptSource(("http://mirror.example/debian",), ("bookworm", "bookworm-updates"), ("main", "contrib")),
        AptSource(("http://mirror.example/debian-security",), ("bookworm-security",), ("main",)),
    ]


def test_reads_one_line_sources() -> None:
    assert choose_mirrors(parse_one_line(ONE_LINE), "bookworm") == EXPECTED


def test_chooses_debian_among_others() -> None:
    others = [AptSource(("http://node.example/20",), ("nodistro",), ("main",)), AptSource((), ("bookworm",), ("main",))]
    assert choose_mirrors([*others, *parse_deb822(DEB822)], "bookworm") == EXPECTED


def test_leaves_security_out_where_the_machine_has_none() -> None:
    assert choose_mirrors([AptSource(("http://a.example",), ("bookworm",), ("main",))], "bookworm").security is None


def test_follows_a_cloud_images_mirror_file(tmp_path: Path) -> None:
    (tmp_path / "debian.list").write_text("# ours\nhttp://mirror.example/debian\nhttp://second.example/debian\n")
    text = f"Types: deb\nURIs: mirror+file:{tmp_path}/debian.list\nSuites: trixie\nComponents: main\n"
    assert choose_mirrors(parse_deb822(text), "trixie").archive == "http://mirror.example/debian"


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    return tmp_path


def test_chooses_this_machines_release(apt: Path) -> None:
    release = apt / "os-release"
    release.write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    assert debian_mirrors(apt, release) == EXPECTED


def test_falls_back_to_debians_own(apt: Path) -> None:
    release = apt / "os-release"
    release.write_text("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n")
    assert debian_mirrors(apt, release) == DEBIAN
    release.write_text("ID=debian\nVERSION_CODENAME=sid\n")
    assert debian_mirrors(apt, release) == DEBIAN


DEB822_OF_APT = """\
# comment
Types: deb deb-src
URIs: http://a.example/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://a.example/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, DEBIAN),
        (
            {"sources.list.d/debian.sources": DEB822_OF_APT},
            DebianMirrors("http://a.example/debian", "http://a.example/debian-security"),
        ),
        (
            {
                "sources.list": "# deb http://no.example/debian sid main\n"
                "deb [arch=amd64 signed-by=/k] http://b.example/debian bookworm main\n"
                "deb http://b.example/debian-security bookworm-security main\n"
            },
            DebianMirrors("http://b.example/debian", "http://b.example/debian-security"),
        ),
        ({"sources.list": "deb-src http://c.example/debian bookworm main\n"}, DEBIAN),
        (
            {
                "sources.list": "deb http://browser.example/linux/deb stable main\n"
                "deb http://d.example/debian stable main\n"
                "deb http://d.example/debian-security stable-security main\n"
            },
            DebianMirrors("http://d.example/debian", "http://d.example/debian-security"),
        ),
    ],
)
def test_takes_the_mirror_apt_uses(tmp_path: Path, files: dict[str, str], expected: DebianMirrors) -> None:
    release = tmp_path / "os-release"
    release.write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert debian_mirrors(tmp_path, release) == expected


def test_leaves_ubuntus_archive_to_ubuntu(tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text("ID=ubuntu\nVERSION_CODENAME=bookworm\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/ubuntu.sources").write_text(DEB822_OF_APT.replace("debian", "ubuntu"))
    assert debian_mirrors(tmp_path, release) == DEBIAN
