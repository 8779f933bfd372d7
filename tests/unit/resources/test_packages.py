"""Packages: what dpkg and rpm answer, and the arguments of apt-get and dnf."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.local_host import LocalHost, Result, SayingHost, Shell
from underlay.resources.packages import Packages

TWO = Packages(("conntrack", "socat"))
TOOLS = ("sh", "env", "cat", "tr", "sed", "grep")


def dpkg(shell: Shell, **states: str) -> None:
    """Have dpkg-query know packages in these states: ii, rc (removed, its configuration left), hi (held), iU.

    apt-get would install whatever it is asked for.
    """
    shell.program_is("apt-get", "true")
    status = {"ii": "installed", "rc": "config-files", "hi": "installed", "iU": "unpacked", "un": "not-installed"}
    answers = "\n".join(
        f"{name}) out=\"$out$(say '{state} ' {status[state]} {name})\";;" for name, state in states.items()
    )
    # As dpkg-query does it: what is not known at all stands on standard error, and the exit status is 1.
    shell.program_is(
        "dpkg-query",
        f"""say() {{ printf '%s' "$format" | sed "s/\\${{db:Status-Abbrev}}/$1/; s/\\${{db:Status-Status}}/$2/; \\
            s/\\${{Package}}/$3/; s/\\\\\\\\n/;/"; }}
        [ "$1 $2" = "-W -f" ] || exit 2; format=$3; shift 3; out=; r=0
        for p do case "$p" in
          {answers}
          *) echo "dpkg-query: no packages found matching $p" >&2; r=1;; esac; done
        printf '%s' "$out"; exit $r""",
    )


def rpm(shell: Shell, *installed: str) -> None:
    """A host with rpm and without dpkg; like rpm it reports what is not installed on standard output."""
    shell.only_programs(*TOOLS)
    shell.program_is(
        "rpm",
        f"""[ "$1 $2" = "-q --qf" ] || exit 2; format=$3; shift 3; r=0
        for p do case " {" ".join(installed)} " in
          *" $p "*) printf "$(printf '%s' "$format" | sed "s/%{{NAME}}/$p/")";;
          *) echo "package $p is not installed"; r=1;; esac; done; exit $r""",
    )


@pytest.mark.parametrize(
    ("states", "difference"),
    [
        ({"conntrack": "ii", "socat": "ii"}, None),
        ({"conntrack": "hi", "socat": "ii"}, None),
        ({"conntrack": "ii"}, "install socat"),
        ({}, "install conntrack socat"),
        ({"conntrack": "rc", "socat": "ii"}, "install conntrack"),
        ({"conntrack": "ii", "socat": "un"}, "install socat"),
        ({"conntrack": "iU", "socat": "ii"}, "install conntrack"),
    ],
)
def test_finds_what_dpkg_has_installed(shell: Shell, states: dict[str, str], difference: str | None) -> None:
    dpkg(shell, **states)
    assert TWO.difference(shell.observe(TWO)[0]) == difference


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="this machine has no dpkg")
def test_finds_what_this_machine_has_installed(shell: Shell) -> None:
    packages = Packages(("coreutils", "dpkg", "no-such-package"))
    shell.program_is("apt-get", "true")
    assert packages.difference(shell.observe(packages)[0]) == "install no-such-package"


@pytest.mark.parametrize(
    ("installed", "difference"),
    [
        (("conntrack-tools", "socat"), None),
        (("socat",), "install conntrack-tools"),
        (("conntrack-tools",), "install socat"),
        ((), "install conntrack-tools socat"),
    ],
)
def test_finds_what_rpm_has_installed(shell: Shell, installed: tuple[str, ...], difference: str | None) -> None:
    rpm(shell, *installed)
    assert TWO.difference(shell.observe(TWO)[0]) == difference


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        ("missing:", None),
        ("missing: socat", "install socat"),
        ("", "install conntrack socat"),
        ("garbage", "install conntrack socat"),
    ],
)
def test_reports_what_differs(observed: str, difference: str | None) -> None:
    assert TWO.sentence(observed) == (f"packages: {difference}" if difference else None)


APT = "-q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Acquire::http::Timeout=20"


def installing(shell: Shell, tmp_path: Path, program: str, fails: str = "false") -> tuple[int, str]:
    """Apply with a package manager that records its arguments, and fails when `fails` is true of them."""
    log = tmp_path / "log"
    shell.only_programs(*TOOLS)
    shell.program_is(program, f'echo "$@" >>{log}; echo noise; if {fails}; then exit 100; fi')
    ran = shell.run("set -eu\n" + TWO.apply())
    assert ran.stdout == ""
    return ran.rc, log.read_text()


def test_apt_installs_without_refreshing_when_it_can(shell: Shell, tmp_path: Path) -> None:
    assert installing(shell, tmp_path, "apt-get") == (
        0,
        f"{APT} install --no-install-recommends conntrack socat\n",
    )


def test_apt_refreshes_its_lists_when_it_must(shell: Shell, tmp_path: Path) -> None:
    first = f"[ $(grep -c . {tmp_path}/log) = 1 ]"
    install = f"{APT} install --no-install-recommends conntrack socat\n"
    assert installing(shell, tmp_path, "apt-get", first) == (0, f"{install}{APT} update\n{install}")


def test_apt_that_fails_fails_the_host(shell: Shell, tmp_path: Path) -> None:
    rc, log = installing(shell, tmp_path, "apt-get", "true")
    assert rc != 0
    assert log.count("\n") == 2


def test_dnf_is_given_its_own_names(shell: Shell, tmp_path: Path) -> None:
    assert installing(shell, tmp_path, "dnf") == (
        0,
        "-q -y install --setopt=install_weak_deps=False conntrack-tools socat\n",
    )


def test_dnf_that_fails_fails_the_host(shell: Shell, tmp_path: Path) -> None:
    assert installing(shell, tmp_path, "dnf", "true")[0] != 0


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="this machine has no dpkg")
def test_the_check_queries_dpkg(local: LocalHost) -> None:
    assert Packages(("coreutils", "dpkg")).check(local) is None
    problem = Packages(("coreutils", "no-such-package")).check(local)
    assert problem is not None
    assert "no-such-package" in problem
    assert os.linesep not in problem


def test_the_check_finds_a_package_that_left_its_configuration() -> None:
    removed = Result(0, "Package: socat\nStatus: deinstall ok config-files\n")
    assert TWO.check(SayingHost({"if command -v dpkg": removed, "dpkg -s": removed})) is not None


@dataclass
class Sources:
    """apt of this machine with sources and lists of its own, in a directory."""

    shell: Shell
    directory: Path

    def has(self, *packages: str, options: str = "[trusted=yes]") -> None:
        """A repository in files with these packages; apt has no lists of it yet."""
        repository = self.directory / "repository"
        repository.mkdir(parents=True, exist_ok=True)
        (repository / "Packages").write_text(
            "".join(
                f"Package: {name}\nVersion: 1\nArchitecture: all\nFilename: ./{name}.deb\nSize: 1\n"
                f"SHA256: {'0' * 64}\nDescription: x\n\n"
                for name in packages
            )
        )
        for part in ("lists/partial", "archives/partial", "parts"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)
        (self.directory / "status").touch()
        (self.directory / "sources.list").write_text(f"deb {options} file:{repository} ./\n")
        (self.directory / "apt.conf").write_text(
            f"""\
