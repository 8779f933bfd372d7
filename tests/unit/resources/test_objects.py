"""Kubernetes objects, with a program that stands in for kubectl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.local_host import LocalHost, Result, Shell
from underlay.resources.answer import Answered, Unknown
from underlay.resources.objects import Objects
from underlay.resources.workloads import _NUMBERS

CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "it's", "namespace": "default"},
    "data": {"text": "$HOME `id` 'quoted' \"twice\" ☃\nUNDERLAY_END\n\\n"},
}
OBJECTS = Objects("the network", (CONFIG_MAP,), (("kube-system", "daemonset/x"),), timeout=7)
COMPLETE = "@kube-system/DaemonSet/x:1:1:3:3:3"
PULLING = "kube-system   x-1   0/1   ImagePullBackOff   0   9m   10.0.0.11   w-1   <none>   <none>"


@pytest.fixture
def kubectl(shell: Shell, tmp_path: Path) -> Path:
    """A kubectl with the cluster in the directory returned: `applied` is what it has, `log` the commands it was given."""
    directory = tmp_path / "cluster"
    directory.mkdir()
    (tmp_path / "admin.conf").touch()
    shell.places = {"/etc/kubernetes/admin.conf": str(tmp_path / "admin.conf")}
    shell.program_is(
        "kubectl",
        f"""case $2 in --server=*) exit 1;; esac  # nor does this host's own server answer
        cd {directory}; shift; echo "$@" >>log
        case "$1" in
          diff) cat >queried; [ ! -e silent ] || {{ cat silent >&2; exit 2; }}
            [ -e applied ] || {{ echo 'Error from server (NotFound): namespaces "x" not found' >&2; exit 2; }}
            cmp -s queried applied;;
          apply) [ ! -e broken ] || {{ echo the server says no >&2; exit 1; }}; cat >applied; echo applied
            cat applied >>history; echo >>history;;
          rollout) [ ! -e stuck ] || {{ echo 1 of 3 are available; echo error: timed out >&2; exit 1; }};;
          wait) [ ! -e never ];;
          get) if [ "$2" = --ignore-not-found ]; then cat >named; printf ' %s' "$(cat numbers 2>/dev/null || echo {COMPLETE})";
            elif [ "$2" = pods ]; then echo "{PULLING}"; elif [ "$2" = events ]; then echo "no such image";
            elif [ "$*" = "get --raw /readyz" ]; then [ ! -e silent ]; elif [ "$2" = --raw ]; then cat kinds; echo x >>looks; [ "$(wc -l <looks)" -lt 2 ] || cp later kinds;
            elif [ "$2" = secret ]; then [ ! -e silent ] || {{ cat silent >&2; exit 1; }}; [ ! -e secret ] || cat secret;
            elif [ ! -e applied ]; then echo 'configmaps "x" not found' >&2; exit 1; fi;;
        esac""",
    )
    return directory


def test_objects_reach_the_server_whole(shell: Shell, kubectl: Path) -> None:
    assert shell.observe(OBJECTS) == ["absent"]
    for _ in range(2):
        assert shell.apply(OBJECTS).unmet == ()
    sent = json.loads((kubectl / "applied").read_text())
    assert sent == {"apiVersion": "v1", "kind": "List", "items": [CONFIG_MAP]}
    assert shell.observe(OBJECTS) == [f"same {COMPLETE}"]


def test_objects_are_applied_server_side_by_our_field_manager(shell: Shell, kubectl: Path) -> None:
    shell.apply(OBJECTS)
    query = "diff --server-side --force-conflicts --field-manager=underlay -f -"
    assert (kubectl / "log").read_text().splitlines() == [
        "apply --server-side --force-conflicts --field-manager=underlay -f -",
        "wait --for=create -n kube-system daemonset/x --timeout=7s",
        "rollout status -n kube-system daemonset/x --timeout=7s",
        query,
        f"get --ignore-not-found -o go-template={_NUMBERS} -f -",
    ]


def test_objects_that_differ_are_reported(shell: Shell, kubectl: Path) -> None:
    (kubectl / "applied").write_text("{}")
    assert OBJECTS.sentence(shell.observe(OBJECTS)[0]) == ("objects the network: apply changes to ConfigMap it's")


def test_before_there_is_a_cluster_objects_are_absent(shell: Shell, kubectl: Path, tmp_path: Path) -> None:
    (tmp_path / "admin.conf").unlink()
    assert shell.observe(OBJECTS) == ["absent"]
    assert not (kubectl / "log").exists()


def test_what_the_server_says_is_the_reason(shell: Shell, kubectl: Path) -> None:
    (kubectl / "broken").touch()
    outcome, err = shell.apply_and_tell(OBJECTS)
    assert (outcome.failed, err) == (OBJECTS, "the server says no\n")


def test_a_rollout_that_does_not_end_reports_its_pods(shell: Shell, kubectl: Path) -> None:
    (kubectl / "stuck").touch()
    outcome, err = shell.apply_and_tell(OBJECTS)
    assert (outcome.failed, err) == (
        OBJECTS,
        "daemonset/x of namespace kube-system is not complete after 7 s: 1 of 3 are available\n"
        f"{PULLING}\nno such image\n",
    )


@pytest.mark.parametrize(
    "said",
    [
        "The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?",
        "Unable to connect to the server: proxyconnect tcp: dial tcp 192.0.2.9:3128: i/o timeout",
        "Unable to connect to the server: Forbidden",
        "error: You must be logged in to the server (Unauthorized)",
        "Unable to connect to the server: dial tcp: lookup k8s.example on 192.0.2.53:53: no such host",
        "Error from server (ServiceUnavailable): the server is currently unable to handle the request",
        'error: failed to run "diff": exec: "diff": executable file not found in $PATH',
    ],
)
def test_a_server_that_does_not_answer_leaves_objects_unknown(shell: Shell, kubectl: Path, said: str) -> None:
    (kubectl / "silent").write_text(f"E1130 05:00:00 memcache.go: couldn't get current server API group list\n{said}\n")
    secrets = Objects("secrets", (SECRET,))
    assert shell.ask(OBJECTS, secrets) == [Unknown(f"kubectl: {said}")] * 2
    assert sum(line.startswith("diff") for line in (kubectl / "log").read_text().splitlines()) == 1


def test_once_a_server_is_silent_it_is_asked_nothing_more(shell: Shell, kubectl: Path) -> None:
    (kubectl / "silent").write_text("connection refused\n")
    unknown = Unknown("kubectl: connection refused")
    assert shell.ask(*(Objects(str(n), (CONFIG_MAP,)) for n in range(9))) == [unknown] * 9
    assert [line.split()[0] for line in (kubectl / "log").read_text().splitlines()] == ["diff", "get"]


def test_a_server_behind_a_dead_proxy_is_given_its_time_once(shell: Shell, kubectl: Path) -> None:
    shell.program_is("kubectl", f"case $2 in --server=*) exit 1;; esac; echo asked >>{kubectl}/log; exec sleep 30")
    shell.places |= {"u_api 60": "u_api 0.2"}
    unknown = Unknown("kubectl gave no answer within 0.2 s")
    assert shell.ask(OBJECTS, OBJECTS, OBJECTS) == [unknown] * 3
    assert (kubectl / "log").read_text() == "asked\n"


def test_objects_that_the_server_does_not_take_are_applied_and_say_why(shell: Shell, kubectl: Path) -> None:
    shell.program_is(
        "kubectl", """case "$*" in *readyz) echo ok;; *) echo 'The ConfigMap "x" is invalid' >&2; exit 2;; esac"""
    )
    assert shell.ask(OBJECTS) == [Answered("refused")]


def test_an_interrupted_init_leaves_no_cluster_to_ask(shell: Shell, kubectl: Path, tmp_path: Path) -> None:
    shell.places["/var/lib/underlay/member"] = str(tmp_path / "member")
    (tmp_path / "member").write_text("started ordinary 192.0.2.1:6443\n")
    assert shell.ask(OBJECTS) == [Answered("absent")]
    assert not (kubectl / "log").exists()


def test_a_control_plane_without_its_kubeconfig_is_no_absence(shell: Shell, kubectl: Path, tmp_path: Path) -> None:
    (tmp_path / "admin.conf").unlink()
    shell.places["/etc/kubernetes/manifests"] = str(tmp_path)
    (tmp_path / "kube-apiserver.yaml").touch()
    assert shell.ask(OBJECTS) == [Unknown(f"{tmp_path}/admin.conf is missing")]


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        (f"same {COMPLETE}", None),
        ("differ", "apply changes to ConfigMap it's"),
        ("absent", "create ConfigMap it's"),
        ("refused", "apply changes to ConfigMap it's"),
    ],
)
def test_reports_which_objects_differ(observed: str, difference: str | None) -> None:
    assert OBJECTS.difference(observed) == difference


def test_an_object_that_is_missing_fails_the_check(local: LocalHost, kubectl: Path) -> None:
    problem = OBJECTS.check(local)
    assert problem is not None
    assert "not found" in problem
    (kubectl / "applied").touch()
    assert OBJECTS.check(local) is None


CUSTOM: dict[str, Any] = {"apiVersion": "plugin.example/v1", "kind": "Plan", "metadata": {"name": "one"}}
CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "plans.plugin.example"},
}
KNOWN = '{"groupVersion":"plugin.example/v1","resources":[{"name":"plans","kind":"Plan"}]}'


@pytest.fixture
def kinds(kubectl: Path) -> Path:
    """The cluster, whose API server knows the kind Plan from the third look on."""
    (kubectl / "kinds").write_text(KNOWN.replace('"Plan"', '"Planner"'))
    (kubectl / "later").write_text(KNOWN)
    return kubectl


def test_an_object_waits_for_its_kind(shell: Shell, kinds: Path) -> None:
    assert shell.apply(Objects("custom", (CUSTOM,), timeout=9)).failed is None
    calls = [line.split(" --")[0] for line in (kinds / "log").read_text().splitlines()]
    assert calls == ["get", "get", "get", "apply", "diff"]


def test_a_kind_that_does_not_come_is_reported(shell: Shell, kinds: Path) -> None:
    (kinds / "later").write_text("{}")
    never = Objects("custom", (CUSTOM,), timeout=1)
    outcome, err = shell.apply_and_tell(never)
    assert (outcome.failed, err) == (
        never,
        f"kind Plan of plugin.example/v1 is not served after 1 s; what installs it is not running\n{PULLING}\n",
    )
    assert not (kinds / "applied").exists()


def test_kinds_are_applied_before_their_objects(shell: Shell, kinds: Path) -> None:
    shell.apply(Objects("both", (CUSTOM, CRD, CONFIG_MAP), timeout=9))
    laid_down = [json.loads(line)["items"] for line in (kinds / "history").read_text().split("\n") if line]
    assert laid_down == [[CRD], [CUSTOM, CONFIG_MAP]]


def test_kinds_that_every_cluster_has_are_not_waited_for(shell: Shell, kubectl: Path) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "x"}}
    shell.apply(Objects("ordinary", (role, CONFIG_MAP)))
    assert "--raw" not in (kubectl / "log").read_text()


def test_a_workload_that_nobody_creates_is_reported(shell: Shell, kubectl: Path) -> None:
    (kubectl / "never").touch()
    outcome, err = shell.apply_and_tell(OBJECTS)
    assert (outcome.failed, err) == (
        OBJECTS,
        f"daemonset/x is not in namespace kube-system after 7 s; what creates it is not running\n{PULLING}\n",
    )


def test_a_workload_of_the_addon_is_not_waited_for_to_exist(shell: Shell, kubectl: Path) -> None:
    made = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "x", "namespace": "kube-system"}}
    shell.apply(Objects("made", (made,), (("kube-system", "daemonset/x"),)))
    assert "wait" not in (kubectl / "log").read_text()


SECRET: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "keys", "namespace": "kube-system"},
    "stringData": {"b": "hush", "a": "quiet"},
}
KEPT = "cXVpZXQ=;aHVzaA==;"


def test_a_secret_is_sent_as_the_server_keeps_it(shell: Shell, kubectl: Path) -> None:
    shell.apply(Objects("secrets", (SECRET,)))
    (sent,) = json.loads((kubectl / "applied").read_text())["items"]
    assert sent["data"] == {"a": "cXVpZXQ=", "b": "aHVzaA=="}
    assert "stringData" not in sent


def test_a_query_of_a_secret_has_its_name_only(shell: Shell, kubectl: Path) -> None:
    mixed = Objects("mixed", (SECRET, CONFIG_MAP))
    for text in ("hush", "quiet", "cXVpZXQ=", "aHVzaA=="):
        assert text not in mixed.observe()
    shell.observe(mixed)
    assert json.loads((kubectl / "queried").read_text())["items"] == [CONFIG_MAP]
    assert (
        """get secret -n kube-system keys --ignore-not-found -o go-template={{with .data}}{{index . "a"}};{{index . "b"}};{{end}}"""
        in (kubectl / "log").read_text()
    )


def test_a_secret_with_other_content_differs(shell: Shell, kubectl: Path) -> None:
    secrets = Objects("secrets", (SECRET,))
    assert secrets.sentence(shell.observe(secrets)[0]) == "objects secrets: apply changes to Secret keys"
    (kubectl / "secret").write_text(KEPT)
    assert secrets.sentence(shell.observe(secrets)[0]) is None
    (kubectl / "secret").write_text(KEPT.replace("a", "b"))
    assert secrets.sentence(shell.observe(secrets)[0]) == "objects secrets: apply changes to Secret keys"


def test_the_check_of_a_secret_has_the_name_alone(local: LocalHost, kubectl: Path) -> None:
    commands: list[str] = []

    class Listening:
        def run(self, command: str, *args: str) -> Result:
            commands.append(command)
            return Result(0)

    assert Objects("secrets", (SECRET,)).check(Listening()) is None
    assert '"name": "keys"' in commands[0]
    assert not {"hush", "aHVzaA=="} & set(commands[0].split('"'))
