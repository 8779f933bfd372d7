"""Images and Kubernetes objects, with programs that stand in for ctr and kubectl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.local_host import LocalHost, Result, SayingHost, Shell
from underlay.resources.binary import BLOBS
from underlay.resources.images import Images
from underlay.resources.objects import Objects
from underlay.resources.resource import Upload

ONE, TWO = "registry.example/one:1", "registry.example/two:2"
BLOB_1, BLOB_2 = Upload(Path("b1"), "1" * 64), Upload(Path("b2"), "2" * 64)


@pytest.fixture
def images(shell: Shell, tmp_path: Path) -> Images:
    """A containerd that knows the images in the file `known`; importing writes both names there."""
    shell.places = {BLOBS: str(tmp_path / "blobs")}
    (tmp_path / "blobs").mkdir()
    (tmp_path / "known").write_text("registry.example/other:1\nregistry.example/one:12\n")
    shell.program_is("ctr", f'[ "$*" = "-n k8s.io images ls -q" ] && cat {tmp_path}/known')
    return Images((ONE, TWO), f"printf '{ONE}\\n{TWO}\\n' >>{tmp_path}/known", (BLOB_1, BLOB_2))


def test_finds_which_images_and_blobs_are_missing(shell: Shell, images: Images, tmp_path: Path) -> None:
    (tmp_path / "blobs" / BLOB_1.sha256).touch()
    assert shell.observe(images) == [f"missing: {ONE} {TWO}; uncached: {BLOB_2.sha256}"]
    assert images.sentence(shell.observe(images)[0]) == f"images: import {ONE} {TWO}"


def test_imports_and_then_nothing_is_missing(shell: Shell, images: Images) -> None:
    for _ in range(2):
        assert shell.apply(images).unmet == ()
    assert shell.observe(images) == ["missing:; uncached:"]


def test_without_a_runtime_every_image_is_missing(shell: Shell, images: Images) -> None:
    shell.program_is("ctr", "echo cannot connect >&2; exit 1")
    assert images.difference(shell.observe(images)[0]) == f"import {ONE} {TWO}"


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        ("missing:; uncached:", None),
        (f"missing: {TWO}; uncached:", f"import {TWO}"),
        ("", "unknown -> present"),
        ("garbage", "unknown -> present"),
    ],
)
def test_reports_which_images_differ(images: Images, observed: str, difference: str | None) -> None:
    assert images.difference(observed) == difference


@pytest.mark.parametrize(
    ("observed", "blobs"),
    [
        (f"missing: {TWO}; uncached: {BLOB_2.sha256}", [BLOB_2]),
        (f"missing: {TWO}; uncached:", []),
        ("", [BLOB_1, BLOB_2]),
    ],
)
def test_sends_the_blobs_the_host_lacks(images: Images, observed: str, blobs: list[Upload]) -> None:
    assert images.uploads(observed) == blobs


def test_an_image_with_missing_blobs_fails_the_check(images: Images) -> None:
    complete = {"ctr -n k8s.io images check -q": Result(0, f"{ONE}\nother\n")}
    assert images.check(SayingHost(complete)) == f"containerd: missing or incomplete images {TWO}"
    complete = {"ctr -n k8s.io images check -q": Result(0, f"{ONE}\n{TWO}\n")}
    assert images.check(SayingHost(complete)) is None


CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "it's", "namespace": "default"},
    "data": {"text": "$HOME `id` 'quoted' \"twice\" ☃\nUNDERLAY_END\n\\n"},
}
OBJECTS = Objects("the network", (CONFIG_MAP,), (("kube-system", "daemonset/x"),), timeout=7)


@pytest.fixture
def kubectl(shell: Shell, tmp_path: Path) -> Path:
    """A kubectl with the cluster in the directory returned: `applied` is what it has, `log` the commands it was given."""
    directory = tmp_path / "cluster"
    directory.mkdir()
    (tmp_path / "admin.conf").touch()
    shell.places = {"/etc/kubernetes/admin.conf": str(tmp_path / "admin.conf")}
    shell.program_is(
        "kubectl",
        f"""cd {directory}; shift; echo "$@" >>log
        case "$1" in
          diff) cat >queried; [ -e applied ] || exit 2; cmp -s queried applied;;
          apply) [ ! -e broken ] || {{ echo the server says no >&2; exit 1; }}; cat >applied; echo applied
            cat applied >>history; echo >>history;;
          rollout) [ ! -e stuck ] || {{ echo 1 of 3 are available; echo error: timed out >&2; exit 1; }};;
          wait) [ ! -e never ];;
          get) if [ "$2" = pods ]; then echo "x-1 ImagePullBackOff"; elif [ "$2" = events ]; then echo "no such image";
            elif [ "$2" = --raw ]; then cat kinds; echo x >>looks; [ "$(wc -l <looks)" -lt 2 ] || cp later kinds;
            elif [ "$2" = secret ]; then [ -e secret ] && cat secret;
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
    assert shell.observe(OBJECTS) == ["same"]


def test_objects_are_applied_server_side_by_our_field_manager(shell: Shell, kubectl: Path) -> None:
    shell.apply(OBJECTS)
    query = "diff --server-side --force-conflicts --field-manager=underlay -f -"
    assert (kubectl / "log").read_text().splitlines() == [
        "apply --server-side --force-conflicts --field-manager=underlay -f -",
        "wait --for=create -n kube-system daemonset/x --timeout=7s",
        "rollout status -n kube-system daemonset/x --timeout=7s",
        query,
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
        "x-1 ImagePullBackOff\nno such image\n",
    )


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        ("same", None),
        ("differ", "apply changes to ConfigMap it's"),
        ("absent", "create ConfigMap it's"),
        ("", "create ConfigMap it's"),
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
        "kind Plan of plugin.example/v1 is not served after 1 s; what installs it is not running\n"
        "x-1 ImagePullBackOff\n",
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
        "daemonset/x is not in namespace kube-system after 7 s; what creates it is not running\nx-1 ImagePullBackOff\n",
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
        """get secret -n kube-system keys -o go-template={{with .data}}{{index . "a"}};{{index . "b"}};{{end}}"""
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
