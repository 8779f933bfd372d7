"""A Helm release on a real cluster: laid down, found changed, changed, killed half way, taken away."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from underlay.artifacts.artifact import ChartArtifact
from underlay.artifacts.blobs import sha256_of
from underlay.artifacts.bundle_source import BundleSource
from underlay.artifacts.catalog import pinned_version
from underlay.artifacts.fetch import chart_script
from underlay.artifacts.home import bundle_directory
from underlay.resources.api_server import KUBECTL
from underlay.resources.objects import Objects
from underlay.resources.release import HELM, HelmRelease, HostChart
from underlay.resources.script import Outcome, apply_script, observe_script
from underlay.run.artifacts import ArtifactsOf

from .deployed import Deployed
from .first_host import FirstHost
from .tiny_chart import CRD, NAME, write_chart
from .waiting import COMMAND_S, until

pytestmark = [pytest.mark.lab]

CACHE = "/var/cache/underlay-test"
SECRET = "correct-horse-battery"  # noqa: S105


@pytest.fixture(scope="module")
def host(api_server: Deployed) -> FirstHost:
    found = FirstHost(api_server.name)
    source = BundleSource(bundle_directory())
    helm = ArtifactsOf(source, kubernetes_version=pinned_version("kubernetes")).binary("helm", "/usr/local/bin/helm")
    outcome, err = found.apply(helm)
    assert outcome == Outcome(None, ()), err
    return found


@pytest.fixture(scope="module")
def chart(host: FirstHost, tmp_path_factory: pytest.TempPathFactory) -> HostChart:
    return chart_on(host, tmp_path_factory.mktemp("one"), "1.0.0")


def chart_on(host: FirstHost, directory: Path, version: str, crd: dict[str, Any] = CRD) -> HostChart:
    """The chart as a blob of the host's cache, where the deploy would have pushed it."""
    file = write_chart(directory / "tiny.tgz", version=version, crd=json.dumps(crd))
    sha256 = sha256_of(file)
    host.put(file, f"{CACHE}/blobs/sha256/{sha256}")
    path = f"{CACHE}/charts/{NAME}-{version}.tgz"
    install = chart_script(ChartArtifact(name=NAME, version=version, sha256=sha256, blob=file), path, CACHE)
    return HostChart(NAME, version, sha256=sha256, path=path, install=install)


def release(chart: HostChart, **values: Any) -> HelmRelease:
    image = f"registry.k8s.io/e2e-test-images/agnhost:{pinned_version('agnhost')}"
    return HelmRelease(NAME, "tiny-system", chart, {"image": image, **values})


def custom(size: int) -> dict[str, Any]:
    return {"apiVersion": "tiny.example/v1", "kind": "Tiny", "metadata": {"name": "one"}, "spec": {"size": size}}


def after(*, size: int = 1) -> Objects:
    rollouts = (("tiny-system", "daemonset/tiny"),)
    return Objects("what comes after", (custom(size),), rollouts, timeout=300)


def color(host: FirstHost) -> str:
    return host.kubectl("get configmap -n tiny-system tiny -o 'jsonpath={.data.color}'")


def test_is_laid_down_with_what_comes_after_it(host: FirstHost, chart: HostChart) -> None:
    declared = (release(chart, color="blue"), after())
    sentences = host.observe(*declared)
    assert sentences == ["release tiny: absent -> tiny 1.0.0", "objects what comes after: create Tiny one"]
    outcome, err = host.apply(*declared)
    assert outcome == Outcome(None, ()), err
    assert color(host) == "blue"
    assert host.kubectl("get tinies one -o 'jsonpath={.spec.size}'") == "1"
    ready = host.kubectl("get daemonset -n tiny-system tiny -o 'jsonpath={.status.numberReady}'")
    assert ready == "1"


def test_a_second_look_finds_nothing_to_do(host: FirstHost, chart: HostChart) -> None:
    declared = (release(chart, color="blue"), after())
    assert host.observe(*declared) == [None, None]
    assert [r.check(host) for r in declared] == [None, None]