Dir::Etc::sourcelist "{self.directory}/sources.list"; Dir::Etc::sourceparts "{self.directory}/parts";
Dir::Etc::trustedparts "{self.directory}/parts"; Dir::State::Lists "{self.directory}/lists";
Dir::State::status "{self.directory}/status"; Dir::Cache::archives "{self.directory}/archives";
Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache ""; APT::Sandbox::User "root";
"""
        )
        apt = shutil.which("apt-get")
        self.shell.program_is("apt-get", f'APT_CONFIG={self.directory}/apt.conf exec {apt} "$@"')


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="this machine has no apt")
@pytest.mark.parametrize(
    ("packages", "options", "said"),
    [
        (("conntrack", "socat"), "[trusted=yes]", ()),
        (("conntrack",), "[trusted=yes]", ("apt-get cannot install conntrack socat (Unable to locate package socat)",)),
        (("conntrack", "socat"), "", ("does not have a Release file", "Unable to locate package conntrack")),
    ],
)
def test_packages_that_apt_cannot_have_are_told_in_its_words(
    shell: Shell, tmp_path: Path, packages: tuple[str, ...], options: str, said: tuple[str, ...]
) -> None:
    dpkg(shell)
    Sources(shell, tmp_path / "apt").has(*packages, options=options)
    observed = shell.observe(TWO)[0]
    assert TWO.difference(observed) == "install conntrack socat"
    problem = TWO.impossible(observed) or ""
    assert [text for text in said if text not in problem] == []
    assert bool(problem) == bool(said)
    # What was fetched to find out is gone, and the host's own lists are as they were.
    assert [p for p in (tmp_path / "apt/lists").rglob("*") if p.is_file()] == []


def test_an_apt_that_does_not_come_to_an_end_is_left_to_the_deploy(shell: Shell) -> None:
    dpkg(shell)
    shell.program_is("timeout", 'shift; exec /usr/bin/timeout 0.3 "$@"')
    shell.program_is(
        "apt-get", 'case "$*" in *update*) sleep 60;; *) echo "E: Unable to locate package x" >&2; exit 100;; esac'
    )
    observed = shell.observe(TWO)[0]
    assert (observed, TWO.impossible(observed)) == ("missing: conntrack socat", None)
