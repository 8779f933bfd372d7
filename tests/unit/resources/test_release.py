"""Helm releases, with programs that stand in for helm and kubectl."""

from __future__ import annotations

import fcntl
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.unit.local_host import Shell
from underlay.resources.answer import Unknown
from underlay.resources.binary import BLOBS
from underlay.resources.release import HelmRelease, HostChart
from underlay.resources.resource import Upload
from underlay.resources.script import observe_script

VALUES: dict[str, Any] = {"routingMode": "native", "key": 'it\'s $HOME `id` "twice" ☃\nUNDERLAY_END', "mtu": 1400}
PENDING = "sh.helm.release.v1.plugin.v7 helm.sh/release.v1 1 8s pending-upgrade 7 {since}"
DEPLOYED = "sh.helm.release.v1.plugin.v6 helm.sh/release.v1 1 1d deployed 6 1"


@pytest.fixture
def release(shell: Shell, tmp_path: Path) -> HelmRelease:
    """A release on a host whose helm knows what stands in the file `observed`, and whose cluster has `records`."""
    shell.places = {
        BLOBS: str(tmp_path / "blobs"),
        "/etc/kubernetes/admin.conf": str(tmp_path / "admin.conf"),
        "/run/underlay": str(tmp_path / "run"),
    }
    (tmp_path / "blobs").mkdir()
    (tmp_path / "admin.conf").touch()
    shell.program_is(
        "helm",
        f"""cd {tmp_path}; shift; echo "helm $*" | head -n 1 >>log
        case "$1" in
          get) [ -e observed ] || {{ echo "Error: release: not found" >&2; exit 1; }}; cat observed;;
          show) [ ! -e crds ] || cat crds;;
          upgrade) [ ! -e broken ] || {{ echo "Error: it does not work" >&2; exit 1; }}; cat >values
            echo 'deployed plugin 1.2.3 {as_seen(VALUES)}' >observed; : >records;;
        esac""",
    )
    shell.program_is(
        "kubectl",
        f"""cd {tmp_path}; shift; echo "kubectl $*" | head -n 1 >>log
        case "$1 $2" in
          "get secret") [ ! -e records ] || cat records;;
          "delete secret") grep -v "^$5 " records >left; mv left records;;
          "get namespace") [ -e namespace ];;
          "apply --server-side") cat >applied;;
        esac""",
    )
    path = tmp_path / "charts" / "plugin-1.2.3.tgz"
    chart = HostChart("plugin", "1.2.3", "1" * 64, str(path), install=f"mkdir -p {path.parent}; echo chart >{path}")
    return HelmRelease("plugin", "plugin-system", chart, VALUES, timeout=3)


def as_seen(values: dict[str, Any]) -> str:
    """What helm prints by the template, for values whose strings need no quotes in a shell."""
    inner = "".join(
        f'"{k}":{json.dumps(quote_plus(v)) if isinstance(v, str) else json.dumps(v)},'
        for k, v in sorted(values.items())
    )
    return f'{{{inner}"":0}}'.replace("'", "")


def log(tmp_path: Path) -> list[str]:
    return (tmp_path / "log").read_text().splitlines()


def test_finds_a_release_that_is_not_there(shell: Shell, release: HelmRelease) -> None:
    assert shell.observe(release) == ["absent"]
    assert release.sentence("absent") == "release plugin: absent -> plugin 1.2.3"


