"""Proxies of a login are told where they would also be asked for what is inside the cluster."""

from __future__ import annotations

import pytest

from tests.unit.clusters import cluster, network
from tests.unit.local_host import Shell
from underlay.plan.host_questions import probes
from underlay.plan.login_environment import prologue
from underlay.plan.proxies import inside
from underlay.preflight.host_findings import judge
from underlay.resources.answer import Absent, Answered
from underlay.resources.script import observe_script, read_observations

from .test_host_findings import QUERIED, answers

ALL = "192.0.2.1,192.0.2.2,192.0.2.3,10.244.0.0/16,10.96.0.0/16"


def lines(proxies: str) -> list[str]:
    found = answers(proxies=proxies) if proxies else answers()
    return [f"{f.severity}: {f.line}" for f in judge(cluster(), network(), found, queried=QUERIED)]


def test_a_proxy_for_everything_is_told_with_what_to_exempt() -> None:
    assert lines("https_proxy=http://proxy.corp.example:3128 HTTP_PROXY=http://p:80") == [
        "informs: w-1: a login finds HTTP_PROXY=http://p:80, https_proxy=http://proxy.corp.example:3128, and a no_proxy "
        "without 5 of the cluster's addresses; the deploy takes no proxy to them: for programs of yours, add to no_proxy "
        f"in /etc/environment {ALL}"
    ]


@pytest.mark.parametrize(
    "proxies",
    [
        "",
        f"no_proxy={ALL}",
        f"https_proxy=http://p:3128 no_proxy={ALL}",
        "all_proxy=socks5://p NO_PROXY=*",
        "Https_Proxy=http://p no_proxy=192.0.2.0/24,10.0.0.0/8",
    ],
)
def test_a_proxy_that_is_for_the_way_out_alone_is_no_finding(proxies: str) -> None:
    assert lines(proxies) == []


def test_an_exemption_for_one_part_does_not_hide_the_others() -> None:
    (line,) = lines("https_proxy=http://p no_proxy=192.0.2.0/24,10.244.0.0/17")
    assert line.endswith("add to no_proxy in /etc/environment 10.244.0.0/16,10.96.0.0/16")


@pytest.mark.parametrize(
    ("environment", "expected"), [("", None), ("https_proxy=http://u:secret@p:1", "https_proxy=http://p:1")]
)
def test_what_the_host_says_is_what_the_login_has_without_passwords(
    shell: Shell, environment: str, expected: str | None
) -> None:
    (probe,) = (p for p in probes(cluster(), network(), cluster().first) if p.name == "proxies")
    script = f"{environment and 'export '}{environment}\n{prologue(cluster())}{observe_script([probe])}"
    ran = shell.run(script, stdin=False)
    (answer,) = read_observations([probe], ran.stdout.split("\n"))
    assert probe.read(answer) == (Answered(expected) if expected else Absent())


def test_what_the_remedy_names_is_what_the_deploy_exempts() -> None:
    assert {*ALL.split(",")} < {*inside(cluster())}