def test_a_changed_value_is_told_and_applied(host: FirstHost, chart: HostChart) -> None:
    declared = release(chart, color="green")
    assert host.observe(declared) == ["release tiny: values differ: color"]
    assert declared.check(host) == "release tiny in namespace tiny-system: values differ: color"
    outcome, err = host.apply(declared)
    assert outcome == Outcome(None, ()), err
    assert color(host) == "green"


def test_values_that_somebody_else_set_are_drift(host: FirstHost, chart: HostChart) -> None:
    declared = release(chart, color="green")
    path = chart.path
    host.script(f"{HELM} upgrade {NAME} {path} -n tiny-system --reuse-values --set nested.depth=7,more=x\n")
    assert host.observe(declared) == ["release tiny: values differ: more, nested"]
    outcome, err = host.apply(declared)
    assert outcome == Outcome(None, ()), err
    assert host.kubectl("get configmap -n tiny-system tiny -o 'jsonpath={.data.depth}'") == "1"


def test_a_newer_chart_brings_its_newer_kind(host: FirstHost, chart: HostChart, tmp_path: Path) -> None:
    crd = json.loads(json.dumps(CRD).replace('"size": {"type"', '"weight": {"type": "string"}, "size": {"type"'))
    newer = release(chart_on(host, tmp_path, "1.1.0", crd), color="green")
    assert host.observe(newer) == ["release tiny: tiny 1.0.0 -> tiny 1.1.0"]
    outcome, err = host.apply(newer)
    assert outcome == Outcome(None, ()), err
    heavy = custom(1) | {"spec": {"size": 1, "weight": "heavy"}}
    outcome, err = host.apply(Objects("heavy", (heavy,)))
    assert outcome == Outcome(None, ()), err
    assert host.kubectl("get tinies one -o 'jsonpath={.spec.weight}'") == "heavy"
    assert host.apply(release(chart, color="green"))[0] == Outcome(None, ())


def test_a_helm_that_was_killed_is_repaired_by_the_next(host: FirstHost, chart: HostChart) -> None:
    kill_while_lingering(host, release(chart, color="black", linger="300"))
    declared = release(chart, color="white")
    assert host.observe(declared) == ["release tiny: pending-upgrade -> deployed, values differ: color, linger"]
    outcome, err = host.apply(declared)
    assert outcome == Outcome(None, ()), err
    assert color(host) == "white"
    assert host.observe(declared) == [None]


def test_one_that_still_runs_is_waited_for(host: FirstHost, chart: HostChart) -> None:
    slow = host.start(apply_script([release(chart, color="slow", linger="4")]))
    wait_for(host, "pending-upgrade")
    outcome, err = host.apply(release(chart, color="last"))
    assert outcome == Outcome(None, ()), err
    assert slow.wait(COMMAND_S) == 0
    assert color(host) == "last"


def test_values_stand_in_no_process_list_and_in_no_file(host: FirstHost, chart: HostChart) -> None:
    running = host.start(apply_script([release(chart, color="last", linger="4", password=SECRET)]))
    wait_for(host, "pending-upgrade")
    # The letters in brackets keep the search from finding itself.
    search = f"cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c '{SECRET[:-1]}[{SECRET[-1]}]'\n"
    files = f"grep -rl '{SECRET[:-1]}[{SECRET[-1]}]' /tmp /run /root /var/cache /var/lib/underlay\n"
    assert host.script(search).stdout.strip() == "0"
    assert host.script(files).stdout == ""
    assert running.wait(COMMAND_S) == 0
    (sentences,) = host.observe(release(chart, color="last"))
    assert sentences == "release tiny: values differ: linger, password"