def test_before_there_is_a_cluster_a_release_is_absent(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    (tmp_path / "admin.conf").unlink()
    assert shell.observe(release) == ["absent"]
    assert not (tmp_path / "log").exists()


def test_a_helm_that_cannot_say_is_no_absence(shell: Shell, release: HelmRelease) -> None:
    shell.program_is("helm", "echo 'Error: Kubernetes cluster unreachable' >&2; exit 1")
    shell.program_is("kubectl", "echo 'connection refused' >&2; exit 1")
    assert shell.ask(release) == [Unknown("helm: Error: Kubernetes cluster unreachable")]


def test_what_helm_cannot_read_or_is_not_there_to_read_is_installed(shell: Shell, release: HelmRelease) -> None:
    shell.program_is("helm", "echo 'Error: the release is no gzip' >&2; exit 1")
    assert release.difference(shell.observe(release)[0]) == "unreadable -> plugin 1.2.3"
    (shell.bin / "helm").unlink()
    shell.only_programs("sh", "timeout", "tail", "tr", "grep")
    assert shell.observe(release) == ["unreadable"]


def test_is_installed_and_then_as_declared(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    for _ in range(2):
        outcome, err = shell.apply_and_tell(release)
        assert (outcome.failed, outcome.unmet, err) == (None, (), "")
    assert json.loads((tmp_path / "values").read_text()) == VALUES
    upgrade = next(line for line in log(tmp_path) if line.startswith("helm upgrade"))
    assert upgrade == (
        f"helm upgrade --install plugin {release.chart.path} -n plugin-system --values - --reset-values "
        "--force-conflicts --skip-crds --history-max 3 --timeout 3s --hide-notes"
    )


def test_a_value_stands_in_no_command_line_and_is_not_reported(
    shell: Shell, release: HelmRelease, tmp_path: Path
) -> None:
    secret = replace(release, values={"password": "correct-horse"})
    assert "correct-horse" not in observe_script([secret])
    assert "correct-horse" not in repr(secret)
    calls = secret.sentence('deployed plugin 1.2.3 {"password":"another","":0}')
    assert calls == "release plugin: values differ: password"
    shell.apply(secret)
    assert "correct-horse" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("observed", "difference"),
    [
        ("", "unreadable -> plugin 1.2.3"),
        ("garbage", "unreadable -> plugin 1.2.3"),
        ("absent cached", "absent -> plugin 1.2.3"),
        ('uninstalled plugin 1.2.3 {"":0}', "absent -> plugin 1.2.3"),
        ('deployed plugin 1.2.3 {"a":1,"b":{"c":"x%3Dy","":0},"l":["s",2,0],"n":null,"":0}', None),
        ('deployed plugin 1.2.3 {"a":1e+00,"b":{"c":"x%3Dy","":0},"l":["s",2,0],"n":null,"":0}', None),
        (
            'deployed plugin 1.2.3 {"a":1,"b":{"c":"other","d":2,"":0},"l":["s",3,0],"n":null,"":0}',
            "values differ: b.c, b.d, l",
        ),
        (
            'deployed plugin 1.2.2 {"a":1,"b":{"c":"x%3Dy","":0},"l":["s",2,0],"n":null,"":0} cached',
            "plugin 1.2.2 -> plugin 1.2.3",
        ),
        ('failed plugin 1.2.3 {"a":1,"b":{"c":"x%3Dy","":0},"l":["s",2,0],"n":null,"":0}', "failed -> deployed"),
        (
            'pending-install plugin 1.2.3 {"a":true,"b":{"c":"x%3Dy","":0},"l":["s",2,0],"n":null,"":0}',
            "pending-install -> deployed, values differ: a",
        ),
        ("deployed plugin 1.2.3 not-json", "values differ: a, b, l, n"),
    ],
)
def test_reports_what_differs(release: HelmRelease, observed: str, difference: str | None) -> None:
    declared = replace(release, values={"a": 1, "b": {"c": "x=y"}, "l": ["s", 2], "n": None})
    assert declared.difference(observed) == difference


def test_reports_the_first_of_many_values(release: HelmRelease) -> None:
    declared = replace(release, values={f"v{i}": i for i in range(9)})
    assert declared.difference('deployed plugin 1.2.3 {"":0}') == "values differ: v0, v1, v2, v3, v4, v5 and 3 more"


def test_the_record_of_a_helm_that_was_killed_here_is_removed(
    shell: Shell, release: HelmRelease, tmp_path: Path
) -> None:
    records(tmp_path, DEPLOYED, PENDING.format(since=2**40))
    noted(tmp_path, "7")
    outcome, err = shell.apply_and_tell(release)
    assert (outcome.failed, err) == (None, "")
    assert [line for line in log(tmp_path) if "delete" in line] == [
        "kubectl delete secret -n plugin-system sh.helm.release.v1.plugin.v7"
    ]


def test_somebody_elses_helm_is_given_time(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    # A clock of its own: every look at it is a second later, however busy the machine is.
    for program in ("date", "sleep"):
        shell.program_is(program, "echo >>$0.looks; wc -l <$0.looks")
    records(tmp_path, PENDING.format(since=1))
    assert shell.apply_and_tell(release)[0].failed is None
    assert sum(line.startswith("kubectl get secret") for line in log(tmp_path)) > 2


def test_the_revision_of_a_helm_that_dies_is_recorded(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    records(tmp_path, DEPLOYED)
    (tmp_path / "broken").touch()
    outcome, err = shell.apply_and_tell(release)
    assert (outcome.failed, err) == (release, "Error: it does not work\n")
    assert (tmp_path / "run/helm/plugin-system.plugin").read_text() == "7\n"


def test_a_second_helm_waits_for_the_first(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    lock = tmp_path / "run/helm/lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        outcome, err = shell.apply_and_tell(release)
    assert (outcome.failed, err) == (release, "an earlier helm still runs on this host after 3 s\n")
    assert not (tmp_path / "log").exists()


def test_kinds_of_the_chart_are_applied_before_it_with_every_version(
    shell: Shell, release: HelmRelease, tmp_path: Path
) -> None:
    (tmp_path / "crds").write_text('---\n{"kind": "CustomResourceDefinition"}\n')
    assert shell.apply(release).failed is None
    calls = [line.split(" -f ")[0] for line in log(tmp_path)]
    apply = calls.index("kubectl apply --server-side --force-conflicts --field-manager=underlay")
    wait = calls.index("kubectl wait --for=condition=established --timeout=60s")
    upgrade = next(i for i, line in enumerate(calls) if line.startswith("helm upgrade"))
    assert apply < wait < upgrade


@pytest.mark.parametrize("there", [True, False])
def test_a_namespace_is_made_where_there_is_none(
    shell: Shell, release: HelmRelease, tmp_path: Path, there: bool
) -> None:
    if there:
        (tmp_path / "namespace").touch()
    shell.apply(release)
    made = (tmp_path / "applied").exists()
    assert made != there
    if made:
        assert json.loads((tmp_path / "applied").read_text())["metadata"] == {
            "name": "plugin-system",
            "labels": {"app.kubernetes.io/managed-by": "underlay"},
        }


def test_an_uninstall_that_was_cut_off_is_finished_first(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    records(tmp_path, DEPLOYED.replace("deployed", "uninstalling"))
    shell.apply(release)
    calls = [line for line in log(tmp_path) if line.startswith("helm u")]
    assert [line.split()[1] for line in calls] == ["uninstall", "upgrade"]


def test_removal_takes_the_kinds_and_the_chart_too(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    shell.apply(release)
    (tmp_path / "log").unlink()
    (tmp_path / "observed").write_text('---\n{"kind": "CustomResourceDefinition"}\n')
    ran = shell.run(f"set -eu\n{release.remove()}\n")
    assert (ran.rc, ran.stderr) == (0, "")
    assert [" ".join(line.split()[:3]) for line in log(tmp_path)] == [
        "helm get all",
        "helm uninstall plugin",
        "kubectl delete --ignore-not-found",
        "kubectl delete namespace",
    ]
    assert not Path(release.chart.path).exists()


def test_removal_where_nothing_is_does_nothing(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    (tmp_path / "admin.conf").unlink()
    assert shell.run(f"set -eu\n{release.remove()}\n").rc == 0
    assert not (tmp_path / "log").exists()


def test_sends_the_chart_where_the_controller_has_it_and_the_host_has_not(release: HelmRelease) -> None:
    pushed = replace(release, chart=replace(release.chart, blob=Path("blob")))
    assert release.uploads("absent") == ()
    assert pushed.uploads("absent") == (Upload(Path("blob"), "1" * 64),)
    assert pushed.uploads("absent cached") == ()


def test_finds_whether_the_chart_is_on_the_host(shell: Shell, release: HelmRelease, tmp_path: Path) -> None:
    (tmp_path / "blobs" / ("1" * 64)).touch()
    assert shell.observe(release) == ["absent cached"]


def records(tmp_path: Path, *lines: str) -> None:
    (tmp_path / "records").write_text("".join(f"{line}\n" for line in lines))


def noted(tmp_path: Path, revision: str) -> None:
    (tmp_path / "run/helm").mkdir(parents=True)
    (tmp_path / "run/helm/plugin-system.plugin").write_text(f"{revision}\n")
