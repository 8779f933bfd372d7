"""Whatever a login's environment holds, a script on a host finds what it relies on."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.clusters import cluster
from underlay.plan.login_environment import prologue
from underlay.plan.proxies import WITHOUT_PROXIES, inside
from underlay.run.privilege import SEARCH_PATH

SHELLS = ["sh", "bash"]


def run(script: str, *, shell: str = "sh", **environment: str) -> str:
    found = {"PATH": "/usr/bin:/bin", **environment}
    ran = subprocess.run(
        [f"/bin/{shell}", "-c", f"{SEARCH_PATH}\n{prologue(cluster())}{script}"],
        env=found,
        capture_output=True,
        check=True,
    )
    # bash tells of a locale that this machine has not before it reads a line.
    assert [line for line in ran.stderr.splitlines() if b"setlocale" not in line] == []
    return ran.stdout.decode()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("environment", "script", "expected"),
    [
        ({"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}, "echo $LC_ALL $LANGUAGE", "C.UTF-8"),
        ({"LANG": "zh_CN.GBK"}, "printf 'a\\303\\244\\n' | grep a", "aä"),
        ({"TZ": "Asia/Kolkata"}, "date -d @0 +%H:%M", "00:00"),
        ({"POSIXLY_CORRECT": "1", "BLOCK_SIZE": "1"}, "df / | head -n 1 | grep -o 1K-blocks", "1K-blocks"),
        ({"KUBECONFIG": "/root/other"}, "echo ${KUBECONFIG-none}", "none"),
        ({"CDPATH": "/usr"}, "mkdir -p /tmp/underlay-cd && cd /tmp && cd bin 2>/dev/null || echo stays", "stays"),
        ({"TMPDIR": "/nonexistent"}, "rm -r $(mktemp -d) && echo made", "made"),
        ({"GREP_OPTIONS": "-v"}, "echo x | grep x", "x"),
        ({"QUOTING_STYLE": "shell-always"}, "ls -d /etc", "/etc"),
        ({"PATH": "/usr/bin:/bin"}, "command -v sysctl >/dev/null && echo found", "found"),
        ({"PATH": ""}, "env >/dev/null && echo found", "found"),
        ({"ENV": "/nonexistent", "BASH_ENV": "/nonexistent"}, "echo ${ENV-none}", "none"),
        ({"https_proxy": "http://p:3128"}, "echo $https_proxy", "http://p:3128"),
    ],
)  # fmt: skip
def test_a_variable_of_the_login_changes_no_answer(
    shell: str, environment: dict[str, str], script: str, expected: str
) -> None:
    assert run(script, shell=shell, **environment).strip() == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_files_are_made_with_an_ordinary_mask(shell: str) -> None:
    ran = subprocess.run([shell, "-c", f"umask 077\n{prologue(cluster())}umask"], capture_output=True, check=True)
    assert ran.stdout == b"0022\n"


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy", "Https_Proxy", "no_proxy", "NO_PROXY"])
def test_kubeadm_finds_no_proxy_that_it_could_give_to_its_pods(name: str) -> None:
    left = run(f"{WITHOUT_PROXIES}\nenv | grep -i _proxy || echo none", **{name: "x y,z"})
    assert left == "none\n"


def test_what_is_inside_is_exempt_beside_what_the_login_exempts() -> None:
    own = "10.0.0.0/8,.corp.example"
    for name in ("no_proxy", "NO_PROXY"):
        listed = run('echo "$no_proxy"; [ "$no_proxy" = "$NO_PROXY" ]', **{name: own}).strip().split(",")
        assert listed == [*own.split(","), *inside(cluster())]


def test_what_is_inside_is_everything_that_the_cluster_is_made_of() -> None:
    made = inside(replace(cluster(), control_plane_endpoint="api.example.org:6443"))
    assert made == (
        *("localhost", "127.0.0.0/8", "::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"),
        *("10.244.0.0/16", "10.96.0.0/16", "api.example.org", "cp-1", "w-1", "w-2", ".svc", ".cluster.local"),
    )


def test_proxies_are_kept_to_be_told_without_their_passwords() -> None:
    listed = run('echo "$u_proxies"', https_proxy="http://user:secret@p:3128", NO_PROXY="a, b", HTTP_PROXY="")
    assert sorted(listed.split()) == ["NO_PROXY=a,b", "https_proxy=http://p:3128"]


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["IFS", "LC_ALL", "LANG", "TZ", "no_proxy", "http_proxy", "PS1", "TMPDIR", "HOME"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    )
)
def test_no_environment_breaks_it(environment: dict[str, str]) -> None:
    assert run("echo fit", **environment) == "fit\n"