def test_what_an_operator_brings_later_is_waited_for(host: FirstHost, chart: HostChart) -> None:
    late = Objects("late", ({**custom(1), "apiVersion": "late.example/v1", "kind": "Late"},), timeout=300)
    crd = json.dumps(CRD).replace("tinies", "lates").replace("tiny.example", "late.example")
    crd = crd.replace('"Tiny"', '"Late"').replace('"tiny"', '"late"')
    assert host.observe(late) == ["objects late: create Late one"]
    running = host.start(apply_script([late]))
    time.sleep(3)
    assert running.poll() is None
    assert host.script(f"{KUBECTL} apply -f - <<'END'\n{crd}\nEND\n").rc == 0
    assert running.wait(COMMAND_S) == 0
    assert host.observe(late) == [None]
    host.kubectl("delete crd lates.late.example")


def test_what_never_comes_is_told(host: FirstHost) -> None:
    never = Objects("never", ({**custom(1), "apiVersion": "never.example/v1"},), timeout=2)
    outcome, err = host.apply(never)
    assert outcome.failed == never
    first = err.splitlines()[0]
    assert first == "kind Tiny of never.example/v1 is not served after 2 s; what installs it is not running"
    agent = Objects("agent", (), (("tiny-system", "daemonset/never"),), timeout=2)
    assert host.apply(agent)[1].splitlines()[0] == (
        "daemonset/never is not in namespace tiny-system after 2 s; what creates it is not running"
    )


def test_a_secret_that_was_changed_is_drift_and_its_content_is_not_asked_for(host: FirstHost) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key", "namespace": "default"},
        "stringData": {"a.key": SECRET, "other": "x"},
    }
    objects = Objects("keys", (secret,))
    assert SECRET not in observe_script([objects])
    assert host.observe(objects) == ["objects keys: apply changes to Secret key"]
    assert host.apply(objects)[0] == Outcome(None, ())
    assert host.observe(objects) == [None]
    host.kubectl("""patch secret key -p '{"stringData": {"other": "y"}}'""")
    assert host.observe(objects) == ["objects keys: apply changes to Secret key"]
    host.kubectl("delete secret key")


def test_is_taken_away_and_nothing_is_left(host: FirstHost, chart: HostChart) -> None:
    declared = release(chart)
    ran = host.script(f"set -eu\n{declared.remove()}\n")
    assert (ran.rc, ran.stderr) == (0, "")
    left = host.kubectl("get namespaces,crds,configmaps,secrets,daemonsets,jobs,pods -A -o name")
    assert "tiny" not in left
    assert host.script(f"ls {chart.path}\n").rc != 0
    assert host.observe(declared) == ["release tiny: absent -> tiny 1.0.0"]
    assert host.script(f"set -eu\n{declared.remove()}\n").rc == 0


def test_an_install_that_was_killed_is_finished_by_the_next(host: FirstHost, chart: HostChart) -> None:
    kill_while_lingering(host, release(chart, color="black", linger="300"), "pending-install")
    declared = release(chart, color="white")
    assert host.observe(declared) == ["release tiny: pending-install -> deployed, values differ: color, linger"]
    outcome, err = host.apply(declared, after())
    assert outcome == Outcome(None, ()), err
    assert color(host) == "white"
    host.script(declared.remove())


def test_a_chart_that_fails_says_why_and_the_next_run_mends_it(host: FirstHost, chart: HostChart) -> None:
    broken = replace(release(chart), values={"image": None, "nested": {"depth": 1}, "color": {"no": "text"}})
    outcome, err = host.apply(broken)
    assert outcome.failed == broken
    assert "Error: " in err
    outcome, err = host.apply(release(chart, color="white"))
    assert outcome == Outcome(None, ()), err


def kill_while_lingering(host: FirstHost, declared: HelmRelease, status: str = "pending-upgrade") -> None:
    running = host.start(apply_script([declared]))
    wait_for(host, status)
    host.script("pkill -9 -x helm\n")
    assert running.wait(COMMAND_S) != 0


def wait_for(host: FirstHost, status: str) -> None:
    """Wait for a release in this status."""
    listing = f"{KUBECTL} get secret -n tiny-system -l owner=helm -L status\n"
    until(lambda: status in host.script(listing).stdout, within=60)
