"""The inventory's proxy: who takes it, to what, and that its password is private."""

from __future__ import annotations

import subprocess

import pytest

from tests.unit.clusters import PaperArtifacts, cluster, spec
from underlay.model.cluster import Cluster
from underlay.model.proxy import Proxy
from underlay.plan import units
from underlay.plan.host_plan import Phase, node_plan
from underlay.plan.login_environment import prologue
from underlay.plan.proxies import environment_file, inside, of_kubeadm
from underlay.plan.render import rendered
from underlay.resources.file import File
from underlay.resources.unit import Unit

PLAIN = Proxy(http="http://p:3128", https="http://q:3128", exempt=(".corp.example",))
LOGIN = "me:correct-horse"
SECRET = Proxy(https=f"http://{LOGIN}%25@p:3128")
OF_LOGIN = {"http_proxy": "http://login", "ALL_PROXY": "http://login", "no_proxy": "login.example"}


def environment(script: str, **login: str) -> dict[str, str]:
    ran = subprocess.run(
        ["sh", "-c", f"{script}\nenv"],
        env={"PATH": "/usr/bin:/bin"} | login,
        capture_output=True,
        check=True,
        text=True,
    )
    found = (line.partition("=") for line in ran.stdout.splitlines())
    return {name: value for name, _, value in found if name.lower().endswith("_proxy")}


def expected(made: Cluster) -> dict[str, str]:
    exempt = ",".join([".corp.example", *inside(made)])
    small = {"http_proxy": "http://p:3128", "https_proxy": "http://q:3128", "no_proxy": exempt}
    return small | {name.upper(): value for name, value in small.items()}


def test_scripts_take_the_inventorys_proxy_in_the_logins_place() -> None:
    made = cluster(proxy=PLAIN)
    assert environment(prologue(made), **OF_LOGIN) == expected(made)


def test_what_the_cluster_is_made_of_is_reached_without() -> None:
    exempt = environment(prologue(cluster(proxy=PLAIN)))["no_proxy"].split(",")
    assert {"192.0.2.1", "192.0.2.3", "10.244.0.0/16", "10.96.0.0/16", ".svc", "localhost", "cp-1"} < set(exempt)


def test_kubeadm_finds_the_inventorys_proxy_and_no_other() -> None:
    made = cluster(proxy=PLAIN)
    assert environment(f"{prologue(made)}{of_kubeadm(made)}", **OF_LOGIN) == expected(made)
    assert environment(f"{prologue(cluster())}{of_kubeadm(cluster())}", **OF_LOGIN) == {}


def test_kubeadm_is_given_no_password_that_every_reader_of_pods_would_see() -> None:
    made = cluster(proxy=SECRET)
    assert environment(f"{prologue(made)}{of_kubeadm(made)}") == {}


def files(proxy: Proxy | None) -> dict[str, File]:
    made = spec(proxy=proxy)
    plan = node_plan(made, made.cluster.first, PaperArtifacts())
    return {r.path: r for r in plan.of(Phase.RUNTIME) if isinstance(r, File)}


@pytest.mark.parametrize("proxy", [PLAIN, SECRET])
def test_containerd_reads_it_from_a_file_that_root_alone_reads(proxy: Proxy) -> None:
    found = files(proxy)
    file, unit = found[units.CONTAINERD_ENVIRONMENT], found[units.CONTAINERD_UNIT]
    assert (file.content, file.mode, file.secret) == (environment_file(cluster(proxy=proxy)), "600", True)
    assert "\nEnvironmentFile=/etc/containerd/proxy.env\n" in (unit.content or "")
    assert LOGIN not in (unit.content or "")


def test_without_a_proxy_the_file_goes_and_containerd_is_as_it_was() -> None:
    found = files(None)
    assert found[units.CONTAINERD_ENVIRONMENT].content is None
    assert "Environment" not in (found[units.CONTAINERD_UNIT].content or "")


def test_containerd_is_restarted_when_it_changes() -> None:
    made = spec(proxy=PLAIN)
    (unit,) = (
        r
        for r in node_plan(made, made.cluster.first, PaperArtifacts()).of(Phase.RUNTIME)
        if isinstance(r, Unit) and r.unit == "containerd.service"
    )
    assert unit.follows({units.CONTAINERD_ENVIRONMENT})


def test_systemd_and_a_shell_read_the_file_alike() -> None:
    made = cluster(proxy=SECRET)
    script = f"set -a\n{environment_file(made)}"
    assert environment(script)["HTTPS_PROXY"] == f"http://{LOGIN}%25@p:3128"


def test_a_password_is_in_no_render() -> None:
    shown = rendered(spec(proxy=SECRET), PaperArtifacts())
    assert shown[f"hosts/cp-1{units.CONTAINERD_ENVIRONMENT}"] == "<secret /etc/containerd/proxy.env>\n"
    assert [path for path, text in shown.items() if LOGIN in text] == []
